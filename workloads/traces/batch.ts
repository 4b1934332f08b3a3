/**
 * A run of trace requests as a struct of arrays. Readers fill one batch over and over, so memory stays flat however
 * large the file is: whoever wants to keep a batch copies it.
 *
 * A trace names its keys either by 64-bit number (`lo`, `hi`: the two unsigned halves, exact beyond 2^53) or by string
 * (`keys`); `idKind` says which and never changes within a trace. `signed` tells how a 64-bit id prints.
 */
export type IdKind = "number" | "string";

/** Columns a format carries besides the id. A column that is absent holds no data in any batch. */
export interface TraceColumns {
  readonly size: boolean;
  readonly op: boolean;
  readonly time: boolean;
  readonly ttl: boolean;
  /** Whether each request says when its key is requested next. */
  readonly next: boolean;
}

/** Requests a batch holds at most: large enough to hide the cost of an await, small enough for the second-level cache. */
export const BATCH_CAPACITY = 8192;

export class TraceBatch {
  readonly idKind: IdKind;
  /** Numeric ids: whether the top bit is a sign (Java's longs) or part of the number (C's uint64_t). */
  readonly signed: boolean;
  readonly columns: TraceColumns;
  /** Requests in this batch; entries beyond it are leftovers. */
  count = 0;
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
  readonly keys: string[];
  /** Bytes, whole numbers. */
  readonly sizes: Float64Array;
  /** Codes of `operations.ts`. */
  readonly ops: Uint8Array;
  /** Seconds, from whatever zero the trace uses. */
  readonly times: Float64Array;
  /** Seconds, 0 = never expires. */
  readonly ttls: Float64Array;
  /** The 1-based number of the next request of the same key, 0 = there is none. */
  readonly nexts: Float64Array;

  constructor(idKind: IdKind, columns: Partial<TraceColumns> = {}, signed = false) {
    this.idKind = idKind;
    this.signed = signed;
    this.columns = {
      size: columns.size === true,
      op: columns.op === true,
      time: columns.time === true,
      ttl: columns.ttl === true,
      next: columns.next === true,
    };
    const numbers = idKind === "number" ? BATCH_CAPACITY : 0;
    this.lo = new Uint32Array(numbers);
    this.hi = new Uint32Array(numbers);
    this.keys = idKind === "string" ? new Array<string>(BATCH_CAPACITY).fill("") : [];
    this.sizes = new Float64Array(this.columns.size ? BATCH_CAPACITY : 0);
    this.ops = new Uint8Array(this.columns.op ? BATCH_CAPACITY : 0);
    this.times = new Float64Array(this.columns.time ? BATCH_CAPACITY : 0);
    this.ttls = new Float64Array(this.columns.ttl ? BATCH_CAPACITY : 0);
    this.nexts = new Float64Array(this.columns.next ? BATCH_CAPACITY : 0);
  }

  get full(): boolean {
    return this.count === BATCH_CAPACITY;
  }
}
