import { type AdaptiveDecision, type By, type PolicyName, READ, UPDATE } from "../../src/eviction/index.js";
import { describeReading } from "../../workloads/index.js";
import type { Simulated } from "./messages.js";
import { type Pair, planPairs } from "./plan.js";
import { NOT_FIXED, type Regret, regretOf } from "./regret.js";
import { type SharedTrace, type SweepTrace, shareTrace } from "./shared-trace.js";
import { overTraces, type Simulations } from "./simulation-pool.js";
import { type CacheSize, footprintOf } from "./sizes.js";

export interface SweepOptions {
  /** Taken one after another, so that an async generator that loads them keeps one in memory at a time. */
  traces: Iterable<SweepTrace> | AsyncIterable<SweepTrace>;
  policies: readonly PolicyName[];
  /** See `parseSizes`. */
  sizes: readonly CacheSize[];
  /** Simulations at a time, one a worker thread. Default: as many as the machine runs in parallel. */
  threads?: number;
  /** For policies that draw random numbers. Default 1. */
  seed?: number;
  /** Equal parts of each trace to tell the hit ratio of, each by itself. Default 0, none. */
  windows?: number;
  /** Ends the threads and rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Who simulates, in place of threads of this process. */
  simulations?: Simulations;
  onProgress?: (progress: SweepProgress) => void;
}

export interface SweepProgress {
  readonly trace: string;
  /** Requests replayed over all pairs of this trace, of how many. */
  readonly done: number;
  readonly total: number;
  /** What there is to say beside: who works, how many jobs are done. */
  readonly note?: string;
}

/** One simulation's result: what `engram evict --json` prints. */
export interface SweepRow {
  readonly trace: string;
  readonly policy: PolicyName;
  /** In what `by` says. */
  readonly capacity: number;
  readonly by: By;
  /** Those that were looked up, hits + misses: a trace's writes and deletions are carried out but not counted. */
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  /** The object miss ratio: misses / requests, whatever the capacity counts; 0 when a trace reads nothing. */
  readonly missRatio: number;
  /** Bytes of the requests that were looked up, and of those that missed; absent where the trace has no sizes. */
  readonly requestedBytes?: number;
  readonly missedBytes?: number;
  /** The byte miss ratio: missedBytes / requestedBytes, whatever the capacity counts; 0 when no byte was asked for. */
  readonly byteMissRatio?: number;
  readonly evictions: number;
  /** Of the replay, writes and deletions included, in one thread, while the others ran too. */
  readonly nsPerRequest: number;
  /** Hit ratio over time: of each window, null where nothing was looked up. Absent when none were asked for. */
  readonly windowHitRatios?: readonly (number | null)[];
  /** With windows, of `adaptive`: when (in lookups) it changed to which policy, and why. */
  readonly decisions?: readonly AdaptiveDecision[];
  /** With windows, of `adaptive`: against the policies of this sweep that stay the same. Absent when there is none. */
  readonly regret?: Regret;
  /** How the trace was read, and why; absent where it was not read from a file. */
  readonly read?: string;
  /** What makes it doubtful that the trace was read as it is meant; absent where nothing does. */
  readonly warnings?: readonly string[];
}

/**
 * Simulates every policy at every size over every trace; exact counts. Rows by trace, then policy, then size as given. Keys are
 * interned once, by whoever loaded the trace; ids are shared between threads; each simulation takes memory in proportion to the
 * distinct ids (see each policy's doc comment) and none as it runs. `opt` takes 4 bytes a request besides (8 where not all are reads).
 *
 * A trace's operations count: see `Operations` for what reads, writes, updates and deletions do, and `replayOperations` for expiry.
 *
 * @throws InvalidArgumentError when a trace has no sizes to count a capacity in bytes by, or does not tell the times its entries expire at
 */
export async function sweep(options: SweepOptions): Promise<SweepRow[]> {
  const rows: SweepRow[] = [];
  for await (const some of overTraces(options, (pool, trace) => sweepTrace(pool, trace, options))) rows.push(...some);
  return rows;
}

