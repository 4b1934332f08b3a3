const NEVER = -1;
/** Positions for each id before the past is renumbered: renumbering then costs O(1) a request, amortised. */
const POSITIONS_AN_ID = 4;
const LEAST_POSITIONS = 1024;
/** Positions stay within 31 bits, for the bitwise steps through the tree. */
const MOST_POSITIONS = 2 ** 31 - 2;

/**
 * The stack distance of each request: the number of other ids requested since the same id was last (Mattson, Gecsei, Slutz, Traiger:
 * "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970).
 *
 * The ids' last requests are marked in a Fenwick tree over positions (Bennett, Kruskal: "LRU stack processing", IBM Journal of Research
 * and Development 1975; Fenwick 1994), which counts those after a given one. When the positions run out they are renumbered without gaps,
 * so that memory depends on the ids and not on the requests.
 *
 * `request` O(log ids) amortised. 36 bytes an id where the ids are known beforehand, 20 to 60 where they come by and by.
 */
export class LruStack {
  /** Distinct ids requested. */
  distinct = 0;
  private lastPosition: Int32Array;
  /** Which id's last request is at a position; stale where the id has been requested since. */
  private idAt: Int32Array;
  /** [i] counts the marks at the positions that end in i + 1 by the lowest set bit of i + 1. */
  private tree: Int32Array;
  private position = 0;

  /** @param ids there is room for ids 0 to `ids` - 1, and it is made for others as they come */
  constructor(ids = 0) {
    const positions = Math.max(LEAST_POSITIONS, POSITIONS_AN_ID * ids);
    this.lastPosition = new Int32Array(ids).fill(NEVER);
    this.idAt = new Int32Array(positions);
    this.tree = new Int32Array(positions + 1);
  }

  /** The distance of a request; -1 when it is the id's first. */
  request(id: number): number {
    if (this.position === this.idAt.length) this.renumber();
    if (id >= this.lastPosition.length) this.makeRoomFor(id);
    const position = this.position++;
    const last = this.lastPosition[id];
    this.lastPosition[id] = position;
    this.idAt[position] = id;
    let distance = -1;
    if (last === NEVER) {
      this.distinct++;
    } else {
      distance = this.distinct - this.marksUpTo(last);
      this.mark(last, -1);
    }
    this.mark(position, 1);
    return distance;
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

  /** Positions that mark nothing any more go; where more than half of them would be left there are twice as many as ids. */
  private renumber(): void {
    const before = this.idAt;
    const positions = Math.min(MOST_POSITIONS, Math.max(before.length, 2 * this.distinct));
    if (positions > before.length) {
      this.idAt = new Int32Array(positions);
      this.tree = new Int32Array(positions + 1);
    } else {
      this.tree.fill(0);
    }
    let kept = 0;
    for (let position = 0; position < this.position; position++) {
      const id = before[position];
      if (this.lastPosition[id] !== position) continue;
      this.idAt[kept] = id;
      this.lastPosition[id] = kept++;
    }
    this.position = kept;
    const { tree } = this;
    for (let i = 1; i < tree.length; i++) {
      if (i <= kept) tree[i]++;
      const above = i + (i & -i);
      if (above < tree.length) tree[above] += tree[i];
    }
  }

  private makeRoomFor(id: number): void {
    const before = this.lastPosition;
    this.lastPosition = new Int32Array(Math.max(2 * before.length, id + 1, LEAST_POSITIONS)).fill(NEVER);
    this.lastPosition.set(before);
  }
}
