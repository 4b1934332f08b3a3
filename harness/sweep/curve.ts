import { InvalidArgumentError } from "../../src/errors.js";
import { type By, type PolicyName, StackDistances } from "../../src/eviction/index.js";
import type { Simulated } from "./messages.js";
import type { Pair } from "./plan.js";
import { chooseRate, SAMPLES, spatialSample } from "./sample.js";
import { type SweepTrace, sharedKinds, shareTrace } from "./shared-trace.js";
import { overTraces, type Simulations } from "./simulation-pool.js";
import { footprintOf } from "./sizes.js";
import { type AboutTrace, aboutTrace, requestedBytes, rowOf, type SweepProgress, type SweepRow } from "./sweep.js";

/** Capacities of a curve run from this share of the working set to all of it. */
const LEAST_SHARE = 0.001;

export interface CurveOptions {
  traces: Iterable<SweepTrace> | AsyncIterable<SweepTrace>;
  policies: readonly PolicyName[];
  /** Capacities on each curve, from 0.1 % to 100 % of the working set in equal factors. */
  points: number;
  by: By;
  /** Share of the ids each of the four samples takes, up to 1/4; 1: simulate everything. Default: as chooseRate says. */
  rate?: number;
  threads?: number;
  seed?: number;
  signal?: AbortSignal;
  /** Who simulates, in place of threads of this process. */
  simulations?: Simulations;
  onProgress?: (progress: SweepProgress) => void;
}

/** A row of a curve. Where it was estimated, hits, misses and evictions are the estimates, rounded. */
export interface CurveRow extends SweepRow {
  /** One standard error of `missRatio`, over the samples; absent where the counts are exact. */
  readonly missRatioError?: number;
}

export interface Curves {
  readonly trace: string;
  readonly rows: CurveRow[];
  /** Share of the ids in each of the four samples; null: everything is exact. */
  readonly rate: number | null;
  /**
   * What the samples make of lru, whose curve is known exactly, against what it is: the mean and the greatest absolute difference in
   * miss ratio. Null when nothing was sampled or lru is not known exactly.
   */
  readonly lruDeviation: { readonly mean: number; readonly greatest: number } | null;
}

/**
 * Miss-ratio curves. lru by objects, of a trace that only reads, is exact at all capacities from one pass (stack distances). The
 * others are simulated at each capacity: whole where the trace is small, else by four disjoint spatial samples of the ids at capacities
 * scaled down alike, whose spread gives the standard error. An estimate counts misses against the requests a sample should have had,
 * not those it happened to get (the adjustment of SHARDS).
 *
 * @throws InvalidArgumentError as sweep does
 */
export async function* missRatioCurves(options: CurveOptions): AsyncGenerator<Curves> {
  yield* overTraces(options, (pool, trace) => curvesOf(pool, trace, options));
}

async function curvesOf(pool: Simulations, trace: SweepTrace, options: CurveOptions): Promise<Curves> {
  const { policies, by, points } = options;
  const rate = options.rate === 1 ? null : (options.rate ?? chooseRate(trace.distinct));
  const capacities = capacitiesOf(trace, by, points);
  const about = aboutTrace(trace, requestedBytes({ sizes: trace.sizes, kinds: sharedKinds(trace.ops ?? null) }));
  // stack distances do not tell the bytes that miss: with sizes they are worth it only where the rest is sampled
  const isKnown = by === "objects" && isPlain(trace) && (rate !== null || trace.sizes === null);
  const known = isKnown ? exactLru(trace, about, capacities) : null;
  const simulated = policies.filter((policy) => policy !== "lru" || known === null);
  const counted = rate !== null && known !== null ? [...simulated, "lru" as const] : simulated;
  const pairs = counted.flatMap((policy) => capacities.map((capacity) => ({ policy, capacity, by })));
  const rows =
    rate === null
      ? await whole(pool, trace, about, pairs, options)
      : await estimated(pool, trace, about, pairs, rate, options);
  const estimatedLru = rows.slice(simulated.length * capacities.length);
  const rowsOf = (policy: PolicyName) =>
    policy === "lru" && known !== null ? withBytesOf(known, estimatedLru) : rows.filter((row) => row.policy === policy);
  return {
    trace: trace.name,
    rows: policies.flatMap(rowsOf),
    rate,
    lruDeviation: known !== null && rate !== null ? deviation(known, estimatedLru) : null,
  };
}

/** `points` capacities in equal factors, each once, the last the whole working set. */
function capacitiesOf(trace: SweepTrace, by: By, points: number): number[] {
  const footprint = footprintOf(trace);
  const workingSet = by === "bytes" ? footprint.bytes : footprint.objects;
  if (workingSet === null) {
    throw new InvalidArgumentError(`${trace.name}: no object sizes in this trace, expected --by objects`);
  }
  const factor = points === 1 ? 1 : LEAST_SHARE ** (1 / (points - 1));
  const capacities = Array.from({ length: points }, (_, i) =>
    Math.max(1, Math.round(workingSet * factor ** (points - 1 - i))),
  );
  return [...new Set(capacities)];
}

function isPlain(trace: SweepTrace): boolean {
  return !trace.ops?.some((op) => op !== 0) && !trace.ttls?.some((ttl: number) => ttl > 0);
}

