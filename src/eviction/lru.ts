import { Links } from "./links.js";
import type { Policy } from "./policy.js";

/**
 * Least recently used: a list by last access; a hit moves to the head, the tail is the victim. The classic stack
 * algorithm (Mattson, Gecsei, Slutz, Traiger: "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970).
 *
 * Every operation O(1). 8 bytes an id (two links).
 */
export class Lru implements Policy {
  readonly name = "lru";
  size = 0;
  private readonly links: Links;
  private readonly recency: number;

  constructor(distinct: number) {
    this.links = new Links(distinct, 1);
    this.recency = this.links.list(0);
  }

  has(id: number): boolean {
    return this.links.has(id);
  }

  lookup(id: number): boolean {
    if (!this.links.has(id)) return false;
    this.links.moveToHead(this.recency, id);
    return true;
  }

  insert(id: number): void {
    this.links.pushHead(this.recency, id);
    this.size++;
  }

  evict(): number {
    if (this.size === 0) return -1;
    this.size--;
    return this.links.removeTail(this.recency);
  }

  remove(id: number): boolean {
    if (!this.links.has(id)) return false;
    this.links.unlink(id);
    this.size--;
    return true;
  }
}
