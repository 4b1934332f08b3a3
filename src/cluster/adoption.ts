/**
 * Versions that were heard of from a peer, and that ought to come by the log soon. Those that do not in time are orphans: their node died, or is cut
 * off from the log while it is not from here.
 */
import type { ClusterClock } from "./engine.js";
import type { ClusterEntry } from "./entry.js";

interface Heard {
  readonly key: string;
  readonly entry: ClusterEntry;
  readonly dueMs: number;
}

export class Adoption {
  /** In the order in which they are due, as all wait equally long; what lies before `first` is done with. */
  private heard: Heard[] = [];
  private first = 0;
  private cancel: (() => void) | null = null;

  constructor(
    private readonly clock: ClusterClock,
    private readonly afterMs: number,
    private readonly adopt: (key: string, entry: ClusterEntry) => void,
  ) {}

  add(key: string, entry: ClusterEntry): void {
    this.heard.push({ key, entry, dueMs: this.clock.elapsed() + this.afterMs });
    if (this.cancel === null) this.wait();
  }

  close(): void {
    this.cancel?.();
    this.heard = [];
  }

  private wait(): void {
    const next = this.heard[this.first];
    this.cancel = this.clock.after(Math.max(0, next.dueMs - this.clock.elapsed()), () => this.look());
  }

  private look(): void {
    this.cancel = null;
    const now = this.clock.elapsed();
    for (; this.first < this.heard.length && this.heard[this.first].dueMs <= now; this.first++) {
      const { key, entry } = this.heard[this.first];
      this.adopt(key, entry);
    }
    this.heard = this.heard.slice(this.first);
    this.first = 0;
    if (this.heard.length > 0) this.wait();
  }
}
