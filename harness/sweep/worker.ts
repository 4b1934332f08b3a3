/** A simulation thread: runs pairs one after another over a trace in shared memory. */
import { parentPort } from "node:worker_threads";
import { createPolicy, loadSimulatedCache } from "../../src/eviction/index.js";
import type { Order, Outcome, Report } from "./messages.js";
import type { Pair } from "./plan.js";
import type { SharedTrace } from "./shared-trace.js";

/** Requests between two reports of progress: 10 to 60 ms of work. */
const STRETCH = 1 << 20;

if (parentPort === null) throw new Error("harness/sweep/worker.ts only runs as a worker thread");
const port = parentPort;
let trace: SharedTrace | undefined;

port.on("message", (order: Order) => {
  if (order.kind === "trace") trace = order.trace;
  else void run(order.pair, order.seed);
});

async function run(pair: Pair, seed: number): Promise<void> {
  if (trace === undefined) throw new Error("a pair was ordered before a trace");
  const outcome = await simulate(trace, pair, seed);
  port.postMessage({ kind: "finished", outcome } satisfies Report);
}

async function simulate(trace: SharedTrace, { policy, capacity, by }: Pair, seed: number): Promise<Outcome> {
  const { ids, sizes, distinct, plain } = trace;
  const SimulatedCache = await loadSimulatedCache(policy);
  const built = createPolicy(policy, { capacity, distinct, by, seed, future: trace.future ?? undefined });
  const cache = new SimulatedCache(built, capacity, by, distinct);
  let milliseconds = 0;
  for (let from = 0; from < ids.length; from += STRETCH) {
    const to = Math.min(from + STRETCH, ids.length);
    const start = performance.now();
    if (plain) cache.replay(ids, sizes, from, to);
    else cache.replayOperations(trace, from, to);
    milliseconds += performance.now() - start;
    port.postMessage({ kind: "replayed", requests: to - from } satisfies Report);
  }
  return { hits: cache.hits, misses: cache.misses, evictions: cache.evictions, milliseconds };
}
