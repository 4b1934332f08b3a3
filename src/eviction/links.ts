const ABSENT = -1;

/**
 * Doubly linked lists over dense ids, as indices in one Int32Array. Both links of a node are neighbours in memory, so that
 * touching a node costs one cache line. A list is a ring closed by a sentinel node of its own, numbered after the ids, so
 * that no operation has a special case for an empty list or an end. A node is in at most one list of a `Links` at a time.
 *
 * "Newer" leads to the head, where entries come in; "older" leads to the tail, where they leave.
 *
 * 8 bytes an id.
 */
export class Links {
  /**
   * [2n] leads to the newer neighbour of n, [2n + 1] to the older one. A link is the index of the neighbour's own links, twice its
   * number, so that following one takes no arithmetic: a tenth of a replay's time.
   */
  private readonly at: Int32Array;
  private readonly ids: number;

  constructor(ids: number, lists: number) {
    this.ids = ids;
    this.at = new Int32Array(2 * (ids + lists)).fill(ABSENT);
    for (let list = 0; list < lists; list++) this.makeRing(ids + list);
  }

  /** The sentinel of the nth list: what the other methods take as `list`. */
  list(n: number): number {
    return this.ids + n;
  }

  /** Whether the node is in any list. */
  has(node: number): boolean {
    return this.at[2 * node] !== ABSENT;
  }

  /** The neighbour towards the head; the sentinel when the node is the head; the tail when it is the sentinel. */
  newer(node: number): number {
    return this.at[2 * node] >> 1;
  }

  /** The neighbour towards the tail; the sentinel when the node is the tail; the head when it is the sentinel. */
  older(node: number): number {
    return this.at[2 * node + 1] >> 1;
  }

  /** Makes the node a ring of one: an empty list when it is a sentinel. */
  makeRing(node: number): void {
    this.at[2 * node] = 2 * node;
    this.at[2 * node + 1] = 2 * node;
  }

  /** Puts an absent node at the head of a list; in a ring without sentinel, right behind the node `list`, as its newest. */
  pushHead(list: number, node: number): void {
    this.enter(2 * list, 2 * node);
  }

  /** Takes a node out of whichever list it is in. */
  unlink(node: number): void {
    const at = this.at;
    const newer = at[2 * node];
    const older = at[2 * node + 1];
    at[newer + 1] = older;
    at[older] = newer;
    at[2 * node] = ABSENT;
  }

  /** Moves a node from whichever list it is in to the head of `list`. */
  moveToHead(list: number, node: number): void {
    const at = this.at;
    const newer = at[2 * node];
    if (newer === 2 * list) return;
    const older = at[2 * node + 1];
    at[newer + 1] = older;
    at[older] = newer;
    this.enter(2 * list, 2 * node);
  }

  /** Takes the tail out of a list that is not empty, and returns it. */
  removeTail(list: number): number {
    const tail = this.unlinkTail(2 * list);
    this.at[tail] = ABSENT;
    return tail >> 1;
  }

  /** Moves the tail of a list that is not empty to the head of another one or its own, and returns it. */
  moveTail(from: number, to: number): number {
    const tail = this.unlinkTail(2 * from);
    this.enter(2 * to, tail);
    return tail >> 1;
  }

  private enter(list: number, node: number): void {
    const at = this.at;
    const head = at[list + 1];
    at[node] = list;
    at[node + 1] = head;
    at[head] = node;
    at[list + 1] = node;
  }

  private unlinkTail(list: number): number {
    const at = this.at;
    const tail = at[list];
    const newer = at[tail];
    at[list] = newer;
    at[newer + 1] = list;
    return tail;
  }
}
