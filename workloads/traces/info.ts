/** What a trace is like, in one page of figures. */
import { OPERATION_NAMES } from "../operations.js";
import type { Trace } from "./open.js";

export interface TraceInfo {
  readonly name: string;
  readonly format: string;
  readonly requests: number;
  readonly distinct: number;
  /** Keys requested exactly once: no cache can hit them. */
  readonly once: number;
  /** Share of the requests that go to the most requested key, 0 to 1. */
  readonly hottestShare: number;
  readonly hottestKey: string;
  /** Miss ratio of an unbounded cache: distinct / requests. */
  readonly coldMissRatio: number;
  /** Bytes by request, and the sum over distinct keys at their largest (the footprint); null: the format has no sizes. */
  readonly sizes: { min: number; mean: number; max: number; footprint: number } | null;
  /** Seconds; null: the format has no times. */
  readonly time: { first: number; last: number } | null;
  /** Requests by operation, those that occur; null: the format has no operations. */
  readonly operations: Readonly<Record<string, number>> | null;
}

/** Counts it all in one pass over a loaded trace. */
export function traceInfo(trace: Trace): TraceInfo {
  const counts = new Uint32Array(trace.distinct);
  for (let i = 0; i < trace.requests; i++) counts[trace.ids[i]]++;
  const hottest = counts.reduce((best, count, id) => (count > counts[best] ? id : best), 0);
  return {
    name: trace.name,
    format: trace.format,
    requests: trace.requests,
    distinct: trace.distinct,
    once: counts.reduce((sum, count) => sum + (count === 1 ? 1 : 0), 0),
    hottestShare: counts[hottest] / trace.requests,
    hottestKey: trace.keyOf(hottest),
    coldMissRatio: trace.distinct / trace.requests,
    sizes: trace.sizes === null ? null : sizesOf(trace, trace.sizes),
    time: trace.times === null ? null : { first: trace.times[0], last: trace.times[trace.requests - 1] },
    operations: trace.ops === null ? null : operationsOf(trace.ops),
  };
}

function sizesOf(trace: Trace, sizes: Uint32Array) {
  const largest = new Uint32Array(trace.distinct);
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  let sum = 0;
  for (let i = 0; i < trace.requests; i++) {
    const size = sizes[i];
    min = Math.min(min, size);
    max = Math.max(max, size);
    sum += size;
    if (size > largest[trace.ids[i]]) largest[trace.ids[i]] = size;
  }
  return { min, mean: sum / trace.requests, max, footprint: largest.reduce((total, size) => total + size, 0) };
}

function operationsOf(ops: Uint8Array): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const op of ops) {
    const name = OPERATION_NAMES[op];
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
