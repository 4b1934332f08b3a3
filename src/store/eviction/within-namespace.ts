/**
 * Room in a namespace that is at its own limit: its writers evict in it, whatever the rest of the store does. Second-chance CLOCK over the
 * entries of the namespace as the table lists them: one that was read lately loses a count of its access counter (0 to 3) and stays,
 * one at zero goes. A victim is removed by address and version, so one that was just rewritten is spared.
 *
 * Candidates are listed in batches of up to 256, at a cost near that of the entries listed (src/core/assembly/presence.ts). A listing
 * proves that they are the namespace's; from then on each is known by address and version, so a candidate that is kept while the
 * namespace is cleared or dropped, and its id given to another, can only be gone.
 */
import { accessesOf, layout, Slot, setAccesses } from "../../core/index.js";
import { listEntries } from "../listing.js";
import type { NamespaceRecord } from "../namespace/record.js";
import type { WorkerConnection } from "../worker.js";

const LISTED = 256;
/** How many candidates a search takes a count of accesses from before it evicts the one with the fewest. */
const PATIENCE = 64;

export class NamespaceEvictor {
  /** Address and version of each candidate. */
  private candidates: Uint32Array = new Uint32Array(0);
  private next = 0;
  private hand: number;

  private readonly counters: BigUint64Array;

  constructor(private readonly worker: WorkerConnection) {
    this.counters = new Slot(worker.header, worker.slotNumber).counters;
    this.hand = Math.floor(Math.random() * worker.bucketCount);
  }

  /** Evicts one entry. False when the namespace has none; true also when its directory entry is not current any more. */
  evict(record: NamespaceRecord): boolean {
    const { worker } = this;
    const bytes = new Uint8Array(worker.currentBuffer());
    let coldest = 0;
    let coldestVersion = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let skipped = 0; skipped < PATIENCE; ) {
      if (this.next === this.candidates.length && !this.list(record)) break;
      const address = this.candidates[this.next++];
      const version = this.candidates[this.next++];
      // the counter may be a recycled chunk's: it is a hint, as in the engine's own CLOCK
      const count = accessesOf(bytes, address);
      if (count === 0) {
        if (this.remove(address, version)) return true;
        continue;
      }
      setAccesses(bytes, address, count - 1);
      skipped++;
      if (count < least) {
        least = count;
        coldest = address;
        coldestVersion = version;
      }
    }
    if (coldest !== 0 && this.remove(coldest, coldestVersion)) return true;
    // all that were seen are gone, by other hands: whatever is left serves
    while (this.next < this.candidates.length || this.list(record)) {
      if (this.remove(this.candidates[this.next++], this.candidates[this.next++])) return true;
    }
    return !worker.engine.isCurrentRecord(record.entry, record.version);
  }

  private remove(address: number, version: number): boolean {
    const { worker } = this;
    if (!worker.engine.removeVictim(address, version)) return false;
    // this thread's own counters, of which it is the only writer
    this.counters[layout.C_EVICTIONS]++;
    return true;
  }

  /** The next candidates, around the table from where the last ones ended. False when a whole turn finds none. */
  private list(record: NamespaceRecord): boolean {
    const { hand, worker } = this;
    return this.listBetween(record, hand, worker.bucketCount) || this.listBetween(record, 0, hand);
  }

  private listBetween(record: NamespaceRecord, from: number, to: number): boolean {
    const { worker } = this;
    for (let bucket = from; bucket < to; ) {
      const listing = listEntries(worker, record, bucket, to, LISTED);
      if (listing === null) return false;
      const { count, next, words } = listing;
      // a bucket of more than fit is not listed at all: passed over, the next turn may find it shorter
      bucket = next === bucket ? next + 1 : next;
      if (count === 0) continue;
      this.hand = bucket === worker.bucketCount ? 0 : bucket;
      this.candidates = words;
      this.next = 0;
      return true;
    }
    return false;
  }
}
