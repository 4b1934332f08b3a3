const ABSENT = -1;

/**
 * A priority queue of ids by expiry: the soonest first, ties in the order in which they were added. A binary heap that knows where
 * each id lies, so that any id can be taken out or moved.
 *
 * `add`, `delete` O(log size), `soonest` O(1). 24 bytes an id.
 */
export class ExpiryHeap {
  /** Ids in it. */
  size = 0;
  private readonly heap: Uint32Array;
  private readonly slotOf: Int32Array;
  private readonly expiry: Float64Array;
  /** Numbers of additions: what settles ties. */
  private readonly addedAs: Float64Array;
  private additions = 0;

  constructor(distinct: number) {
    this.heap = new Uint32Array(distinct);
    this.slotOf = new Int32Array(distinct).fill(ABSENT);
    this.expiry = new Float64Array(distinct);
    this.addedAs = new Float64Array(distinct);
  }

  /** Whether the id is in it. */
  has(id: number): boolean {
    return this.slotOf[id] !== ABSENT;
  }

  /** When a member expires; of others, whatever was said last. */
  expiryOf(id: number): number {
    return this.expiry[id];
  }

  /** The member that expires first, or -1 when there is none. */
  soonest(): number {
    return this.size === 0 ? -1 : this.heap[0];
  }

  /** Adds an id that is no member. */
  add(id: number, expiresAt: number): void {
    this.expiry[id] = expiresAt;
    this.addedAs[id] = this.additions++;
    this.rise(id, this.size++);
  }

  /** Takes out an id if it is a member. */
  delete(id: number): void {
    const slot = this.slotOf[id];
    if (slot === ABSENT) return;
    this.slotOf[id] = ABSENT;
    const last = this.heap[--this.size];
    if (last === id) return;
    this.rise(last, slot);
    this.sink(last, this.slotOf[last]);
  }

  private rise(id: number, from: number): void {
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >>> 1;
      if (!this.isBefore(id, this.heap[parent])) break;
      this.put(this.heap[parent], slot);
      slot = parent;
    }
    this.put(id, slot);
  }

  private sink(id: number, from: number): void {
    let slot = from;
    for (let child = 2 * slot + 1; child < this.size; child = 2 * slot + 1) {
      if (child + 1 < this.size && this.isBefore(this.heap[child + 1], this.heap[child])) child++;
      if (!this.isBefore(this.heap[child], id)) break;
      this.put(this.heap[child], slot);
      slot = child;
    }
    this.put(id, slot);
  }

  private put(id: number, slot: number): void {
    this.heap[slot] = id;
    this.slotOf[id] = slot;
  }

  private isBefore(a: number, b: number): boolean {
    const difference = this.expiry[a] - this.expiry[b];
    return difference === 0 ? this.addedAs[a] < this.addedAs[b] : difference < 0;
  }
}
