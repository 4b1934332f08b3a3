/** What came of a schedule: the invariants over the memory it left, and its histories. */
import { layout as L, slabClass } from "../../src/core/index.js";
import { LogCheck } from "./access-logs.js";
import { isFifo, isKeyed, isLinearizable } from "./history.js";
import { InvariantCheck } from "./invariants.js";
import { FIRST_SPACE_KEYS, hasRow, KEY_COUNT, keyName, type Op, type Program, spaceOf } from "./program.js";
import { queueFault } from "./queue-history.js";
import type { RunRecord } from "./run-record.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";
import type { TinyStore } from "./tiny-store.js";

/** Judges the schedules of one program. */
export class Judge {
  private readonly check: InvariantCheck;
  private readonly versions: Uint32Array;
  private readonly evicts: boolean;
  /** Namespaces whose entries a thread evicts as it lists them, by number; those of others must stay. */
  private readonly evictedSpaces: ReadonlySet<number>;
  /** Histories that are checked after a schedule: one a key, one of the ring. */
  readonly histories: number;
  /** null: the program has no access logs. */
  private readonly logs: LogCheck | null;

  /** @param states of each key before a schedule */
  constructor(
    private readonly store: TinyStore,
    private readonly record: RunRecord,
    private readonly program: Program,
    attached: number,
    private readonly states: Int32Array,
  ) {
    const { settings, ring, threads } = program;
    this.check = new InvariantCheck(store.words, {
      slabShift: T.SLAB_SHIFT,
      ids: T.IDS,
      idCount: T.ID_COUNT,
      slabs: T.SLABS,
      slabCount: settings.slabs,
      slots: T.SLOTS,
      slotCount: attached,
      buckets: T.BUCKETS,
      bucketCount: settings.buckets,
      expiries: T.expiriesOf(settings.buckets),
      groups: T.GROUPS,
      groupShift: T.GROUP_SHIFT,
      pool: T.POOL,
      ringStride: T.RING_STRIDE,
    });
    this.versions = store.versions(settings.slabs);
    const ops = [...threads.flat(), ...program.setup.map(({ op }) => op)];
    const keys = new Set(ops.flatMap(({ key, keys }) => keys ?? (key === undefined ? [] : [key])));
    this.histories = keys.size + (ring === null ? 0 : 1) + (program.queue === null ? 0 : 1);
    this.logs = settings.logRecords === 0 ? null : new LogCheck(store, record, settings.logRecords, threads.length);
    this.evictedSpaces = new Set(ops.filter(({ kind }) => kind === "evictListed").map(spaceOf));
    this.evicts =
      settings.evict ||
      threads.some((ops) => ops.some(({ kind }) => kind === "evict" || kind === "victim" || kind === "setEvicting"));
  }

  private evictsKey(key: number): boolean {
    return this.evicts || this.evictedSpaces.has(key < FIRST_SPACE_KEYS ? 0 : 1);
  }

  /** What is wrong with the memory, all threads being at rest. */
  memoryFault(): string | null {
    return this.check.run() ?? this.versionFault();
  }

  logFault(threads: readonly Thread[]): string | null {
    return this.logs === null ? null : this.logs.run(threads);
  }

  /** What is in the table still though it has expired. */
  expiredFault(time: number): string | null {
    const { words } = this.store;
    const { settings } = this.program;
    for (let bucket = 0; bucket < settings.buckets; bucket++) {
      for (let entry = words[(T.BUCKETS >> 2) + bucket]; entry !== 0; entry = words[entry >> 2] & ~1) {
        const expires = words[(entry + L.E_EXPIRES) >> 2];
        if (expires !== 0 && expires <= time) return `entry ${entry} has expired, and a sweep does not find it`;
      }
    }
    return null;
  }

  private versionFault(): string | null {
    const { versions } = this;
    const { words } = this.store;
    for (let i = 0; i < versions.length; i++) {
      const address = T.POOL + i * 32;
      const slab = words[(T.SLABS >> 2) + ((address - T.POOL) >> T.SLAB_SHIFT)];
      const sizeClass = slabClass(slab);
      if (sizeClass < 0 || (address - T.POOL) & ((32 << sizeClass) - 1)) continue;
      if (words[(address + L.E_VERSION) >> 2] < versions[i]) return `the version of chunk ${address} went back`;
    }
    return null;
  }

  /** Reads of what is there in the end: a lost write shows even if nobody read it before. */
  lastReads(reader: Thread, threads: readonly Thread[]): Op[] {
    const { record, program } = this;
    const keys = new Set<number>();
    for (let i = 0; i < record.length; i++) if (isKeyed(record.calls[i].kind)) keys.add(record.calls[i].key);
    const ops: Op[] = [...keys].map((key) => ({ kind: "get", key }));
    const receives = (thread: Thread) => thread !== reader && thread.ops.some(({ kind }) => kind === "receive");
    if (hasRow(program)) ops.push({ kind: "readRow" });
    if (program.queue !== null) for (let i = 0; i <= program.queue.capacity; i++) ops.push({ kind: "take" });
    if (program.ring !== null && !threads.some(receives)) {
      for (let i = 0; i <= program.ring.capacity; i++) ops.push({ kind: "receive" });
    }
    return ops;
  }

  /** What is wrong with the histories, the last reads included; `reader` made those, -1 = nobody did. */
  historyFault(reader: number): string | null {
    const { record, program, states } = this;
    if (program.queue !== null) {
      const { calls, length, deaths } = record;
      const fault = queueFault({ calls, length, deaths, reader });
      if (fault !== null) return fault;
    }
    for (let key = 0; key < KEY_COUNT; key++) {
      if (!isLinearizable(record.calls, record.length, key, states[key], { evicts: this.evictsKey(key) })) {
        return `the history of key ${keyName(key)} is not linearizable`;
      }
    }
    if (program.ring !== null && !isFifo(record.calls, record.length, program.ring.capacity)) {
      return "the history of the ring is not that of a queue";
    }
    return null;
  }
}
