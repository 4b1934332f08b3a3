import type { Contest } from "./adaptive-contest.js";
import type { Follower } from "./adaptive-follower.js";
import { Links } from "./links.js";
import type { Policy } from "./policy.js";

/**
 * Runs a cache whose miniatures have its own size: the cache tries to hold what the incumbent's miniature holds.
 *
 * A *stray* is a resident that the incumbent does not hold. Strays are the victims, the one that strayed first before the others. When
 * there is none, the cache holds what the incumbent holds, or part of it, and the incumbent's own victim is the cache's.
 *
 * So a change flushes nothing: what the new incumbent does not hold becomes a stray, and leaves as room is needed. And the new incumbent
 * brings what it has learned, ghosts included, for it has seen every request.
 *
 * Invariant: the list of strays holds exactly the residents that the incumbent does not.
 *
 * O(1) amortised; `change` and `price` O(residents). 8 bytes an id.
 */
export class Imitating implements Follower {
  readonly keepsHistory = true;
  /** The incumbent's miniature. */
  private incumbent: Policy;
  private readonly recency: number;
  private readonly strays: Links;
  private readonly strayed: number;
  private strayCount = 0;
  /** Whether the latest request hit in the incumbent. */
  private held = false;

  /** @param residents by when they were last seen, in its list 0 */
  constructor(
    private readonly contest: Contest,
    private readonly residents: Links,
    distinct: number,
  ) {
    this.incumbent = contest.miniatures[contest.incumbent];
    this.recency = residents.list(0);
    this.strays = new Links(distinct, 1);
    this.strayed = this.strays.list(0);
  }

  lookup(id: number): void {
    const { incumbent, residents } = this;
    this.held = incumbent.lookup(id);
    if (this.held) return;
    while (incumbent.size >= this.contest.capacity) {
      const victim = incumbent.evict();
      if (victim < 0) break;
      if (residents.has(victim)) this.stray(victim);
    }
    incumbent.insert(id);
    if (this.strays.has(id)) this.unstray(id);
  }

  /** The incumbent has seen the request already. */
  play(): boolean {
    return this.held;
  }

  insert(id: number): void {
    if (!this.incumbent.has(id)) this.stray(id);
  }

  evict(): number {
    if (this.strayCount > 0) {
      const victim = this.strays.newer(this.strayed);
      this.unstray(victim);
      return victim;
    }
    // what the incumbent holds is more than the cache may keep: all miniatures shrink with it
    let victim: number;
    do victim = this.incumbent.evict();
    while (victim >= 0 && !this.residents.has(victim));
    this.contest.shrinkTo(this.incumbent.size);
    return victim;
  }

  /** The miniatures have been told. */
  remove(id: number): void {
    if (this.strays.has(id)) this.unstray(id);
  }

  change(to: number): void {
    const { residents, recency } = this;
    this.incumbent = this.contest.miniatures[to];
    while (this.strayCount > 0) this.unstray(this.strays.newer(this.strayed));
    for (let id = residents.newer(recency); id !== recency; id = residents.newer(id)) {
      if (!this.incumbent.has(id)) this.stray(id);
    }
  }

  /** The residents that the challenger does not hold: what it holds and the cache does not is as much, and each of that is a miss. */
  price(challenger: number, limit: number): number {
    const { residents, recency } = this;
    const miniature = this.contest.miniatures[challenger];
    let strays = 0;
    for (let id = residents.newer(recency); id !== recency; id = residents.newer(id)) {
      if (!miniature.has(id) && ++strays > limit) break;
    }
    return strays;
  }

  private stray(id: number): void {
    this.strays.pushHead(this.strayed, id);
    this.strayCount++;
  }

  private unstray(id: number): void {
    this.strays.unlink(id);
    this.strayCount--;
  }
}
