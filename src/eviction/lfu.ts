import { Links } from "./links.js";
import type { Policy } from "./policy.js";

const ABSENT = -1;
/** The bucket below all others: it closes the ring of buckets and never holds an entry. */
const ROOT = 0;

/**
 * Least frequently used, exact counts while resident: entries of one frequency share a bucket, buckets form a ring in order
 * of frequency (Shah, Mitra, Matani: "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010). Ties go to
 * the entry whose last access is oldest; nothing is remembered after an eviction.
 *
 * Every operation O(1). 32 bytes an id: two links and a bucket number, and as many buckets as ids in the worst case (every
 * entry with a frequency of its own), each with two links to its entries and frequency, higher, lower neighbour.
 */
export class Lfu implements Policy {
  readonly name = "lfu";
  size = 0;
  private readonly bucketOf: Int32Array;
  private readonly links: Links;
  private readonly frequency: Uint32Array;
  private readonly higher: Int32Array;
  private readonly lower: Int32Array;
  /** Free buckets, chained by `higher`. */
  private free: number;

  constructor(distinct: number) {
    // One bucket an entry, one more while an entry is on its way between two, and the root.
    const buckets = distinct + 2;
    this.bucketOf = new Int32Array(distinct).fill(ABSENT);
    this.links = new Links(distinct, buckets);
    this.frequency = new Uint32Array(buckets);
    this.higher = new Int32Array(buckets);
    this.lower = new Int32Array(buckets);
    for (let bucket = 1; bucket < buckets; bucket++) this.higher[bucket] = bucket + 1;
    this.higher[ROOT] = ROOT;
    this.free = 1;
  }

  has(id: number): boolean {
    return this.bucketOf[id] !== ABSENT;
  }

  lookup(id: number): boolean {
    const bucket = this.bucketOf[id];
    if (bucket === ABSENT) return false;
    const next = this.bucketAfter(bucket, this.frequency[bucket] + 1);
    this.links.moveToHead(this.links.list(next), id);
    this.bucketOf[id] = next;
    this.releaseIfEmpty(bucket);
    return true;
  }

  insert(id: number): void {
    const bucket = this.bucketAfter(ROOT, 1);
    this.links.pushHead(this.links.list(bucket), id);
    this.bucketOf[id] = bucket;
    this.size++;
  }

  evict(): number {
    if (this.size === 0) return -1;
    const victim = this.links.newer(this.links.list(this.higher[ROOT]));
    this.remove(victim);
    return victim;
  }

  remove(id: number): boolean {
    const bucket = this.bucketOf[id];
    if (bucket === ABSENT) return false;
    this.links.unlink(id);
    this.bucketOf[id] = ABSENT;
    this.releaseIfEmpty(bucket);
    this.size--;
    return true;
  }

  /** The bucket of `frequency`, which lies right above `bucket` or is put there. */
  private bucketAfter(bucket: number, frequency: number): number {
    const above = this.higher[bucket];
    if (above !== ROOT && this.frequency[above] === frequency) return above;
    const fresh = this.free;
    this.free = this.higher[fresh];
    this.frequency[fresh] = frequency;
    this.lower[fresh] = bucket;
    this.higher[fresh] = above;
    this.higher[bucket] = fresh;
    this.lower[above] = fresh;
    return fresh;
  }

  private releaseIfEmpty(bucket: number): void {
    const list = this.links.list(bucket);
    if (this.links.newer(list) !== list) return;
    const above = this.higher[bucket];
    const below = this.lower[bucket];
    this.higher[below] = above;
    this.lower[above] = below;
    this.higher[bucket] = this.free;
    this.free = bucket;
  }
}
