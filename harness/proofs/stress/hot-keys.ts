/** Operations on a few hot keys with unique values, each recorded: what the checker judges. */

import type { ProgramRandom } from "../../../src/random.js";
import { type Namespace, OutOfMemoryError, type Store, type Version } from "../../../src/store/index.js";
import { DELETE, GET, GET_ENTRY, INCREMENT, type Recording, SET, SET_IF_ABSENT, SET_IF_VERSION } from "./recording.js";

export interface HotKeysPlan {
  /** Values are unique: agent number, then a running number. */
  agent: number;
  /** Names the round's keys, so that no two rounds share one. */
  round: number;
  keys: number;
  /** hrtime of the origin of all times, ns. */
  origin: bigint;
  /** The agents keep what they read near. */
  near?: boolean;
}

/** Fewer values than there are keys, so that some make room for others. */
const KEPT_NEAR = 2;

export class HotKeys {
  private readonly values: Namespace;
  private readonly counters: Namespace;
  private readonly bytes: Uint8Array;
  private readonly number: DataView;
  private written = 0;
  /** The last version read of each key, for ifVersion. */
  private readonly versions: (Version | undefined)[];

  constructor(
    store: Store,
    private readonly plan: HotKeysPlan,
    private readonly recording: Recording,
    private readonly random: ProgramRandom,
  ) {
    this.values = store.namespace("stress", plan.near ? { near: KEPT_NEAR } : undefined);
    this.counters = store.namespace("stress counters");
    this.bytes = store.buffer(8);
    this.number = new DataView(this.bytes.buffer, this.bytes.byteOffset, 8);
    this.versions = new Array(plan.keys).fill(undefined);
  }

  /** One operation, recorded. */
  step(): void {
    const { plan, random, recording, values, versions } = this;
    const key = random.below(plan.keys);
    const name = `round ${plan.round} key ${key}`;
    const dice = random.below(100);
    if (dice < 40) {
      const at = recording.begin(GET, key, 0, 0n, this.now());
      const read = values.get(name);
      recording.answer(at, read && numberIn(read), this.now());
    } else if (dice < 60) {
      this.write(SET, key, name, undefined);
    } else if (dice < 70) {
      const at = recording.begin(DELETE, key, 0, 0n, this.now());
      const gone = values.delete(name);
      recording.answer(at, gone ? 1 : 0, this.now());
    } else if (dice < 78) {
      this.write(SET_IF_ABSENT, key, name, undefined);
    } else if (dice < 84 || versions[key] === undefined) {
      const at = recording.begin(GET_ENTRY, key, 0, 0n, this.now());
      const entry = values.getEntry(name);
      recording.answer(at, entry && numberIn(entry.value), this.now(), entry?.version);
      versions[key] = entry?.version;
    } else if (dice < 90) {
      this.write(SET_IF_VERSION, key, name, versions[key]);
    } else {
      this.increment(key, name);
    }
  }

  private now(): number {
    return Number(process.hrtime.bigint() - this.plan.origin);
  }

  private write(kind: number, key: number, name: string, version: Version | undefined): void {
    const { recording } = this;
    const value = this.plan.agent * 1e9 + ++this.written;
    this.number.setFloat64(0, value);
    const at = recording.begin(kind, key, value, version ?? 0n, this.now());
    const options = kind === SET ? undefined : kind === SET_IF_ABSENT ? { ifAbsent: true } : { ifVersion: version };
    this.unlessFull(at, () => {
      const done = this.values.set(name, this.bytes, options);
      recording.answer(at, done ? 1 : 0, this.now());
    });
  }

  private increment(key: number, name: string): void {
    const at = this.recording.begin(INCREMENT, key, 1, 0n, this.now());
    this.unlessFull(at, () => {
      const sum = this.counters.increment(name, 1n);
      this.recording.answer(at, Number(sum), this.now());
    });
  }

  /** A write for which there was no room has done nothing, so the history goes without it. */
  private unlessFull(at: number, write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      this.recording.withdraw(at);
    }
  }
}

function numberIn(read: Uint8Array): number {
  return new DataView(read.buffer, read.byteOffset, 8).getFloat64(0);
}
