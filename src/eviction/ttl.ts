import { ExpiryHeap } from "./expiry-heap.js";
import { Links } from "./links.js";
import type { Policy } from "./policy.js";

/**
 * Time to live: the entry that expires soonest is the victim, because it would be lost first anyway (erlmcp's eviction table; Redis
 * calls it volatile-ttl). Ties go to the entry that was given that expiry first; entries without expiry come last, oldest
 * insertion first, so that without any expiry this is FIFO. Reads change nothing.
 *
 * `lookup` O(1); `insert`, `evict`, `remove`, `renew` O(1) for entries without expiry, else O(log entries with one).
 * 32 bytes an id: the heap of those that expire, and two links for those that do not.
 */
export class Ttl implements Policy {
  readonly name = "ttl";
  size = 0;
  private readonly mortal: ExpiryHeap;
  private readonly links: Links;
  private readonly immortal: number;

  constructor(distinct: number) {
    this.mortal = new ExpiryHeap(distinct);
    this.links = new Links(distinct, 1);
    this.immortal = this.links.list(0);
  }

  has(id: number): boolean {
    return this.links.has(id) || this.mortal.has(id);
  }

  lookup(id: number): boolean {
    return this.has(id);
  }

  insert(id: number, _weight?: number, expiresAt = Number.POSITIVE_INFINITY): void {
    if (expiresAt === Number.POSITIVE_INFINITY) this.links.pushHead(this.immortal, id);
    else this.mortal.add(id, expiresAt);
    this.size++;
  }

  evict(): number {
    if (this.size === 0) return -1;
    const victim = this.mortal.size > 0 ? this.mortal.soonest() : this.links.newer(this.immortal);
    this.remove(victim);
    return victim;
  }

  remove(id: number): boolean {
    if (this.links.has(id)) this.links.unlink(id);
    else if (this.mortal.has(id)) this.mortal.delete(id);
    else return false;
    this.size--;
    return true;
  }

  /** The same expiry again leaves the order as it is. */
  renew(id: number, expiresAt: number): void {
    const before = this.mortal.has(id) ? this.mortal.expiryOf(id) : Number.POSITIVE_INFINITY;
    if (before === expiresAt) return;
    this.remove(id);
    this.insert(id, undefined, expiresAt);
  }
}
