/** Latencies as a program reads them: percentiles of the operations that were timed. */
import type { Histogram } from "../../metrics/index.js";
import { readCounts, SAMPLED_KINDS, type SampledKind } from "./banks.js";

/** Of one kind of operation, since the store was made; nanoseconds, the cost of the clock subtracted. Null where nothing was timed. */
export interface SampledLatency {
  /** Operations that were timed: about one in `sampledOneIn`. */
  count: number;
  /** Of those that were timed. */
  mean: number | null;
  /** Half of them took no longer. */
  p50: number | null;
  /** 95 % of them took no longer. */
  p95: number | null;
  /** 99 % of them took no longer. */
  p99: number | null;
  /** 99.9 % of them took no longer. */
  p999: number | null;
  /** The longest of them. */
  max: number | null;
}

/** By kind of operation; of all threads, since the store was made. */
export type Latencies = Record<SampledKind, SampledLatency> & {
  /** One operation in so many is timed; 0 = none (`sampling: 0`). */
  sampledOneIn: number;
};

/** @param banks null in a store that times nothing */
export function latenciesOf(banks: ArrayBufferLike | null, share: number): Latencies {
  const kinds = SAMPLED_KINDS.map((kind) => [kind, latencyOf(banks === null ? null : readCounts(banks, kind))]);
  return {
    ...(Object.fromEntries(kinds) as Record<SampledKind, SampledLatency>),
    sampledOneIn: share === 0 ? 0 : 1 / share,
  };
}

function latencyOf(histogram: Histogram | null): SampledLatency {
  if (histogram === null || histogram.count === 0) {
    return { count: 0, mean: null, p50: null, p95: null, p99: null, p999: null, max: null };
  }
  return {
    count: histogram.count,
    mean: histogram.mean,
    p50: histogram.percentile(0.5),
    p95: histogram.percentile(0.95),
    p99: histogram.percentile(0.99),
    p999: histogram.percentile(0.999),
    max: histogram.max,
  };
}

/** All counts so far, by operation: what a monitor takes differences of. */
export function histogramsOf(banks: ArrayBufferLike): Map<SampledKind, Histogram> {
  return new Map(SAMPLED_KINDS.map((kind) => [kind, readCounts(banks, kind)]));
}
