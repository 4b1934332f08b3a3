const NEVER = -1;
/** Positions kept for each id before the past is renumbered: renumbering then costs O(1) a request, amortised. */
const POSITIONS_AN_ID = 4;
const LEAST_POSITIONS = 1024;

/**
 * LRU stack distances: for each request the number of other ids requested since the same id was last. LRU of any capacity C (in
 * objects) hits exactly the requests of a distance below C, so that one pass gives its misses at every capacity (Mattson, Gecsei, Slutz,
 * Traiger: "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970).
 *
 * The ids' last requests are marked in a Fenwick tree over positions (Bennett, Kruskal: "LRU stack processing", IBM Journal of
 * Research and Development 1975; Fenwick 1994), which counts those after a given one. When the positions run out they are renumbered
 * without gaps, so that memory depends on the ids and not on the requests.
 *
 * `observe` O(log ids) amortised. 44 bytes an id.
 */
export class StackDistances {
  /** Requests of each distance, 0 to distinct - 1. */
  readonly histogram: Float64Array;
  requests = 0;
  /** First requests of an id: at no distance, a miss at any capacity. */
  cold = 0;
  private readonly lastPosition: Int32Array;
  /** Which id's last request is at a position; stale where the id has been requested since. */
  private readonly idAt: Int32Array;
  /** [i] counts the marks at the positions that end in i + 1 by the lowest set bit of i + 1. */
  private readonly tree: Int32Array;
  private position = 0;

  /** @param distinct ids are 0 to distinct - 1 */
  constructor(private readonly distinct: number) {
    const positions = Math.max(LEAST_POSITIONS, POSITIONS_AN_ID * distinct);
    this.histogram = new Float64Array(distinct);
    this.lastPosition = new Int32Array(distinct).fill(NEVER);
    this.idAt = new Int32Array(positions);
    this.tree = new Int32Array(positions + 1);
  }

  /** The distance of a request, which is counted; -1 when it is the id's first. */
  observe(id: number): number {
    if (this.position === this.idAt.length) this.renumber();
    const position = this.position++;
    const last = this.lastPosition[id];
    this.requests++;
    this.lastPosition[id] = position;
    this.idAt[position] = id;
    let distance = -1;
    if (last === NEVER) {
      this.cold++;
    } else {
      distance = this.cold - this.marksUpTo(last);
      this.histogram[distance]++;
      this.mark(last, -1);
    }
    this.mark(position, 1);
    return distance;
  }

  /** The misses of LRU at each of the capacities. */
  missesAt(capacities: readonly number[]): number[] {
    const hitsBelow = new Float64Array(this.distinct + 1);
    for (let distance = 0; distance < this.distinct; distance++) {
      hitsBelow[distance + 1] = hitsBelow[distance] + this.histogram[distance];
    }
    return capacities.map((capacity) => this.requests - hitsBelow[Math.min(capacity, this.distinct)]);
  }

  /** The least distance that at least this share (0 to 1) of the requests at a distance do not exceed; NaN when there are none. */
  quantile(share: number): number {
    const wanted = share * (this.requests - this.cold);
    let counted = 0;
    for (let distance = 0; distance < this.distinct; distance++) {
      counted += this.histogram[distance];
      if (counted > 0 && counted >= wanted) return distance;
    }
    return Number.NaN;
  }

  private mark(position: number, by: number): void {
    const { tree } = this;
    for (let i = position + 1; i < tree.length; i += i & -i) tree[i] += by;
  }

  /** Ids whose last request is at the position or before it. */
  private marksUpTo(position: number): number {
    const { tree } = this;
    let marks = 0;
    for (let i = position + 1; i > 0; i -= i & -i) marks += tree[i];
    return marks;
  }

  private renumber(): void {
    let kept = 0;
    for (let position = 0; position < this.position; position++) {
      const id = this.idAt[position];
      if (this.lastPosition[id] !== position) continue;
      this.idAt[kept] = id;
      this.lastPosition[id] = kept++;
    }
    this.position = kept;
    const { tree } = this;
    tree.fill(0);
    for (let i = 1; i < tree.length; i++) {
      if (i <= kept) tree[i]++;
      const above = i + (i & -i);
      if (above < tree.length) tree[above] += tree[i];
    }
  }
}
