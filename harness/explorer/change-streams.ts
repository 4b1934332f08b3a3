/**
 * Were those who watch told right? The engine says what changed in the very step of each swap; so what a watcher was told must be, key by key,
 * what changed, in that order, each once, and what it was not told must be followed by a gap: one that it was told after the change was
 * there, and after everything older that it was told of the key, or it would hold the older for the present.
 */
import { layout as L } from "../../src/core/index.js";
import type { Change, ChangeEvent, Interest } from "./change-events.js";
import { LOOK_ROOM } from "./engine-calls.js";
import { type Op, spaceOf } from "./program.js";
import type { Thread } from "./thread.js";
import type { TinyStore } from "./tiny-store.js";

const KINDS = ["nothing", "set", "delete", "expire", "evict"];

/** The operation begins: its interest is where the engine looks for it. */
export function takeInterest(thread: Thread, op: Op, store: TinyStore): void {
  const nameHash = store.nameHashes[spaceOf(op)];
  const keyHash = op.kind === "watchKey" ? store.keyHashes[op.key ?? 0] : 0;
  const half = L.INTEREST_HALF;
  const bits = [half + (nameHash % half)];
  bits.push(keyHash === 0 ? store.nameSeeds[spaceOf(op)] % half : half + (keyHash % half));
  for (const bit of bits) store.words[((thread.slot + L.S_INTEREST) >> 2) + (bit >> 5)] |= 1 << (bit & 31);
  thread.asleep = false; // it reads again, whatever it found before
  thread.interests.push({ keyHash, nameHash, since: Number.NaN });
}

export function noteBegun(events: ChangeEvent[], thread: Thread, since: number): void {
  const interest = thread.interests[thread.interests.length - 1];
  interest.since = since;
  events.push({ event: "begun", thread: thread.number, interest });
}

/** @param result of `readChanges`, not 0 */
export function noteTold(events: ChangeEvent[], thread: Thread, words: Uint32Array, result: number): void {
  if (result === L.GAP) {
    events.push({ event: "gap", thread: thread.number });
    return;
  }
  const end = thread.slot + L.S_MANY + result;
  for (let at = thread.slot + L.S_MANY; at < end; ) {
    const word = (offset: number): number => words[(at + offset) >> 2];
    const stamp = word(L.T_STAMP) + word(L.T_STAMP + 4) * 2 ** 32;
    const change = {
      kind: word(L.T_KIND) & L.T_KIND_MASK,
      hash: word(L.T_HASH),
      id: word(L.T_META) & 0xffff,
      entry: word(L.T_ENTRY),
      version: word(L.T_VERSION),
    };
    if (thread.interests.some((interest) => stamp >= interest.since && concerns(interest, change)))
      events.push({ event: "told", thread: thread.number, ...change });
    at += L.T_RECORD + (((word(L.T_META) >>> 16) + 15) & ~15);
  }
}

function concerns({ keyHash, nameHash }: Interest, { hash, id }: Change): boolean {
  if (id === L.DIRECTORY_ID) return hash === nameHash;
  return id >= L.FIRST_ID && (keyHash === 0 || hash === keyHash);
}

/** All threads are at rest: who sleeps must have nothing to read, and the others read the rest. What is wrong with that, or null. */
export function lookForTheLastTime(
  events: ChangeEvent[],
  threads: readonly Thread[],
  words: Uint32Array,
): string | null {
  for (const thread of threads) {
    if (thread.killed || thread.interests.length === 0) continue;
    let sleeps = thread.asleep && words[(thread.slot + L.S_BELL) >> 2] === thread.bell;
    for (let nothing = 0; nothing < 2; ) {
      const result = thread.engine.readChanges(thread.slot + L.S_MANY, LOOK_ROOM);
      if (result !== 0 && sleeps) return `thread ${thread.number} sleeps, and there is something to read`;
      sleeps = false;
      if (result !== 0) noteTold(events, thread, words, result);
      else nothing++;
    }
    if (words[(thread.slot + L.S_OUT + L.O_LISTENING) >> 2] !== L.LISTENING)
      return `thread ${thread.number} waits for a change that nobody makes`;
  }
  return null;
}

/** What is wrong with what the threads were told, or null. */
export function streamFault(events: readonly ChangeEvent[], threads: readonly Thread[]): string | null {
  for (const thread of threads) {
    if (thread.interests.length === 0) continue;
    const fault = faultOf(events, thread);
    if (fault !== null) return `thread ${thread.number} ${fault}`;
  }
  return null;
}

function faultOf(events: readonly ChangeEvent[], thread: Thread): string | null {
  const gaps = events.flatMap((event, at) => (event.event === "gap" && event.thread === thread.number ? [at] : []));
  const keys = new Map<string, { made: number[]; told: number[] }>();
  events.forEach((event, at) => {
    if (event.event !== "made" && !(event.event === "told" && event.thread === thread.number)) return;
    if (event.kind === L.CHANGE_NONE) return;
    const name = `${event.id}:${event.hash}`;
    const key = keys.get(name) ?? { made: [], told: [] };
    keys.set(name, key);
    key[event.event].push(at);
  });
  for (const { made, told } of keys.values()) {
    const fault = faultOfKey(events, thread, gaps, made, told);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOfKey(
  events: readonly ChangeEvent[],
  thread: Thread,
  gaps: readonly number[],
  made: readonly number[],
  told: readonly number[],
): string | null {
  const one = events[made[0] ?? told[0]] as ChangeEvent & Change;
  const begun = events.findIndex(
    (event) => event.event === "begun" && event.thread === thread.number && concerns(event.interest, one),
  );
  let next = 0;
  let lastTold = -1;
  for (const at of made) {
    const change = events[at] as Change;
    const its = told[next];
    if (its !== undefined && isSame(events[its] as Change, change)) {
      if (its < at) return `was told of ${describe(change)} before it was made`;
      lastTold = its;
      next++;
      continue;
    }
    if (thread.killed || begun === -1) continue;
    if (lastTold === -1 && at < begun) continue;
    if (!gaps.some((gap) => gap > at && gap > lastTold)) return `was not told of ${describe(change)}, nor of a gap`;
  }
  if (next === told.length) return null;
  const odd = events[told[next]] as Change;
  const before = told.slice(0, next).some((at) => isSame(events[at] as Change, odd));
  return `was told of ${describe(odd)} ${before ? "twice, or " : ""}out of its order`;
}

function isSame(a: Change, b: Change): boolean {
  return a.kind === b.kind && a.entry === b.entry && a.version === b.version;
}

function describe({ kind, entry, version, hash, id }: Change): string {
  return `the ${KINDS[kind]} of entry ${entry} in life ${version} (id ${id}, key ${hash})`;
}
