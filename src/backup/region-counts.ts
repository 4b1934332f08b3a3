/**
 * How many entries a generation's file has in each region, so that an incremental backup, which looks at the regions it copies
 * only, knows what the whole file holds.
 *
 * A region is copied while others write. What they write after the bitmap was drained marks it, and it is copied and counted anew
 * next time. What they wrote between the bump of the epoch and the drain does not: it is in the copy already, born or dead in
 * an epoch after the cut's. Such an entry is not of this cut, but is of the next, should the region not change again. So two
 * numbers are kept: of this cut, and of any later one.
 */
import { birthOf, deathStampOf } from "../core/index.js";
import { belongs } from "./chunk.js";

export class RegionCounts {
  /** At most 128 chunks begin in a region. */
  private readonly now: Uint8Array;
  private readonly later: Uint8Array;

  constructor(regions: number) {
    this.now = new Uint8Array(regions);
    this.later = new Uint8Array(regions);
  }

  reset(from: number, to: number): void {
    this.now.fill(0, from, to);
    this.later.fill(0, from, to);
  }

  /** Counts a chunk of a copy that begins in `region`; `chunk` counts words. */
  add(copy: Uint32Array, chunk: number, epoch: number, region: number): void {
    if (belongs(copy, chunk, epoch)) this.now[region]++;
    if (birthOf(copy, chunk) !== 0 && deathStampOf(copy, chunk) === 0) this.later[region]++;
  }

  /** The entries of the cut in regions 0 to `end` - 1, all of those that changed having been counted. Ends the cut. */
  sum(end: number): number {
    let entries = 0;
    for (let region = 0; region < end; region++) entries += this.now[region];
    this.now.set(this.later);
    return entries;
  }
}
