/**
 * `npm run rates -- [TRACE…] [--size 1%,10%] [--json]`: how many requests a second each policy simulates in one thread, beside
 * libCacheSim's. Without a trace, over 5.3 million requests to 500,000 keys, Zipf-distributed with exponent 1. Exits with 1 when a policy
 * that libCacheSim has a figure for is not at least five times as fast.
 */
import Table from "cli-table3";
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { createPolicy, loadSimulatedCache, lookAhead, type PolicyName } from "../../src/eviction/index.js";
import { keyChooser, NumberInterner, Random } from "../../workloads/index.js";
import { optionsOf } from "../command-line/program-options.js";
import type { SweepTrace } from "../sweep/index.js";
import { capacityOf, footprintOf, loadForSweep, parsePolicies, parseSizes } from "../sweep/index.js";

/**
 * Million requests a second of libCacheSim (commit aa0fc40, C, -O3), one thread, 5.3 million requests of another trace: it cannot be installed
 * everywhere this runs, so these are figures from the project's beginnings and not of this machine.
 */
const REFERENCE: Partial<Record<PolicyName, number>> = {
  lru: 11,
  fifo: 19,
  arc: 16,
  sieve: 18,
  "s3-fifo": 7,
  lirs: 7,
};
/** Ours over libCacheSim's, at least. */
const GOAL = 5;
/** The best of so many runs, what else the machine does can only slow a run down; of one, when that takes long. */
const RUNS = 3;
const LONG_MS = 1000;
const REQUESTS = 5_300_000;
const KEYS = 500_000;

interface Rate {
  readonly policy: PolicyName;
  /** Of the replay, over all capacities. */
  readonly replayNs: number;
  /** The same with this policy's share of the interning, which is done once for all. */
  readonly nsPerRequest: number;
  readonly millionsPerSecond: number;
  readonly libCacheSim: number | null;
  readonly times: number | null;
}

interface Rates {
  readonly trace: string;
  readonly requests: number;
  readonly capacities: readonly number[];
  /** Keys to dense ids: reading a file besides, where there is one. */
  readonly interningNs: number;
  readonly rates: readonly Rate[];
}

async function main(): Promise<void> {
  const program = new Command("rates")
    .argument("[trace...]", "traces (default: 5.3 million requests, Zipf-distributed)")
    .option("--size <sizes>", "capacities, in objects", "1%,10%")
    .option("--policy <names>", "separated by commas (default: all)", parsePolicies)
    .option("--json", "print the figures as JSON, alone on stdout");
  const options = optionsOf<{ size: string; policy?: PolicyName[]; json?: boolean }>(program);
  const { size, policy: policies = parsePolicies("all"), json } = options;
  const traces = program.args;
  const all: Rates[] = [];
  if (traces.length === 0) all.push(await measure(zipfian(), size, policies));
  for (const path of traces) {
    const start = performance.now();
    const trace = await loadForSweep(path, { sizes: false });
    all.push(await measure({ trace, interningMs: performance.now() - start }, size, policies));
  }
  const short = all.flatMap(({ rates }) => rates.filter(({ times }) => times !== null && times < GOAL));
  if (json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  else process.stdout.write(all.map(render).join("\n") + summaryOf(all, short));
  if (short.length > 0) process.exitCode = 1;
}

interface Interned {
  readonly trace: SweepTrace;
  readonly interningMs: number;
}

async function measure(
  { trace, interningMs }: Interned,
  sizes: string,
  policies: readonly PolicyName[],
): Promise<Rates> {
  const requests = trace.ids.length;
  const footprint = footprintOf(trace);
  const capacities = parseSizes(sizes, "objects").map((size) => capacityOf(size, trace.name, footprint));
  const interningNs = (interningMs * 1e6) / requests;
  const share = interningNs / (policies.length * capacities.length);
  const rates: Rate[] = [];
  for (const policy of policies) {
    let milliseconds = 0;
    for (const capacity of capacities) milliseconds += await fastest(policy, trace, capacity);
    const replayNs = (milliseconds * 1e6) / (requests * capacities.length);
    const nsPerRequest = replayNs + share;
    const libCacheSim = REFERENCE[policy] ?? null;
    const millionsPerSecond = 1000 / nsPerRequest;
    const times = libCacheSim === null ? null : millionsPerSecond / libCacheSim;
    rates.push({ policy, replayNs, nsPerRequest, millionsPerSecond, libCacheSim, times });
  }
  return { trace: trace.name, requests, capacities, interningNs, rates };
}

async function fastest(policy: PolicyName, { ids, distinct }: SweepTrace, capacity: number): Promise<number> {
  const Cache = await loadSimulatedCache(policy);
  const future = policy === "opt" ? lookAhead(ids, distinct) : undefined;
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS && (run === 0 || best < LONG_MS); run++) {
    const cache = new Cache(createPolicy(policy, { capacity, distinct, future }), capacity, "objects", distinct);
    const start = performance.now();
    cache.replay(ids, null, 0, ids.length);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function zipfian(): Interned {
  const chooser = keyChooser({ distribution: "zipf", count: KEYS, exponent: 1 });
  const random = new Random(1);
  const keys = Uint32Array.from({ length: REQUESTS }, () => chooser.next(random));
  const ids = new Uint32Array(REQUESTS);
  const start = performance.now();
  const dense = new NumberInterner();
  for (let request = 0; request < REQUESTS; request++) ids[request] = dense.intern(keys[request], 0);
  const interningMs = performance.now() - start;
  return { trace: { name: "zipf 1.0", distinct: dense.size, ids, sizes: null }, interningMs };
}

function render({ trace, requests, capacities, interningNs, rates }: Rates): string {
  const table = new Table({
    head: ["policy", "M requests/s", "ns/request", "libCacheSim", "times"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { policy, millionsPerSecond, nsPerRequest, libCacheSim, times } of rates) {
    const against = times === null ? ["", ""] : [String(libCacheSim), times.toFixed(1)];
    table.push([policy, millionsPerSecond.toFixed(1), nsPerRequest.toFixed(1), ...against]);
  }
  const held = `capacities ${capacities.map((capacity) => capacity.toLocaleString("en-US")).join(" and ")} objects`;
  const interned = `interning, once for all of them, takes ${interningNs.toFixed(0)} ns a request`;
  return `${trace}: ${requests.toLocaleString("en-US")} requests, ${held}, one thread; ${interned}\n${table}\n`;
}

function summaryOf(all: readonly Rates[], short: readonly Rate[]): string {
  const times = all.flatMap(({ rates }) => rates.flatMap((rate) => (rate.times === null ? [] : [rate.times])));
  if (times.length === 0) return "\nno policy that libCacheSim has a figure for\n";
  const below = short.map((rate) => `${rate.policy} ${rate.times?.toFixed(1)}`).join(", ");
  const least = `${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)} times libCacheSim's rate, goal ${GOAL}`;
  return `\n${least}${short.length === 0 ? "" : `; below it: ${below}`}\n`;
}

main().catch((error: Error) => {
  process.stderr.write(`rates: ${error.message.split("\n")[0]}\n`);
  process.exitCode = error instanceof InvalidArgumentError ? 2 : 3;
});