async function sweepTrace(pool: Simulations, trace: SweepTrace, options: SweepOptions): Promise<SweepRow[]> {
  const { policies, sizes, seed = 1, windows = 0, onProgress } = options;
  const pairs = planPairs(trace.name, footprintOf(trace), policies, sizes);
  const shared = shareTrace(trace, { future: pairs.some(({ policy }) => policy === "opt") });
  const about = aboutTrace(trace, requestedBytes(shared));
  const total = pairs.length * trace.ids.length;
  let done = 0;
  const outcomes = await pool.run(shared, pairs, { seed, windows }, (requests) => {
    done += requests;
    onProgress?.({ trace: trace.name, done, total });
  });
  return outcomes.map((outcome, i) => {
    const row = rowOf(about, trace.ids.length, pairs[i], outcome);
    const regret = pairs[i].policy === "adaptive" ? regretAt(pairs[i], pairs, outcomes, outcome) : null;
    return regret === null ? row : { ...row, regret };
  });
}

/** What a pair lost against the fixed policies at its capacity; null without windows. */
function regretAt(pair: Pair, pairs: readonly Pair[], outcomes: readonly Simulated[], own: Simulated): Regret | null {
  if (own.windows === undefined) return null;
  const fixed = pairs.flatMap(({ policy, capacity, by }, i) => {
    const { windows } = outcomes[i];
    const compared = capacity === pair.capacity && by === pair.by && !NOT_FIXED.has(policy);
    return compared && windows !== undefined ? [{ policy, windows }] : [];
  });
  return regretOf(own.windows, fixed);
}

/** What all rows of a trace say of it. */
export interface AboutTrace {
  readonly trace: string;
  /** Bytes of the requests that are looked up; null: the trace has no sizes. */
  readonly requestedBytes: number | null;
  readonly read?: string;
  readonly warnings?: readonly string[];
}

export function aboutTrace({ name, reading }: SweepTrace, requestedBytes: number | null): AboutTrace {
  if (reading === undefined) return { trace: name, requestedBytes };
  const { warnings } = reading;
  return { trace: name, requestedBytes, read: describeReading(reading), ...(warnings.length > 0 && { warnings }) };
}

/** Bytes of the requests of a trace that are looked up. O(requests). */
export function requestedBytes({ sizes, kinds }: Pick<SharedTrace, "sizes" | "kinds">): number | null {
  if (sizes === null) return null;
  let bytes = 0;
  for (let i = 0; i < sizes.length; i++) {
    if (kinds === null || kinds[i] === READ || kinds[i] === UPDATE) bytes += sizes[i];
  }
  return bytes;
}

/** The row of one simulation. `requests`: of the trace, looked up or not. */
export function rowOf(
  about: AboutTrace,
  requests: number,
  { policy, capacity, by }: Pair,
  outcome: Simulated,
): SweepRow {
  const { trace, requestedBytes, read, warnings } = about;
  const { hits, misses, missedBytes, evictions, milliseconds } = outcome;
  const lookups = hits + misses;
  const nsPerRequest = Math.round((milliseconds * 1e8) / requests) / 100;
  const missRatio = lookups === 0 ? 0 : misses / lookups;
  const bytes = requestedBytes === null || missedBytes === null ? undefined : bytesOf(requestedBytes, missedBytes);
  const counts = {
    ...{ trace, policy, capacity, by, requests: lookups, hits, misses, missRatio, ...bytes, evictions, nsPerRequest },
    ...(read !== undefined && { read }),
    ...(warnings !== undefined && { warnings }),
  };
  if (outcome.windows === undefined) return counts;
  const { windows, decisions } = outcome;
  const windowHitRatios = windows.map((window) => (window.lookups === 0 ? null : window.hits / window.lookups));
  return { ...counts, windowHitRatios, ...(decisions && { decisions }) };
}

function bytesOf(requestedBytes: number, missedBytes: number) {
  return {
    requestedBytes,
    missedBytes,
    byteMissRatio: requestedBytes === 0 ? 0 : Math.min(1, missedBytes / requestedBytes),
  };
}
