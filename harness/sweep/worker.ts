/** A simulation thread: runs pairs one after another over a trace in shared memory. */
import { parentPort } from "node:worker_threads";
import { Adaptive, createPolicy, loadSimulatedCache, type SimulatedCache } from "../../src/eviction/index.js";
import type { Order, Report, Settings, Simulated } from "./messages.js";
import type { Pair } from "./plan.js";
import type { WindowCount } from "./regret.js";
import type { SharedTrace } from "./shared-trace.js";

/** How long a policy runs in this thread before its time is counted, ms: by then it is compiled, and its tables have been touched. */
const WARM_UP_MS = 20;
const WARM_UP_STRETCH = 1 << 15;

/** Requests between two reports of progress: 10 to 60 ms of work. */
const STRETCH = 1 << 20;

if (parentPort === null) throw new Error("harness/sweep/worker.ts only runs as a worker thread");
const port = parentPort;
let trace: SharedTrace | undefined;
/** Policies that have run in this thread for long enough. */
const warm = new Set<string>();

port.on("message", (order: Order) => {
  if (order.kind === "trace") trace = order.trace;
  else void run(order.pair, order.settings);
});

async function run(pair: Pair, settings: Settings): Promise<void> {
  if (trace === undefined) throw new Error("a pair was ordered before a trace");
  const outcome = await simulate(trace, pair, settings);
  port.postMessage({ kind: "finished", outcome } satisfies Report);
}

async function simulate(trace: SharedTrace, pair: Pair, { seed, windows }: Settings): Promise<Simulated> {
  const { policy, capacity, by } = pair;
  const { ids, distinct, future } = trace;
  const Cache = await loadSimulatedCache(policy);
  const build = () => createPolicy(policy, { capacity, distinct, by, seed, future: future ?? undefined });
  if (!warm.has(policy)) warmUp(() => new Cache(build(), capacity, by, distinct), trace);
  warm.add(policy);
  const built = build();
  const cache = new Cache(built, capacity, by, distinct);
  if (windows === 0) {
    const milliseconds = replay(cache, trace, 0, ids.length);
    return { ...countsOf(cache, trace), milliseconds };
  }
  const counts: WindowCount[] = [];
  let milliseconds = 0;
  for (let window = 0; window < windows; window++) {
    const { hits, misses } = cache;
    const from = Math.floor((window * ids.length) / windows);
    milliseconds += replay(cache, trace, from, Math.floor(((window + 1) * ids.length) / windows));
    counts.push({ hits: cache.hits - hits, lookups: cache.hits + cache.misses - hits - misses });
  }
  const decisions = built instanceof Adaptive ? built.decisions : undefined;
  return { ...countsOf(cache, trace), milliseconds, windows: counts, decisions };
}

/**
 * What a policy costs is not what its first run costs. A short trace is gone through again and again, each time from an empty cache; a
 * long one pays for this once a policy and thread.
 */
function warmUp(makeCache: () => SimulatedCache, trace: SharedTrace): void {
  const { ids, sizes, plain } = trace;
  const deadline = performance.now() + WARM_UP_MS;
  do {
    const cache = makeCache();
    for (let from = 0; from < ids.length && performance.now() < deadline; from += WARM_UP_STRETCH) {
      const to = Math.min(from + WARM_UP_STRETCH, ids.length);
      if (plain) cache.replay(ids, sizes, from, to);
      else cache.replayOperations(trace, from, to);
    }
  } while (performance.now() < deadline);
}

function countsOf({ hits, misses, missedBytes, evictions }: SimulatedCache, { sizes }: SharedTrace) {
  return { hits, misses, missedBytes: sizes === null ? null : missedBytes, evictions };
}

/** Replays a part of the trace, tells of the progress, and gives the time it took in ms. */
function replay(cache: SimulatedCache, trace: SharedTrace, first: number, end: number): number {
  let milliseconds = 0;
  for (let from = first; from < end; from += STRETCH) {
    const to = Math.min(from + STRETCH, end);
    const start = performance.now();
    if (trace.plain) cache.replay(trace.ids, trace.sizes, from, to);
    else cache.replayOperations(trace, from, to);
    milliseconds += performance.now() - start;
    port.postMessage({ kind: "replayed", requests: to - from } satisfies Report);
  }
  return milliseconds;
}
