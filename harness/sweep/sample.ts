import type { SweepTrace } from "./shared-trace.js";

/** Samples drawn from disjoint parts of the ids: what an estimate's standard error is taken over. */
export const SAMPLES = 4;
/** Distinct ids a sample should have, so that even a thousandth of them is a cache of some entries. */
const IDS_A_SAMPLE = 16_384;
/** Below this many times its samples' ids a trace is simulated whole. */
const WORTHWHILE = 2;

/** The share of the ids each of the samples takes; null: the trace is small enough to be simulated whole. */
export function chooseRate(distinct: number): number | null {
  return distinct <= WORTHWHILE * SAMPLES * IDS_A_SAMPLE ? null : IDS_A_SAMPLE / distinct;
}

/**
 * The requests to the ids whose hash falls into the nth slice, `rate` wide, of its range: a spatial sample, in which every id has all of
 * its requests or none, so that its reuse distances are those of the whole scaled by `rate` (Waldspurger, Park, Garthwaite, Ahmad:
 * "Efficient MRC construction with SHARDS", FAST 2015). Slices are disjoint. Null when no id falls into it.
 */
export function spatialSample(trace: SweepTrace, rate: number, slice: number, seed: number): SweepTrace | null {
  const from = slice * rate * 2 ** 32;
  const to = from + rate * 2 ** 32;
  const sampled = new Int32Array(trace.distinct).fill(-1);
  for (let id = 0; id < trace.distinct; id++) {
    const hash = spread(id, seed);
    if (hash >= from && hash < to) sampled[id] = 0;
  }
  let requests = 0;
  for (const id of trace.ids) if (sampled[id] >= 0) requests++;
  if (requests === 0) return null;

  const positions = new Uint32Array(requests);
  const ids = new Uint32Array(new SharedArrayBuffer(4 * requests));
  const renamed = new Int32Array(trace.distinct).fill(-1);
  let distinct = 0;
  let taken = 0;
  for (let position = 0; position < trace.ids.length; position++) {
    const id = trace.ids[position];
    if (sampled[id] < 0) continue;
    if (renamed[id] < 0) renamed[id] = distinct++;
    positions[taken] = position;
    ids[taken++] = renamed[id];
  }
  const column = <Column extends Uint32Array | Uint8Array | Float64Array>(of: Column | null | undefined) =>
    of == null ? null : (of.slice(0, requests).map((_, i) => of[positions[i]]) as Column);
  return {
    name: trace.name,
    distinct,
    ids,
    sizes: column(trace.sizes),
    ops: column(trace.ops),
    times: column(trace.times),
    ttls: column(trace.ttls),
  };
}

/** A hash of an id, 0 to 2^32 - 1: the finaliser of SplitMix over the id and the seed. */
function spread(id: number, seed: number): number {
  let z = (Math.imul(id + 1, 0x9e3779b9) + Math.imul(seed, 0x85ebca6b)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
