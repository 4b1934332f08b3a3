/**
 * The calls and returns of a history in order of time, as a doubly linked list over integers: taking an operation out and
 * putting it back is what the search does all the time, and must not allocate.
 */
export interface Span {
  call: number;
  /** Infinity: no answer came. Such an operation has no return in the list: it is at infinity. */
  return: number;
}

/** Before the first event, and after the last. */
export const END = 0;

export class EventList {
  private readonly next: Int32Array;
  private readonly previous: Int32Array;

  constructor(private readonly spans: readonly Span[]) {
    const nodes = 2 * spans.length + 1;
    this.next = new Int32Array(nodes);
    this.previous = new Int32Array(nodes);
    let last = END;
    for (const node of this.eventsInOrder()) {
      this.link(last, node);
      last = node;
    }
    this.link(last, END);
  }

  first(): number {
    return this.next[END];
  }

  after(node: number): number {
    return this.next[node];
  }

  isCall(node: number): boolean {
    return node % 2 === 1;
  }

  /** Which operation a call or return belongs to, by its index. */
  operationOf(node: number): number {
    return (node - 1) >> 1;
  }

  callOf(operation: number): number {
    return 2 * operation + 1;
  }

  /** Takes call and return of an operation out. */
  lift(operation: number): void {
    this.unlink(this.callOf(operation));
    if (this.isAnswered(operation)) this.unlink(this.returnOf(operation));
  }

  /** Puts back what was lifted last, in reverse order: a node still knows its neighbours of then. */
  unlift(operation: number): void {
    if (this.isAnswered(operation)) this.relink(this.returnOf(operation));
    this.relink(this.callOf(operation));
  }

  private returnOf(operation: number): number {
    return 2 * operation + 2;
  }

  private isAnswered(operation: number): boolean {
    return this.spans[operation].return !== Number.POSITIVE_INFINITY;
  }

  /** At the same instant calls come first: two operations that touch may have overlapped, so no order is claimed. */
  private eventsInOrder(): number[] {
    const events: number[] = [];
    for (let operation = 0; operation < this.spans.length; operation++) {
      events.push(this.callOf(operation));
      if (this.isAnswered(operation)) events.push(this.returnOf(operation));
    }
    const timeOf = (node: number): number => {
      const span = this.spans[this.operationOf(node)];
      return this.isCall(node) ? span.call : span.return;
    };
    return events.sort((a, b) => timeOf(a) - timeOf(b) || Number(this.isCall(b)) - Number(this.isCall(a)) || a - b);
  }

  private link(from: number, to: number): void {
    this.next[from] = to;
    this.previous[to] = from;
  }

  private unlink(node: number): void {
    this.next[this.previous[node]] = this.next[node];
    this.previous[this.next[node]] = this.previous[node];
  }

  private relink(node: number): void {
    this.next[this.previous[node]] = node;
    this.previous[this.next[node]] = node;
  }
}
