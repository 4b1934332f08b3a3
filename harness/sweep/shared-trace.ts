import { InvalidArgumentError } from "../../src/errors.js";
import {
  lookAhead,
  lookAheadOperations,
  NOTHING,
  type Operations,
  READ,
  REMOVE,
  UPDATE,
  WRITE,
} from "../../src/eviction/index.js";
import { type NumberColumn, OPERATION_NAMES, type OperationName, type Trace } from "../../workloads/index.js";

/** What the simulator needs of a trace. Without `ops` every request is a read that inserts when it misses. */
export type SweepTrace = Pick<Trace, "name" | "distinct" | "ids" | "sizes"> &
  Partial<Pick<Trace, "ops" | "times" | "ttls" | "reading">>;

/** A trace in shared memory: posting it to a worker copies nothing. */
export interface SharedTrace extends Operations {
  readonly distinct: number;
  /** Whether requests are more than reads: null columns are not enough to tell for `kinds` of reads that expire. */
  readonly plain: boolean;
  /** For policies that look ahead: the ids that are looked up, and the position of each one's next use; null when none does. */
  readonly future: { readonly ids: Uint32Array; readonly nextUse: Uint32Array } | null;
}

/** What a request of each operation does to a cache. A trace's "other" (a SCSI command that moves no data) does nothing. */
const KIND_OF: Readonly<Record<OperationName, number>> = {
  get: READ,
  getOrSet: READ,
  set: WRITE,
  insert: WRITE,
  increment: UPDATE,
  readModifyWrite: UPDATE,
  delete: REMOVE,
  other: NOTHING,
};

/** Times and times to live are whole numbers of these, so that the sum of two is exact: an entry is gone at its moment, not a hair before or behind. */
const MICROSECONDS = 1e6;

/**
 * @param needs `future`: a simulation looks ahead
 * @throws InvalidArgumentError when entries expire at times that the trace does not tell
 */
export function shareTrace(trace: SweepTrace, needs: { future: boolean }): SharedTrace {
  const { distinct } = trace;
  const ids = shared(trace.ids);
  const sizes = trace.sizes === null ? null : shared(trace.sizes);
  const kinds = sharedKinds(trace.ops ?? null);
  const ttls = trace.ttls?.some((ttl: number) => ttl > 0) ? microseconds(trace.ttls) : null;
  if (ttls !== null && !trace.times) {
    throw new InvalidArgumentError(
      `${trace.name}: requests have a time to live but no time, so nobody can tell when entries expire; expected a time column too`,
    );
  }
  const times = ttls !== null && trace.times ? microseconds(trace.times) : null;
  const future = needs.future ? sharedFuture(ids, kinds, distinct) : null;
  return { distinct, ids, kinds, sizes, times, ttls, plain: kinds === null && ttls === null, future };
}

/** The shortest time to live is one of them: 0 is for ever. */
function microseconds(seconds: NumberColumn): Float64Array {
  const whole = new Float64Array(new SharedArrayBuffer(8 * seconds.length));
  for (let i = 0; i < whole.length; i++) {
    const time = seconds[i];
    whole[i] = Math.round(time * MICROSECONDS) || (time > 0 ? 1 : 0);
  }
  return whole;
}

/** Null when every request is a read. */
export function sharedKinds(ops: Uint8Array | null): Uint8Array | null {
  if (ops === null) return null;
  const kindOf = OPERATION_NAMES.map((name) => KIND_OF[name]);
  if (ops.every((op) => kindOf[op] === READ)) return null;
  const kinds = new Uint8Array(new SharedArrayBuffer(ops.length));
  for (let request = 0; request < ops.length; request++) kinds[request] = kindOf[ops[request]] ?? NOTHING;
  return kinds;
}

/** For policies that look ahead. O(requests); 4 bytes a request, 8 where not all are reads. */
export function sharedFuture(ids: Uint32Array, kinds: Uint8Array | null, distinct: number) {
  if (kinds === null) return lookAhead(ids, distinct, new Uint32Array(new SharedArrayBuffer(ids.byteLength)));
  const future = lookAheadOperations(ids, kinds, distinct);
  return { ids: shared(future.ids), nextUse: shared(future.nextUse) };
}

function shared<Column extends Uint32Array | Float64Array>(column: Column): Column {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const Numbers = column.constructor as new (buffer: SharedArrayBuffer) => Column;
  const copy = new Numbers(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}
