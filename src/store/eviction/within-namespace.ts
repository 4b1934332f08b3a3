/**
 * Room in a namespace that is at its own limit: its writers evict in it, whatever the rest of the store does. Second-chance CLOCK over the
 * entries of the namespace as the table lists them: one that was read lately loses a count of its access counter (0 to 3) and stays,
 * one at zero goes. A victim is removed by address and version, so one that was just rewritten is spared.
 *
 * Candidates are listed in batches, because a list goes through the table to find them: O(buckets) for up to 256 evictions, which is some
 * microseconds each, and more only where a few entries sit in a huge table.
 */
import { layout } from "../../core/index.js";
import { listEntries } from "../listing.js";
import type { WorkerConnection } from "../worker.js";

const LISTED = 256;
/** Candidates with counts to lose before the coldest of them goes. */
const PATIENCE = 64;

export class NamespaceEvictor {
  /** Address and version of each candidate. */
  private candidates: Uint32Array = new Uint32Array(0);
  private next = 0;
  private hand: number;

  /** @param id of the namespace, which a clear changes: then there is another evictor */
  constructor(
    private readonly worker: WorkerConnection,
    readonly id: number,
  ) {
    this.hand = Math.floor(Math.random() * worker.bucketCount);
  }

  /** Evicts one entry; false when the namespace has none. */
  evict(): boolean {
    const { worker } = this;
    const bytes = new Uint8Array(worker.currentBuffer());
    let coldest = 0;
    let coldestVersion = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let skipped = 0; skipped < PATIENCE; ) {
      if (this.next === this.candidates.length && !this.list()) break;
      const address = this.candidates[this.next++];
      const version = this.candidates[this.next++];
      // the counter may be a recycled chunk's: it is a hint, as in the engine's own CLOCK
      const at = address + layout.E_ACCESS;
      const count = bytes[at];
      if (count === 0) {
        if (this.remove(address, version)) return true;
        continue;
      }
      bytes[at] = count - 1;
      skipped++;
      if (count < least) {
        least = count;
        coldest = address;
        coldestVersion = version;
      }
    }
    if (coldest !== 0 && this.remove(coldest, coldestVersion)) return true;
    // all that were seen are gone, by other hands: whatever is left serves
    while (this.next < this.candidates.length || this.list()) {
      if (this.remove(this.candidates[this.next++], this.candidates[this.next++])) return true;
    }
    return false;
  }

  private remove(address: number, version: number): boolean {
    const { worker } = this;
    if (!worker.engine.removeVictim(address, version)) return false;
    // this thread's own counters, of which it is the only writer
    const counters = new BigUint64Array(worker.currentBuffer(), worker.slot + layout.S_COUNTERS, layout.COUNTER_COUNT);
    counters[layout.C_EVICTIONS]++;
    return true;
  }

  /**
   * The next candidates, around the table from where the last ones ended. False when a whole turn finds none: two pieces, to the table's
   * end and from its beginning, of which a listing goes through the second to its end even where it meets nobody.
   */
  private list(): boolean {
    const { worker } = this;
    for (let pieces = 0; pieces < 2; ) {
      const { count, next, words } = listEntries(worker, this.id, this.hand, LISTED);
      // a bucket of more than fit is not listed at all: passed over, the next turn may find it shorter
      this.hand = next === this.hand && count === 0 ? next + 1 : next;
      if (this.hand >= worker.bucketCount) {
        this.hand = 0;
        pieces++;
      }
      if (count === 0) continue;
      this.candidates = words;
      this.next = 0;
      return true;
    }
    return false;
  }
}
