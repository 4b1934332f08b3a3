import { Links } from "./links.js";
import type { Policy } from "./policy.js";

const ABSENT = 0;
const UNREFERENCED = 1;
const REFERENCED = 2;

/**
 * CLOCK, one reference bit: the entries stand in a ring in order of insertion, and a hit only sets the entry's bit. The hand
 * points at the oldest; to evict, it clears set bits and steps on, and takes the first entry whose bit is clear (Corbató: "A
 * paging experiment with the Multics system", 1968). An entry passed over is thereby the newest, so the hand's step is the
 * same as moving the tail of a queue to its head.
 *
 * `lookup`, `insert`, `remove` O(1) (a hit writes one byte), `evict` O(1) amortised: every step pays for one hit.
 * 9 bytes an id (two links, one state byte).
 */
export class Clock implements Policy {
  readonly name = "clock";
  size = 0;
  private readonly state: Uint8Array;
  private readonly ring: Links;
  /** The oldest entry; meaningless while the ring is empty. */
  private hand = 0;

  constructor(distinct: number) {
    this.state = new Uint8Array(distinct);
    this.ring = new Links(distinct, 0);
  }

  has(id: number): boolean {
    return this.state[id] !== ABSENT;
  }

  lookup(id: number): boolean {
    if (this.state[id] === ABSENT) return false;
    this.state[id] = REFERENCED;
    return true;
  }

  insert(id: number): void {
    if (this.size === 0) {
      this.ring.makeRing(id);
      this.hand = id;
    } else {
      this.ring.pushHead(this.hand, id);
    }
    this.state[id] = UNREFERENCED;
    this.size++;
  }

  evict(): number {
    if (this.size === 0) return -1;
    let hand = this.hand;
    while (this.state[hand] === REFERENCED) {
      this.state[hand] = UNREFERENCED;
      hand = this.ring.newer(hand);
    }
    this.hand = hand;
    this.remove(hand);
    return hand;
  }

  remove(id: number): boolean {
    if (this.state[id] === ABSENT) return false;
    if (id === this.hand) this.hand = this.ring.newer(id);
    this.ring.unlink(id);
    this.state[id] = ABSENT;
    this.size--;
    return true;
  }
}