/** Exact rows with the byte ratios of estimated ones, where there are any. */
function withBytesOf(known: readonly CurveRow[], estimates: readonly CurveRow[]): CurveRow[] {
  return known.map((row, i) => {
    const { requestedBytes, missedBytes, byteMissRatio } = estimates[i] ?? {};
    return byteMissRatio === undefined ? row : { ...row, requestedBytes, missedBytes, byteMissRatio };
  });
}

function exactLru({ ids, distinct }: SweepTrace, about: AboutTrace, capacities: readonly number[]): CurveRow[] {
  const start = performance.now();
  const distances = new StackDistances(distinct);
  for (const id of ids) distances.observe(id);
  const milliseconds = performance.now() - start;
  return distances.missesAt(capacities).map((misses, i) => {
    const evictions = misses - Math.min(capacities[i], distinct);
    const outcome = { hits: ids.length - misses, misses, missedBytes: null, evictions, milliseconds };
    return rowOf(about, ids.length, { policy: "lru", capacity: capacities[i], by: "objects" }, outcome);
  });
}

async function whole(
  pool: Simulations,
  trace: SweepTrace,
  about: AboutTrace,
  pairs: readonly Pair[],
  options: CurveOptions,
): Promise<CurveRow[]> {
  const outcomes = await simulate(pool, trace, pairs, options, 1, 0);
  return outcomes.map((outcome, i) => rowOf(about, trace.ids.length, pairs[i], outcome));
}

async function estimated(
  pool: Simulations,
  trace: SweepTrace,
  about: AboutTrace,
  pairs: readonly Pair[],
  rate: number,
  options: CurveOptions,
): Promise<CurveRow[]> {
  const scaled = pairs.map((pair) => ({ ...pair, capacity: Math.max(1, Math.round(pair.capacity * rate)) }));
  const estimates: Estimate[][] = [];
  for (let slice = 0; slice < SAMPLES; slice++) {
    const sample = spatialSample(trace, rate, slice, options.seed ?? 1);
    if (sample === null) continue;
    const outcomes = await simulate(pool, sample, scaled, options, SAMPLES, slice);
    estimates.push(outcomes.map((outcome) => estimateOf(outcome, trace, about, sample, rate)));
  }
  if (estimates.length < 2) {
    throw new InvalidArgumentError(
      `${trace.name}: ${trace.distinct} ids are too few to sample at a rate of ${rate}, expected a higher --sample`,
    );
  }
  return pairs.map((pair, i) => {
    const ofPair = estimates.map((ofSample) => ofSample[i]);
    const mean = (of: (estimate: Estimate) => number) => ofPair.reduce((sum, one) => sum + of(one), 0) / ofPair.length;
    const missRatio = mean((one) => one.missRatio);
    const variance = ofPair.reduce((sum, one) => sum + (one.missRatio - missRatio) ** 2, 0) / (ofPair.length - 1);
    const lookups = Math.round(mean((one) => one.lookups));
    const misses = Math.round(missRatio * lookups);
    const evictions = Math.round(mean((one) => one.evictions));
    const milliseconds = ofPair.reduce((sum, one) => sum + one.milliseconds, 0);
    const missedBytes = about.requestedBytes === null ? null : Math.round(mean((one) => one.missedBytes));
    const outcome = { hits: lookups - misses, misses, missedBytes, evictions, milliseconds };
    const row = rowOf(about, trace.ids.length, pair, outcome);
    return { ...row, missRatio, missRatioError: Math.sqrt(variance / ofPair.length) };
  });
}

interface Estimate {
  readonly missRatio: number;
  /** Of the whole trace. */
  readonly lookups: number;
  readonly missedBytes: number;
  readonly evictions: number;
  readonly milliseconds: number;
}

/** A sample that drew too many or too few requests did so by its hottest ids, which hit at any capacity: the difference counts as hits. */
function estimateOf(
  outcome: Simulated,
  trace: SweepTrace,
  about: AboutTrace,
  sample: SweepTrace,
  rate: number,
): Estimate {
  const { hits, misses, evictions, milliseconds } = outcome;
  const lookupShare = (hits + misses) / sample.ids.length;
  const lookups = lookupShare * trace.ids.length;
  const expected = lookups * rate;
  const missRatio = expected === 0 ? 0 : Math.min(1, misses / expected);
  const missedBytes = Math.min(about.requestedBytes ?? 0, (outcome.missedBytes ?? 0) / rate);
  return { missRatio, lookups, missedBytes, evictions: evictions / rate, milliseconds };
}

async function simulate(
  pool: Simulations,
  trace: SweepTrace,
  pairs: readonly Pair[],
  { seed = 1, onProgress }: CurveOptions,
  parts: number,
  part: number,
): Promise<Simulated[]> {
  if (pairs.length === 0) return [];
  const shared = shareTrace(trace, { future: pairs.some(({ policy }) => policy === "opt") });
  const total = pairs.length * trace.ids.length;
  let done = 0;
  return pool.run(shared, pairs, { seed, windows: 0 }, (requests) => {
    done += requests;
    onProgress?.({ trace: trace.name, done: part * total + done, total: parts * total });
  });
}

function deviation(known: readonly SweepRow[], estimates: readonly SweepRow[]) {
  const differences = known.map((row, i) => Math.abs(row.missRatio - estimates[i].missRatio));
  return {
    mean: differences.reduce((sum, difference) => sum + difference, 0) / differences.length,
    greatest: Math.max(...differences),
  };
}
