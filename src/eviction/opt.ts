import { type Future, NEVER } from "./future.js";
import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { PositionSet } from "./position-set.js";

const ABSENT = 0xffff_fffe;

/**
 * Belady's optimal policy: the victim is the entry whose next use is farthest away, and every miss is inserted (Belady: "A study
 * of replacement algorithms for a virtual-storage computer", IBM Systems Journal 1966; Mattson et al. 1970 prove that no
 * demand-paging policy misses less). It needs the future, so it only runs in the simulator: the bound the others are held
 * against.
 *
 * By bytes it evicts the farthest next use first, until there is room. That is no longer optimal: with objects of unequal size the
 * optimum is NP-hard to find (Chrobak, Woeginger, Makino, Xu: "Caching is hard, even in the fault model", Algorithmica 2012), and
 * another policy may miss less. Nor is it with expiry, which it does not foresee, nor when writes insert what no one reads.
 *
 * Positions of next uses are unique, and the request at a position names its id; so the resident set is a set of positions.
 * Entries that are never used again wait in a list of their own and go first. A position that has passed is left in the set: it lies below
 * those of all resident entries, and so is never the greatest.
 *
 * Every operation O(log32 requests). 12 bytes an id, and 1.03 bits a request beside the 8 bytes a request of `Future`.
 */
export class Opt implements Policy {
  readonly name = "opt";
  size = 0;
  /** The position of each resident id's next use, `NEVER` or `ABSENT`. */
  private readonly next: Uint32Array;
  private readonly positions: PositionSet;
  /** Entries that are never used again. */
  private readonly links: Links;
  private readonly dead: number;
  /** How many requests were looked up. */
  private now = 0;

  constructor(
    distinct: number,
    private readonly future: Future,
  ) {
    this.next = new Uint32Array(distinct).fill(ABSENT);
    this.positions = new PositionSet(future.ids.length);
    this.links = new Links(distinct, 1);
    this.dead = this.links.list(0);
  }

  has(id: number): boolean {
    return this.next[id] !== ABSENT;
  }

  /** The nth lookup has to be the nth of the `future` given. */
  lookup(id: number): boolean {
    const position = this.now++;
    if (this.next[id] === ABSENT) return false;
    if (this.next[id] === NEVER) this.links.unlink(id);
    this.expect(id, this.future.nextUse[position]);
    return true;
  }

  insert(id: number): void {
    this.expect(id, this.future.nextUse[this.now - 1]);
    this.size++;
  }

  evict(): number {
    if (this.size === 0) return -1;
    let victim = this.links.older(this.dead);
    if (victim !== this.dead) {
      this.links.unlink(victim);
    } else {
      const farthest = this.positions.max();
      this.positions.delete(farthest);
      victim = this.future.ids[farthest];
    }
    this.next[victim] = ABSENT;
    this.size--;
    return victim;
  }

  remove(id: number): boolean {
    const next = this.next[id];
    if (next === ABSENT) return false;
    if (next === NEVER) this.links.unlink(id);
    else this.positions.delete(next);
    this.next[id] = ABSENT;
    this.size--;
    return true;
  }

  private expect(id: number, next: number): void {
    this.next[id] = next;
    if (next === NEVER) this.links.pushHead(this.dead, id);
    else this.positions.add(next);
  }
}
