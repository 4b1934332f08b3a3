/** Locks as the host reads them: the word a thread sleeps on, who is in a deadlock, what threads have. */
import type { Header } from "./header.js";
import * as L from "./layout.js";

/** One link of a deadlock: a lock, and who has it. */
export interface DeadlockRow {
  /** The key of its entry, prefix included. */
  readonly key: string;
  /** Slot + 1 of who has it, and Node's number of that thread. */
  readonly holder: number;
  readonly thread: number;
}

/** What a thread looks at of its own slot, and of locks by their entries. */
export class LockWords {
  /** Bumped whenever this thread is to look again whether it has a lock: its only word. */
  readonly wake: Int32Array;
  private readonly rows: Uint32Array;

  constructor(
    private readonly header: Header,
    slot: number,
  ) {
    this.wake = new Int32Array(header.buffer, slot + L.S_LOCK_WAKE, 1);
    this.rows = new Uint32Array(header.buffer, slot + L.S_MANY, 128);
  }

  /** Whether a writer has the lock, or drains it. @param buffer that reaches as far as the entry */
  isOwned(buffer: ArrayBufferLike, entry: number): boolean {
    return this.owner(buffer, entry) !== 0;
  }

  /** Slot + 1 of who has it alone, or drains its readers; 0 = nobody. */
  owner(buffer: ArrayBufferLike, entry: number): number {
    const owner = Atomics.load(wordsOf(buffer, entry), L.K_OWNER / 4) >>> 0;
    return owner > this.header.slotCount ? 0 : owner;
  }

  /** Node's number of the thread that died inside; -1 = none did. */
  poisonedBy(buffer: ArrayBufferLike, entry: number): number {
    return Atomics.load(wordsOf(buffer, entry), L.K_POISON / 4) - 1;
  }

  /** The cycle that the engine has found. */
  deadlock(buffer: ArrayBufferLike, count: number): DeadlockRow[] {
    const bytes = Buffer.from(buffer);
    return Array.from({ length: count }, (_, row) => {
      const entry = (this.rows[row * 2] & ~L.HELD_BITS) >>> 0;
      const holder = this.rows[row * 2 + 1];
      const key = bytes.toString("utf8", entry + L.E_KEY, entry + L.E_KEY + bytes.readUInt16LE(entry + L.E_META + 2));
      return { key, holder, thread: this.threadOf(holder) };
    });
  }

  /** Node's number of the thread that has the slot. */
  threadOf(holder: number): number {
    const at = this.header.slots + (holder - 1) * L.SLOT_SIZE + L.S_THREAD;
    return new Uint32Array(this.header.buffer, at, 1)[0];
  }
}

function wordsOf(buffer: ArrayBufferLike, entry: number): Int32Array {
  const keyLength = new Uint16Array(buffer, entry + L.E_META + 2, 1)[0];
  return new Int32Array(buffer, lockAddress(entry, keyLength), L.K_SIZE / 4);
}

/** Where the words of a lock lie: as in assembly/lock-words.ts. */
export function lockAddress(entry: number, keyLength: number): number {
  const offset = L.E_KEY + Math.ceil(keyLength / 16) * 16;
  return entry + Math.ceil(offset / L.K_ALIGN) * L.K_ALIGN;
}

/** Locks that all threads have, or one, by Node's number of it, and that they wait for. */
export function countLocks(header: Header, thread?: number): { held: number; waiting: number } {
  const counts = { held: 0, waiting: 0 };
  for (let number = 0; number < header.slotCount; number++) {
    const slot = header.slots + number * L.SLOT_SIZE;
    if (thread !== undefined && new Uint32Array(header.buffer, slot + L.S_THREAD, 1)[0] !== thread) continue;
    const list = new Uint32Array(header.buffer, slot + L.S_HELD, L.HELD_MAX * 2);
    for (let i = 0; i < list.length; i += 2) {
      const word = Atomics.load(list, i);
      if (word === 0 || word & L.HELD_UNSURE) continue;
      if (word & L.HELD_WAITS) counts.waiting++;
      else counts.held++;
    }
  }
  return counts;
}
