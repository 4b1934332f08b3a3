/**
 * Were the access logs kept right? What was drained from a thread's log, and what is left in it, must be what the thread did, in
 * its order and each once. Records may be missing only where the thread counted them as dropped or left out.
 */
import { layout as L } from "../../src/core/index.js";
import { type Call, NO_EFFECT } from "./history.js";
import type { RunRecord } from "./run-record.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";
import type { TinyStore } from "./tiny-store.js";

const KINDS = ["a hit", "an insertion", "a replacement", "a removal"];

interface LogRecord {
  hash: number;
  entry: number;
  kind: number;
  version: number;
}

export class LogCheck {
  /** Records dropped and left out before the schedule, by thread. */
  private readonly before: number[];

  constructor(
    private readonly store: TinyStore,
    private readonly record: RunRecord,
    private readonly records: number,
    private readonly threads: number,
  ) {
    this.before = Array.from({ length: threads }, (_, slot) => this.missingOf(slot));
  }

  /** The first thing wrong with any log. */
  run(threads: readonly Thread[]): string | null {
    const lives = new Set<string>();
    for (let number = 0; number < this.threads; number++) {
      const seen = this.recordsOf(number);
      const fault = this.compare(threads[number], seen) ?? this.repeated(number, seen, lives);
      if (fault !== null) return `the access log of thread ${number}: ${fault}`;
    }
    return null;
  }

  private missingOf(slot: number): number {
    const counters = (T.SLOTS + slot * L.SLOT_SIZE + L.S_COUNTERS) >> 2;
    return this.store.words[counters + L.C_LOG_DROPS * 2] + this.store.words[counters + L.C_LOG_SKIPPED * 2];
  }

  /** What was drained, then what still waits. */
  private recordsOf(slot: number): LogRecord[] {
    const { words } = this.store;
    const log = T.logAddress(slot, this.records) >> 2;
    const all = [...(this.record.drained[slot] ?? [])];
    for (let at = words[log + L.L_HEAD / 4]; at !== words[log + L.L_TAIL / 4]; at = (at + 1) >>> 0) {
      const record = log + (L.L_RECORDS + (at & (this.records - 1)) * L.LOG_RECORD_SIZE) / 4;
      all.push(...words.subarray(record, record + 4));
    }
    return Array.from({ length: all.length / 4 }, (_, i) => {
      const [hash, what, version] = all.slice(i * 4);
      return { hash, entry: (what & ~L.LOG_BITS) >>> 0, kind: what & L.LOG_KIND_MASK, version };
    });
  }

  private compare(thread: Thread, seen: readonly LogRecord[]): string | null {
    const { record } = this;
    const calls = record.calls
      .slice(0, record.length)
      .filter((call) => call.thread === thread.number && isLogged(call));
    const mustBe = calls.filter((call) => call.returned !== Number.POSITIVE_INFINITY).length;
    let at = 0;
    for (const one of seen) {
      while (at < calls.length && !this.fits(calls[at], one)) at++;
      if (at++ === calls.length)
        return `${KINDS[one.kind] ?? "something"} of entry ${one.entry} is nothing that it did then`;
    }
    const missing = this.missingOf(thread.number) - this.before[thread.number];
    if (record.lostTo.has(thread.number) || thread.killed || seen.length + missing === mustBe) return null;
    return `${seen.length} records were read and ${missing} left out, for ${mustBe} things it did`;
  }

  private fits(call: Call, { hash, kind }: LogRecord): boolean {
    if (this.store.keyHashes[call.key] !== hash) return false;
    if (call.kind === "get") return kind === L.LOG_HIT;
    return call.kind === "delete" ? kind === L.LOG_REMOVE : kind === L.LOG_INSERT || kind === L.LOG_REPLACE;
  }

  /** A chunk is published once in each of its lives. */
  private repeated(number: number, seen: readonly LogRecord[], lives: Set<string>): string | null {
    for (const { entry, kind, version } of seen) {
      if (entry < T.POOL || entry >= T.POOL_END) return `a record names ${entry}, which is no chunk`;
      if (kind !== L.LOG_INSERT && kind !== L.LOG_REPLACE) continue;
      const life = `${entry} in life ${version}`;
      if (lives.has(life)) return `it says for the second time that entry ${life} was published (thread ${number})`;
      lives.add(life);
    }
    return null;
  }
}

/** Whether the call changed or found something, as far as is known. */
function isLogged(call: Call): boolean {
  if (call.result === NO_EFFECT) return false;
  const open = call.returned === Number.POSITIVE_INFINITY;
  switch (call.kind) {
    case "get":
      return open || call.result !== 0;
    case "set":
    case "delete":
      return open || call.result === 1;
    default:
      return false;
  }
}
