import { lookAhead } from "../../src/eviction/index.js";

/** A trace in shared memory: posting it to a worker copies nothing. */
export interface SharedTrace {
  readonly distinct: number;
  /** Dense ids, one a request. */
  readonly ids: Uint32Array;
  /** Bytes, one a request; null when no simulation counts them. */
  readonly sizes: Uint32Array | null;
  /** Positions of next uses, one a request; null when no simulation looks ahead. */
  readonly nextUse: Uint32Array | null;
}

export function shareTrace(
  trace: { distinct: number; ids: Uint32Array; sizes: Uint32Array | null },
  needs: { sizes: boolean; future: boolean },
): SharedTrace {
  const { distinct } = trace;
  const ids = shared(trace.ids);
  const sizes = needs.sizes && trace.sizes !== null ? shared(trace.sizes) : null;
  const nextUse = needs.future ? lookAhead(ids, distinct, emptyShared(ids.length)).nextUse : null;
  return { distinct, ids, sizes, nextUse };
}

function shared(column: Uint32Array): Uint32Array {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const copy = emptyShared(column.length);
  copy.set(column);
  return copy;
}

function emptyShared(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(length * Uint32Array.BYTES_PER_ELEMENT));
}
