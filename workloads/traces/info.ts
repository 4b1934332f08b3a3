/** What a trace is like, in one page of figures. */
import { OPERATION_NAMES } from "../operations.js";
import { withRoomFor } from "./growing.js";
import type { NumberColumn } from "./load-columns.js";
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
  /** The most requested keys, ten at most. `name`: what the hash of an operation log stands for, where its owner has told. */
  readonly hottest: readonly {
    readonly key: string;
    readonly requests: number;
    readonly share: number;
    readonly name?: string;
  }[];
  /** Miss ratio of an unbounded cache: distinct / requests. */
  readonly coldMissRatio: number;
  /** Bytes by request, and the sum over distinct keys at their largest (the footprint); null: the format has no sizes. */
  readonly sizes: { min: number; mean: number; max: number; footprint: number } | null;
  /** Seconds; null: the format has no times. */
  readonly time: { first: number; last: number } | null;
  /** Requests by operation, those that occur; null: the format has no operations. */
  readonly operations: Readonly<Record<string, number>> | null;
}

/** What a run of requests brings to a summary, a column each; null (or empty): the format has none. */
export interface SummaryColumns {
  readonly sizes: NumberColumn | null;
  readonly ops: Uint8Array | null;
  readonly times: Float64Array | null;
}

/** Counts it all in one pass, request by request: memory follows the distinct keys (12 bytes each), not the requests. */
export class TraceSummary {
  requests = 0;
  /** Requests by key. */
  private counts = new Uint32Array(1024);
  private largest = new Float64Array(1024);
  private distinct = 0;
  private sized = 0;
  private sum = 0;
  private least = Number.POSITIVE_INFINITY;
  private most = 0;
  private hasSizes = false;
  private first: number | null = null;
  private last = 0;
  private ops: Float64Array | null = null;

  /** @param unknownSizes a size of 0 is one that the trace does not know: it counts for nothing */
  constructor(private readonly unknownSizes = false) {}

  /** Requests by key, as far as there are keys. */
  get countsByKey(): Uint32Array {
    return this.counts.subarray(0, this.distinct);
  }

  /** @param ids dense, in order of first appearance */
  add(ids: Uint32Array, { sizes, ops, times }: SummaryColumns): void {
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (id >= this.distinct) {
        this.distinct = id + 1;
        this.counts = withRoomFor(this.counts, id);
      }
      this.counts[id]++;
    }
    this.requests += ids.length;
    if (sizes !== null) this.addSizes(ids, sizes);
    if (ops !== null) this.addOperations(ops, ids.length);
    if (times === null || ids.length === 0) return;
    this.first ??= times[0];
    this.last = times[ids.length - 1];
  }

  /** @throws RangeError when nothing has been added */
  finish(name: string, format: string, keyOf: (id: number) => string): TraceInfo {
    const { requests, distinct } = this;
    if (requests === 0) throw new RangeError("no request has been added, expected at least one");
    const counts = this.countsByKey;
    const hottest = counts.reduce((best, count, id) => (count > counts[best] ? id : best), 0);
    return {
      name,
      format,
      requests,
      distinct,
      once: counts.reduce((sum, count) => sum + (count === 1 ? 1 : 0), 0),
      hottestShare: counts[hottest] / requests,
      hottestKey: keyOf(hottest),
      hottest: hottestOf(counts, requests, keyOf),
      coldMissRatio: distinct / requests,
      sizes: this.hasSizes ? this.sizes() : null,
      time: this.first === null ? null : { first: this.first, last: this.last },
      operations: this.operations(),
    };
  }

  private addSizes(ids: Uint32Array, sizes: NumberColumn): void {
    this.hasSizes = true;
    this.largest = withRoomFor(this.largest, this.distinct);
    for (let i = 0; i < ids.length; i++) {
      const size = sizes[i];
      if (size === 0 && this.unknownSizes) continue;
      this.sized++;
      this.sum += size;
      if (size < this.least) this.least = size;
      if (size > this.most) this.most = size;
      if (size > this.largest[ids[i]]) this.largest[ids[i]] = size;
    }
  }

  private sizes(): NonNullable<TraceInfo["sizes"]> {
    const footprint = this.largest.reduce((total, size) => total + size, 0);
    if (this.sized === 0) return { min: 0, mean: 0, max: 0, footprint };
    return { min: this.least, mean: this.sum / this.sized, max: this.most, footprint };
  }

  private addOperations(ops: Uint8Array, count: number): void {
    this.ops ??= new Float64Array(OPERATION_NAMES.length);
    for (let i = 0; i < count; i++) this.ops[ops[i]]++;
  }

  private operations(): TraceInfo["operations"] {
    const { ops } = this;
    if (ops === null) return null;
    return Object.fromEntries(OPERATION_NAMES.flatMap((name, op) => (ops[op] > 0 ? [[name, ops[op]]] : [])));
  }
}

/** Keys that `hottest` names. */
const NAMED = 10;

/** The most requested first; of those that are requested as often, the first to appear. O(distinct). */
function hottestOf(counts: Uint32Array, requests: number, keyOf: (id: number) => string): TraceInfo["hottest"] {
  const ids: number[] = [];
  for (let id = 0; id < counts.length; id++) {
    if (ids.length === NAMED && counts[id] <= counts[ids[NAMED - 1]]) continue;
    const at = ids.findIndex((other) => counts[other] < counts[id]);
    ids.splice(at < 0 ? ids.length : at, 0, id);
    ids.length = Math.min(ids.length, NAMED);
  }
  return ids.map((id) => ({ key: keyOf(id), requests: counts[id], share: counts[id] / requests }));
}

/** The summary of a loaded trace. */
export function traceInfo(trace: Trace): TraceInfo {
  const summary = new TraceSummary();
  summary.add(trace.ids, trace);
  return summary.finish(trace.name, trace.format, trace.keyOf);
}
