/** What is to be written later: of each key the last version, so many at most; beyond that the oldest are dropped, and counted. */
import type { ClusterEntry } from "./entry.js";
import { compareEntries } from "./merge.js";

export interface Waiting {
  readonly name: string;
  readonly entry: ClusterEntry;
}

export class WriteBehind {
  dropped = 0;
  readonly #entries = new Map<string, ClusterEntry>();
  readonly #most: number;
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(most: number, mostBytes: number) {
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(name: string, entry: ClusterEntry): void {
    const before = this.#entries.get(name);
    if (before !== undefined && compareEntries(before, entry) >= 0) return;
    this.#remove(name);
    this.#entries.set(name, entry);
    this.#bytes += sizeOf(entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most && this.#bytes <= this.#mostBytes) break;
      this.#remove(oldest);
      this.dropped++;
    }
  }

  /** The oldest, so many at most; they wait no longer. */
  take(most: number): Waiting[] {
    const taken: Waiting[] = [];
    for (const [name, entry] of this.#entries) {
      if (taken.length === most) break;
      taken.push({ name, entry });
      this.#remove(name);
    }
    return taken;
  }

  /** Back, unless a later version waits already. */
  giveBack(taken: readonly Waiting[]): void {
    for (const { name, entry } of taken) this.add(name, entry);
  }

  dropAll(): void {
    this.dropped += this.#entries.size;
    this.#entries.clear();
    this.#bytes = 0;
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= sizeOf(entry);
  }
}

function sizeOf({ value }: ClusterEntry): number {
  return value?.length ?? 0;
}
