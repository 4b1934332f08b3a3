import { Links } from "./links.js";
import type { Policy } from "./policy.js";

const ABSENT = 0;
const UNVISITED = 1;
const VISITED = 2;

/**
 * SIEVE: a FIFO queue with a visited bit and a hand that walks from the tail to the head. Unlike CLOCK it does not move the
 * entries it spares, so that newcomers and survivors separate by themselves (Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is
 * simpler than LRU", NSDI 2024).
 *
 * `lookup`, `insert`, `remove` O(1) (a hit writes one byte), `evict` O(1) amortised.
 * 9 bytes an id (two links, one state byte).
 */
export class Sieve implements Policy {
  readonly name = "sieve";
  size = 0;
  private readonly state: Uint8Array;
  private readonly links: Links;
  private readonly queue: number;
  /** Where the next search starts; the queue's sentinel when it is to start at the tail. */
  private hand: number;

  constructor(distinct: number) {
    this.state = new Uint8Array(distinct);
    this.links = new Links(distinct, 1);
    this.queue = this.links.list(0);
    this.hand = this.queue;
  }

  has(id: number): boolean {
    return this.state[id] !== ABSENT;
  }

  lookup(id: number): boolean {
    if (this.state[id] === ABSENT) return false;
    this.state[id] = VISITED;
    return true;
  }

  insert(id: number): void {
    this.links.pushHead(this.queue, id);
    this.state[id] = UNVISITED;
    this.size++;
  }

  evict(): number {
    if (this.size === 0) return -1;
    let hand = this.hand === this.queue ? this.links.newer(this.queue) : this.hand;
    while (this.state[hand] === VISITED) {
      this.state[hand] = UNVISITED;
      hand = this.links.newer(hand);
      if (hand === this.queue) hand = this.links.newer(hand);
    }
    this.hand = hand;
    this.remove(hand);
    return hand;
  }

  remove(id: number): boolean {
    if (this.state[id] === ABSENT) return false;
    if (id === this.hand) this.hand = this.links.newer(id);
    this.links.unlink(id);
    this.state[id] = ABSENT;
    this.size--;
    return true;
  }
}
