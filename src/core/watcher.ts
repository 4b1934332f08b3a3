/** What a thread that watches changes shares with the engine (assembly/changes.ts): what it wants to know of, its bell, and the records it reads. */
import type { Header } from "./header.js";
import * as L from "./layout.js";

/** A record of a change log as `readChanges` copies it. */
export interface ChangeRecord {
  readonly stamp: number;
  /** One of CHANGE_*. */
  readonly kind: number;
  readonly id: number;
  readonly hash: number;
  readonly entry: number;
  readonly version: number;
  /** Of a directory entry that was set: the id it names. */
  readonly extra: number;
  /** Where it lies until the window is used again. */
  readonly key: Uint8Array;
}

/** The records in the first `bytes` of a window, in their order. */
export function* changeRecords(window: Uint8Array, words: Int32Array, bytes: number): IterableIterator<ChangeRecord> {
  for (let at = 0; at < bytes; ) {
    const word = (offset: number): number => words[(at + offset) / 4] >>> 0;
    const meta = word(L.T_META);
    const keyLength = meta >>> 16;
    const keyAt = at + L.T_RECORD;
    yield {
      stamp: word(L.T_STAMP) + word(L.T_STAMP + 4) * 2 ** 32,
      kind: word(L.T_KIND) & L.T_KIND_MASK,
      id: meta & 0xffff,
      hash: word(L.T_HASH),
      entry: word(L.T_ENTRY),
      version: word(L.T_VERSION),
      extra: word(L.T_EXTRA),
      key: window.subarray(keyAt, keyAt + keyLength),
    };
    at = keyAt + ((keyLength + 15) & ~15);
  }
}

/** The words of a watcher's slot that its host writes, or sleeps on. */
export class WatcherWords {
  /** What there is to be interested in: first whole namespaces, then keys. */
  static readonly interests = 2 * L.INTEREST_HALF;
  /** Who waits for changes waits for this word to change. */
  readonly bell: Int32Array;
  private readonly interest: Int32Array;
  private readonly losses: Int32Array;

  constructor({ buffer, slots }: Header, slot: number) {
    const at = slots + slot * L.SLOT_SIZE;
    this.interest = new Int32Array(buffer, at + L.S_INTEREST, L.INTEREST_WORDS);
    this.bell = new Int32Array(buffer, at + L.S_BELL, 1);
    this.losses = new Int32Array(buffer, at + L.S_LOST, 1);
  }

  /** Counts what was not told. */
  get lost(): number {
    return Atomics.load(this.losses, 0);
  }

  /** The interest in all keys of a namespace. @param seed of its keys' hashes */
  static inAll(seed: number): number {
    return seed % L.INTEREST_HALF;
  }

  /** The interest in one key, or in the directory's entry of a name. */
  static inOne(hash: number): number {
    return L.INTEREST_HALF + (hash % L.INTEREST_HALF);
  }

  want(interest: number): void {
    Atomics.or(this.interest, interest >>> 5, 1 << (interest & 31));
  }

  wantNoMore(interest: number): void {
    Atomics.and(this.interest, interest >>> 5, ~(1 << (interest & 31)));
  }

  /** Ends a sleep on the bell that would last for good. */
  ring(shared: boolean): void {
    Atomics.add(this.bell, 0, 1);
    if (shared) Atomics.notify(this.bell, 0);
  }
}
