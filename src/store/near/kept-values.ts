/**
 * The values that one handle of a namespace keeps, by key, up to so many and so many bytes. What goes when there is no room is chosen by SIEVE
 * (src/eviction/sieve.ts): a hit sets a bit, and a hand goes from the oldest to the newest, taking bits off, until it finds a value without.
 * Here the queue's links lie in the values' own records, so that nothing is allocated but those.
 */
import type { PreparedKey } from "../key.js";
import type { NearLimits } from "./options.js";

/** What is known by value: text; and by identity: prepared keys. Bytes may change, and are no key here. */
export type NearKey = string | PreparedKey;

/** A value as it was decoded, and the entry that it was read from, in which life. */
export class Kept {
  // what a hit looks at comes first: it lies in one line
  value: unknown;
  entry: number;
  version: number;
  /** It was asked for since the hand came by. */
  visited = false;
  /** In the debug build: the parts of the value that are bytes, and what they were. */
  unchanged: Unchanged | null;
  /** Of the value as it is stored. */
  valueBytes: number;
  /** What it counts for among the bytes kept. */
  bytes: number;
  readonly key: NearKey;
  newer: Kept | null = null;
  older: Kept | null = null;

  constructor(key: NearKey, { value, entry, version, unchanged, valueBytes }: ReadValue) {
    this.value = value;
    this.entry = entry | 0;
    this.version = version | 0;
    this.unchanged = unchanged;
    this.valueBytes = valueBytes;
    this.bytes = valueBytes + key.length;
    this.key = key;
  }
}

/** What a read has found: where, and in which life. */
export interface ReadValue {
  readonly value: unknown;
  readonly entry: number;
  readonly version: number;
  readonly valueBytes: number;
  readonly unchanged: Unchanged | null;
}

/** Bytes that a program shall not change, and how they were. */
export interface Unchanged {
  readonly parts: readonly Uint8Array[];
  readonly copies: readonly Uint8Array[];
}

export class KeptValues {
  private readonly byKey = new Map<unknown, Kept>();
  private bytes = 0;
  private oldest: Kept | null = null;
  private newest: Kept | null = null;
  /** Where the next search for a victim begins; null = at the oldest. */
  private hand: Kept | null = null;

  constructor(private readonly limits: NearLimits) {}

  get size(): number {
    return this.byKey.size;
  }

  get byteSize(): number {
    return this.bytes;
  }

  /** Anything may be asked for. */
  find(key: unknown): Kept | undefined {
    return this.byKey.get(key);
  }

  /** Takes a value in, unless it is larger than all may be together; how many others had to go. */
  add(kept: Kept): number {
    if (kept.bytes > this.limits.bytes) return 0;
    const dropped = this.makeRoom(this.limits.entries - 1, this.limits.bytes - kept.bytes);
    this.byKey.set(kept.key, kept);
    this.bytes += kept.bytes;
    kept.older = this.newest;
    if (this.newest === null) this.oldest = kept;
    else this.newest.newer = kept;
    this.newest = kept;
    return dropped;
  }

  /** What is kept under a key is another value now, in its old place; how many others had to go. */
  renew(kept: Kept, { value, entry, version, unchanged, valueBytes }: ReadValue): number {
    const bytes = valueBytes + kept.key.length;
    if (bytes > this.limits.bytes) {
      this.remove(kept);
      return 0;
    }
    this.bytes += bytes - kept.bytes;
    kept.value = value;
    kept.entry = entry | 0;
    kept.version = version | 0;
    kept.unchanged = unchanged;
    kept.valueBytes = valueBytes;
    kept.bytes = bytes;
    kept.visited = true; // or it might be the first to go for its own sake
    return this.makeRoom(this.limits.entries, this.limits.bytes);
  }

  remove(kept: Kept): void {
    this.byKey.delete(kept.key);
    this.bytes -= kept.bytes;
    if (this.hand === kept) this.hand = kept.newer;
    if (kept.older === null) this.oldest = kept.newer;
    else kept.older.newer = kept.newer;
    if (kept.newer === null) this.newest = kept.older;
    else kept.newer.older = kept.older;
    kept.newer = null;
    kept.older = null;
  }

  clear(): void {
    this.byKey.clear();
    this.bytes = 0;
    this.oldest = null;
    this.newest = null;
    this.hand = null;
  }

  private makeRoom(entries: number, bytes: number): number {
    let dropped = 0;
    for (; this.byKey.size > entries || this.bytes > bytes; dropped++) {
      const victim = this.victim();
      if (victim === null) break;
      this.remove(victim);
    }
    return dropped;
  }

  /** Ends: every value that the hand passes over loses its bit, so the second time around there is none. */
  private victim(): Kept | null {
    let at = this.hand ?? this.oldest;
    while (at?.visited) {
      at.visited = false;
      at = at.newer ?? this.oldest;
    }
    this.hand = at;
    return at;
  }
}
