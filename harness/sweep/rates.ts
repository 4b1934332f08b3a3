/**
 * How many requests a second each policy simulates in one thread, beside libCacheSim: `node dist/harness/sweep/rates.js [TRACE…] [--size 10%]`.
 * Without a trace, over 5 million requests to 500,000 keys, Zipf-distributed with exponent 1.
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { createPolicy, loadSimulatedCache, lookAhead, type PolicyName, policyNames } from "../../src/eviction/index.js";
import { keyChooser, NumberInterner, Random } from "../../workloads/index.js";
import { loadForSweep } from "./load.js";
import type { SweepTrace } from "./shared-trace.js";
import { capacityOf, footprintOf, parseSizes } from "./sizes.js";

/** Million requests a second of libCacheSim (commit aa0fc40) over 5.3 million requests, one thread, on the machine this was begun on. */
const REFERENCE: Partial<Record<PolicyName, number>> = {
  lru: 11,
  fifo: 19,
  arc: 16,
  sieve: 18,
  "s3-fifo": 7,
  lirs: 7,
};
/** The best of so many runs: what else the machine does can only slow a run down. */
const RUNS = 3;
const REQUESTS = 5_000_000;
const KEYS = 500_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { size: { type: "string", default: "10%" } },
});

if (positionals.length === 0) await print(zipfian());
for (const path of positionals) await print(await loadForSweep(path, { sizes: false }));

async function print(trace: SweepTrace): Promise<void> {
  const [size] = parseSizes(values.size, "objects");
  const capacity = capacityOf(size, trace.name, footprintOf(trace));
  const table = new Table({
    head: ["policy", "M requests/s", "ns/request", "libCacheSim", "times"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const policy of policyNames) {
    const rate = await millionsASecond(policy, trace, capacity);
    const reference = REFERENCE[policy];
    const against = reference === undefined ? ["", ""] : [String(reference), (rate / reference).toFixed(1)];
    table.push([policy, rate.toFixed(1), (1000 / rate).toFixed(1), ...against]);
  }
  const requests = trace.ids.length.toLocaleString("en-US");
  process.stdout.write(`${trace.name}: ${requests} requests, capacity ${capacity} objects, one thread\n${table}\n`);
}

async function millionsASecond(policy: PolicyName, { ids, distinct }: SweepTrace, capacity: number): Promise<number> {
  const Cache = await loadSimulatedCache(policy);
  const future = policy === "opt" ? lookAhead(ids, distinct) : undefined;
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const cache = new Cache(createPolicy(policy, { capacity, distinct, future }), capacity, "objects", distinct);
    const start = performance.now();
    cache.replay(ids, null, 0, ids.length);
    best = Math.min(best, performance.now() - start);
  }
  return ids.length / best / 1000;
}

function zipfian(): SweepTrace {
  const chooser = keyChooser({ distribution: "zipf", count: KEYS, exponent: 1 });
  const random = new Random(1);
  const dense = new NumberInterner(false, KEYS);
  const ids = new Uint32Array(REQUESTS);
  for (let request = 0; request < REQUESTS; request++) ids[request] = dense.intern(chooser.next(random), 0);
  return { name: "zipf 1.0", distinct: dense.size, ids, sizes: null };
}
