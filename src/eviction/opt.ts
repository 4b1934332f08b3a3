import { type Future, NEVER } from "./future.js";
import type { Policy } from "./policy.js";
import { PositionSet } from "./position-set.js";

const ABSENT = 0xffff_fffe;

/**
 * Belady's optimal policy: the victim is the entry whose next use is farthest away, and every miss is inserted (Belady: "A study
 * of replacement algorithms for a virtual-storage computer", IBM Systems Journal 1966; Mattson et al. 1970 prove that no
 * demand-paging policy misses less). It needs the future, so it only runs in the simulator: the bound the others are held
 * against. Optimal for objects of one size only: with sizes the problem is NP-hard.
 *
 * Positions of next uses are unique, and the request at a position names its id; so the resident set is a set of positions.
 * Entries that are never used again wait on a stack and go first. A position that has passed is left in the set: it lies below
 * those of all resident entries, and so is never the greatest.
 *
 * Every operation O(log32 requests). 8 bytes an id, and 1.03 bits a request beside the 8 bytes a request of `Future`.
 */
export class Opt implements Policy {
  readonly name = "opt";
  size = 0;
  /** The position of each resident id's next use, `NEVER` or `ABSENT`. */
  private readonly next: Uint32Array;
  private readonly positions: PositionSet;
  /** Entries that are never used again. */
  private readonly dead: Int32Array;
  private deadSize = 0;
  /** How many requests were looked up. */
  private now = 0;

  constructor(
    distinct: number,
    private readonly future: Future,
  ) {
    this.next = new Uint32Array(distinct).fill(ABSENT);
    this.positions = new PositionSet(future.ids.length);
    this.dead = new Int32Array(distinct);
  }

  has(id: number): boolean {
    return this.next[id] !== ABSENT;
  }

  /** The nth lookup has to be the nth request of the `future` given. */
  lookup(id: number): boolean {
    const position = this.now++;
    if (this.next[id] === ABSENT) return false;
    this.expect(id, this.future.nextUse[position]);
    return true;
  }

  insert(id: number): void {
    this.expect(id, this.future.nextUse[this.now - 1]);
    this.size++;
  }

  evict(): number {
    if (this.size === 0) return -1;
    let victim: number;
    if (this.deadSize > 0) {
      victim = this.dead[--this.deadSize];
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
    if (next === NEVER) this.bury(id);
    else this.positions.delete(next);
    this.next[id] = ABSENT;
    this.size--;
    return true;
  }

  private expect(id: number, next: number): void {
    this.next[id] = next;
    if (next === NEVER) this.dead[this.deadSize++] = id;
    else this.positions.add(next);
  }

  /** Takes an id off the stack of the dead. O(its depth): nothing but a deletion by the owner does this. */
  private bury(id: number): void {
    const slot = this.dead.lastIndexOf(id, this.deadSize - 1);
    this.dead[slot] = this.dead[--this.deadSize];
  }
}
