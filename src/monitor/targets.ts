/**
 * Every figure the source documents promise, as data, and the one function that judges a measurement against it.
 *
 * The table is copied from the documents and never from a measurement: a target that the language or the machine
 * cannot meet stays here and is reported missed, with its distance. Where a document gives a span ("10-100 µs") the
 * far end is the promise, since being faster than promised is no failure; where it says "about" the figure itself is
 * the limit; `documented` keeps the document's own words so that a reader can see what was made of them.
 *
 * Sources: M = ADRs of the high-performance memory store, R = ADR-011 on the Rust memory model for agents,
 * P = the Patinox memory utilities, D = the erlmcp distributed memory design, S = the MetricStream ADRs.
 */

/** How a measured figure is compared with its target. `within` takes both ends as allowed. */
export type Comparison = "<" | "<=" | ">" | ">=" | "within";

/** One promised figure. */
export interface Target {
  /** Stable name: source, then what is measured (`m010-read-p95`). */
  readonly id: string;
  /** Document letter and section, as in the table of documented targets (`M-010`). */
  readonly source: string;
  readonly metric: string;
  /** Unit of `target`, `alert`, `critical` and of every measurement handed to `judge`. */
  readonly unit: string;
  readonly comparison: Comparison;
  /** The limit; for `within`, the two ends of the allowed range. */
  readonly target: number | readonly [low: number, high: number];
  /** Beyond this figure the document calls for an alert; null where it names none. */
  readonly alert: number | null;
  /** Beyond this figure the document calls the state critical; null where it names none. */
  readonly critical: number | null;
  /** What the document says, in its own figures. */
  readonly documented: string;
  /** How the figure has to be measured to count. */
  readonly how: string;
}

/** A judged target: one row of `targets` in results.json. */
export interface TargetVerdict {
  id: string;
  source: string;
  metric: string;
  unit: string;
  comparison: Comparison;
  /** The limit; for `within` the range in words (`45 to 55`, or one figure where both ends agree). */
  target: number | string;
  measured: number | null;
  verdict: "met" | "missed" | "not measured";
  /** How the figure was obtained, or why there is none. */
  method: string;
  /** Missed: how far beyond the limit, as a share of the limit (0.25 = 25 % short). Null otherwise. */
  distance: number | null;
  /** Missed beyond the document's alert or critical limit; null when it was not, or when there is no such limit. */
  severity: "alert" | "critical" | null;
}

type Limits = { alert: number; critical: number };

function row(
  id: string,
  source: string,
  metric: string,
  unit: string,
  [comparison, target]: readonly [Comparison, Target["target"]],
  documented: string,
  how: string,
  limits?: Limits,
): Target {
  return {
    id,
    source,
    metric,
    unit,
    comparison,
    target,
    alert: limits?.alert ?? null,
    critical: limits?.critical ?? null,
    documented,
    how,
  };
}

const below = (limit: number) => ["<", limit] as const;
const atMost = (limit: number) => ["<=", limit] as const;
const above = (limit: number) => [">", limit] as const;
const atLeast = (limit: number) => [">=", limit] as const;
const between = (low: number, high: number) => ["within", [low, high]] as const;
/** A setting or a count that is named as one figure: anything else is a miss. */
const exactly = (figure: number) => between(figure, figure);

const SAMPLED = "sampled single operations, timer floor subtracted";
const BATCHED = "batched cost: nanoseconds per operation over batches of at least 60 µs";

/** Every documented target, in the order of the documents. */
export const TARGETS: readonly Target[] = [
  row("m010-read-p95", "M-010", "read latency P95", "ns", below(100), "< 100 ns", `P95 of reads, ${SAMPLED}`, {
    alert: 120,
    critical: 200,
  }),
  row("m010-write-p95", "M-010", "write latency P95", "ns", below(500), "< 500 ns", `P95 of writes, ${SAMPLED}`, {
    alert: 600,
    critical: 1000,
  }),
  row(
    "m010-throughput",
    "M-010",
    "throughput",
    "ops/s",
    above(1_000_000),
    "> 1 M ops/s",
    "operations of all workers over the wall time of the measured part",
    { alert: 800_000, critical: 500_000 },
  ),
  row(
    "m010-memory-utilisation",
    "M-010",
    "memory utilisation",
    "%",
    below(90),
    "< 90 %",
    "bytes in use over capacity of the store, at the end of the measured part",
    { alert: 90, critical: 95 },
  ),
  row("m010-hit-rate", "M-010", "cache hit rate", "%", above(95), "> 95 %", "hits over look-ups of the measured part", {
    alert: 90,
    critical: 80,
  }),
  row(
    "m010-percentiles-kept",
    "M-010",
    "latency percentiles kept",
    "percentiles",
    atLeast(4),
    "P50, P95, P99, P99.9",
    "how many of the four the store reports by itself",
  ),
  row(
    "m010-monitoring-overhead",
    "M-010",
    "monitoring overhead",
    "%",
    atMost(1),
    '"zero": shown as <= 1 % of throughput',
    "throughput lost with monitoring on against off, paired rounds in fresh processes",
  ),
  row(
    "m010-regression-threshold",
    "M-010",
    "regression threshold",
    "%",
    exactly(10),
    "10 %",
    "the gate's default tolerance",
  ),
  row(
    "m002-cas-attempts",
    "M-002",
    "compare-and-swap attempts before contention is reported",
    "attempts",
    exactly(16),
    "16 attempts",
    "the bound of the engine's retry loop",
  ),
  row(
    "m002-scaling",
    "M-002",
    "scaling with cores",
    "×",
    atLeast(1),
    "linear with cores",
    "throughput with one worker a core, over workers times the throughput of one (1 = linear)",
  ),
  row(
    "m003-cache-misses",
    "M-003",
    "cache misses saved by alignment",
    "%",
    atLeast(30),
    "30-50 % fewer than unpadded",
    "hardware cache-miss counters, aligned against unpadded layout, concurrent workload",
  ),
  row(
    "m003-memory-overhead",
    "M-003",
    "memory overhead of alignment",
    "%",
    atMost(20),
    "<= 20 %",
    "padding bytes over the bytes of the same structures without padding",
  ),
  row("m004-hash-4b", "M-004", "xxHash32 of 4 bytes", "ns", atMost(15), "15 ns", BATCHED),
  row("m004-hash-16b", "M-004", "xxHash32 of 16 bytes", "ns", atMost(28), "28 ns", BATCHED),
  row("m004-hash-64b", "M-004", "xxHash32 of 64 bytes", "ns", atMost(65), "65 ns", BATCHED),
  row("m004-hash-256b", "M-004", "xxHash32 of 256 bytes", "ns", atMost(180), "180 ns", BATCHED),
  row(
    "m004-hash-typical",
    "M-004",
    "hash of a typical key",
    "ns",
    below(30),
    "< 30 ns",
    `${BATCHED}, keys of 8 to 24 bytes`,
  ),
  row(
    "m004-chi-squared",
    "M-004",
    "hash: chi-squared away from expected",
    "%",
    atMost(5),
    "within 5 % of expected",
    "chi-squared over the buckets against its expectation, absolute difference",
  ),
  row(
    "m004-avalanche",
    "M-004",
    "hash: avalanche",
    "%",
    between(45, 55),
    "50 % ± 5 %",
    "share of output bits flipped by one flipped input bit, mean over all input bits",
  ),
  row(
    "m004-collisions",
    "M-004",
    "hash: collisions",
    "%",
    below(1),
    "< 1 %, 100 K random keys",
    "keys whose full 32-bit hash another key has already taken, over 100 K random keys",
  ),
  row(
    "m004-pattern-variance",
    "M-004",
    "hash: cost variance over key patterns",
    "%",
    below(10),
    "< 10 %",
    `largest difference from the mean over key patterns; ${BATCHED}`,
  ),
  row(
    "m005-incremental-backup",
    "M-005",
    "incremental backup",
    "ms",
    below(10),
    "< 10 ms",
    "wall time of one incremental backup, P95 over a run",
  ),
  row("m005-full-backup", "M-005", "full backup", "ms", below(100), "< 100 ms", "wall time of one full backup"),
  row(
    "m005-io-overhead",
    "M-005",
    "input and output overhead of backups",
    "%",
    below(5),
    "< 5 % of system resources",
    "throughput lost with backups running against without, same stream",
  ),
  row(
    "m005-latency-during-backups",
    "M-005",
    "latency while backups run, P99",
    "×",
    atMost(1.1),
    "backups do not disturb reads and writes: shown as <= 1.1 × without",
    "worst of reads and writes: P99 while backups run every second over P99 without, in turn in one run",
  ),
  row(
    "m005-recovery",
    "M-005",
    "recovery",
    "ms",
    below(50),
    "< 50 ms for typical workloads",
    "wall time from opening the backup to the first served read",
  ),
  row(
    "m005-storage-efficiency",
    "M-005",
    "storage efficiency of backups",
    "%",
    atLeast(90),
    "90 %+",
    "live bytes over bytes the backup takes on disk",
  ),
  row(
    "m009-incremental-saving",
    "M-009",
    "time saved by an incremental against a full backup",
    "%",
    atLeast(95),
    "95 % less time than full",
    "1 - incremental / full, medians on the same store",
  ),
  row(
    "m009-incremental-interval",
    "M-009",
    "interval of incremental backups",
    "s",
    exactly(5),
    "every 5 s",
    "the default of the time-based strategy",
  ),
  row(
    "m009-full-interval",
    "M-009",
    "interval of full backups",
    "h",
    exactly(1),
    "every 1 h",
    "the default of the time-based strategy",
  ),
  row(
    "m009-emergency-triggers",
    "M-009",
    "events that start an emergency backup",
    "events",
    atLeast(2),
    "on pressure or shutdown",
    "how many of memory pressure and shutdown start one",
  ),
  row(
    "m009-dirty-threshold",
    "M-009",
    "dirty regions that start a backup",
    "%",
    exactly(10),
    "threshold at 10 % dirty",
    "the default of the change-based strategy",
  ),
  row("m006-allocate", "M-006", "allocate, cache hit", "ns", below(50), "< 50 ns", BATCHED),
  row("m006-free", "M-006", "free, cache hit", "ns", below(50), "< 50 ns", BATCHED),
  row("m006-classes", "M-006", "size classes", "classes", exactly(10), "10 classes", "size classes of the engine"),
  row(
    "m006-smallest-class",
    "M-006",
    "smallest size class",
    "bytes",
    exactly(32),
    "32 B-16 KiB",
    "size classes of the engine",
  ),
  row(
    "m006-largest-class",
    "M-006",
    "largest size class",
    "bytes",
    exactly(16_384),
    "32 B-16 KiB",
    "size classes of the engine",
  ),
  row(
    "m006-refill",
    "M-006",
    "chunks per refill of a thread's cache",
    "chunks",
    exactly(16),
    "16 chunks per refill",
    "chunks one refill takes from the shared list",
  ),
  row(
    "m006-pool-share",
    "M-006",
    "pool share of the capacity",
    "%",
    exactly(60),
    "60 % of capacity",
    "bytes of the pool over bytes of the shared buffer",
  ),
  row(
    "m007-adaptive-gain",
    "M-007",
    "hit rate gained by adaptive eviction",
    "%",
    atLeast(15),
    "15-25 % better across diverse workloads",
    "hit ratio of adaptive over that of LRU, mean over the traces and capacities",
  ),
  row("m008-lookup", "M-008", "namespace look-up, cached", "ns", below(20), "< 20 ns", BATCHED),
  row(
    "m008-namespace-bytes",
    "M-008",
    "memory a namespace takes",
    "bytes",
    atMost(32),
    "32 bytes + string",
    "bytes of a namespace's record besides its name",
  ),
  row(
    "m008-namespaces",
    "M-008",
    "namespaces",
    "namespaces",
    atLeast(65_536),
    "65,536",
    "namespaces created in one store before it refuses",
  ),
  row("r011-q-lookup", "R-011", "Q-table look-up", "ms", below(1), "< 1 ms", `P99, ${SAMPLED}`),
  row("r011-state-encoding", "R-011", "state encoding", "ms", below(5), "< 5 ms", `P99, ${SAMPLED}`),
  row(
    "r011-agent-memory",
    "R-011",
    "memory an agent takes",
    "MB",
    atMost(10),
    "about 10 MB",
    "bytes in use over agents, swarm of 593",
  ),
  row(
    "r011-agents",
    "R-011",
    "agents in one swarm",
    "agents",
    atLeast(593),
    "593 agents",
    "agents that finished the swarm scenario",
  ),
  row(
    "r011-pool-256b",
    "R-011",
    "pool of 256 B state buffers",
    "buffers",
    atLeast(1000),
    "256 B × 1000",
    "buffers the pool hands out at once",
  ),
  row(
    "r011-pool-1k",
    "R-011",
    "pool of 1 KB trajectory buffers",
    "buffers",
    atLeast(5000),
    "1 KB × 5000",
    "buffers the pool hands out at once",
  ),
  row(
    "r011-pool-4k",
    "R-011",
    "pool of 4 KB message buffers",
    "buffers",
    atLeast(500),
    "4 KB × 500",
    "buffers the pool hands out at once",
  ),
  row(
    "r011-linear-memory",
    "R-011",
    "linear memory",
    "GiB",
    atMost(4),
    "<= 4 GB",
    "largest size of the WebAssembly memory",
  ),
  row("p-pool-acquire", "P", "acquire from a warm pool", "ms", below(1), "< 1 ms", `P99, ${SAMPLED}`),
  row("p-pool-throughput", "P", "acquisitions", "1/s", atLeast(10_000), "10 K+/s", "acquire and release in a loop"),
  row(
    "p-pool-bytes",
    "P",
    "memory a pooled connection takes",
    "bytes",
    atMost(100),
    "about 100 B",
    "heap grown over connections pooled, after a collection",
  ),
  row(
    "p-pool-users",
    "P",
    "users at once",
    "users",
    atLeast(1000),
    "1000+ users",
    "waiting and holding users served without an error",
  ),
  row("p-cleanup", "P", "asynchronous clean-up", "ms", below(100), "< 100 ms", "P99 from drop to cleaned"),
  row("p-tracking", "P", "tracking a resource", "µs", below(10), "< 10 µs", `P99, ${SAMPLED}`),
  row(
    "p-tracking-bytes",
    "P",
    "memory a tracked resource takes",
    "bytes",
    atMost(50),
    "about 50 B",
    "heap grown over resources tracked, after a collection",
  ),
  row(
    "p-cleanup-success",
    "P",
    "clean-ups that succeed",
    "%",
    atLeast(99.9),
    "99.9 %",
    "resources cleaned over resources dropped",
  ),
  row("p-clone", "P", "clone of a shared reference", "ns", atMost(10), "about 10 ns", BATCHED),
  row("p-cow-read", "P", "copy-on-write read", "ns", atMost(5), "about 5 ns", BATCHED),
  row("p-rwlock-read", "P", "read-write lock, read", "ns", atMost(50), "about 50 ns", BATCHED),
  row("p-rwlock-write", "P", "read-write lock, write", "ns", atMost(200), "about 200 ns", BATCHED),
  row("p-concurrent-map", "P", "concurrent map operation", "ns", atMost(20), "about 20 ns", BATCHED),
  row("p-cache-hit", "P", "cache hit", "ns", atMost(50), "about 50 ns", BATCHED),
  row("p-cache-miss", "P", "cache miss with its insertion", "ns", atMost(100), "about 100 ns", BATCHED),
  row(
    "p-memory-efficiency",
    "P",
    "memory efficiency of the cache",
    "%",
    atLeast(90),
    "90 %+",
    "bytes of keys and values over bytes the cache takes",
  ),
  row("p-map-file", "P", "map a large file", "ms", atMost(1), "about 1 ms", "wall time of one mapping, file of 64 MiB"),
  row("d-tier-process", "D", "tier: process", "ns", atMost(100), "about 100 ns", `P50 of reads, ${SAMPLED}`),
  row("d-tier-node", "D", "tier: node", "µs", atMost(1), "about 1 µs", `P50 of reads, ${SAMPLED}`),
  row(
    "d-tier-cluster",
    "D",
    "tier: cluster",
    "µs",
    atMost(100),
    "10-100 µs",
    "P50 of reads of another node in the cluster",
  ),
  row("d-tier-external", "D", "tier: external", "ms", atMost(5), "1-5 ms", "P50 of reads of the external backend"),
  row("d-local-get", "D", "local get", "µs", atMost(5), "1-5 µs", `P50, ${SAMPLED}`),
  row("d-local-put", "D", "local put", "µs", atMost(10), "2-10 µs", `P50, ${SAMPLED}`),
  row("d-local-delete", "D", "local delete", "µs", atMost(5), "2-5 µs", `P50, ${SAMPLED}`),
  row("d-strong-latency", "D", "strong consistency: latency", "µs", atMost(500), "200-500 µs", "P50 over the cluster"),
  row(
    "d-strong-consistent",
    "D",
    "strong consistency: consistent reads",
    "%",
    atLeast(100),
    "100 %",
    "reads that saw the last acknowledged write",
  ),
  row("d-bounded-latency", "D", "bounded staleness: latency", "µs", atMost(100), "50-100 µs", "P50 over the cluster"),
  row(
    "d-bounded-consistent",
    "D",
    "bounded staleness: reads within the window",
    "%",
    above(95),
    "> 95 %",
    "reads no older than the window",
  ),
  row("d-eventual-latency", "D", "eventual consistency: latency", "µs", atMost(50), "10-50 µs", "P50 over the cluster"),
  row(
    "d-entry-overhead",
    "D",
    "overhead an entry takes",
    "bytes",
    atMost(100),
    "about 100 bytes",
    "bytes in use besides keys and values, over entries",
  ),
  row(
    "d-pressure-medium",
    "D",
    "pressure turns medium",
    "%",
    exactly(60),
    "60 %",
    "utilisation at which the level changes",
  ),
  row(
    "d-pressure-high",
    "D",
    "pressure turns high",
    "%",
    exactly(80),
    "80 %",
    "utilisation at which the level changes",
  ),
  row(
    "d-pressure-critical",
    "D",
    "pressure turns critical",
    "%",
    exactly(90),
    "90 %",
    "utilisation at which the level changes",
  ),
  row("s-ring-record", "S", "ring-buffer record", "ns", atMost(10), "about 10 ns", BATCHED),
  row(
    "s-ring-speedup",
    "S",
    "ring-buffer record against one under a mutex",
    "×",
    atLeast(5),
    "5 ×: about 10 ns against about 50 ns",
    "cost under a mutex over cost in the ring, both batched in one process",
  ),
  row(
    "s-jsonl",
    "S",
    "JSONL writes",
    "1/s",
    atLeast(5000),
    ">= 5 K writes/s",
    "lines written and flushed over wall time",
  ),
  row(
    "s-clients-served",
    "S",
    "of 100 concurrent clients, served",
    "%",
    atLeast(100),
    "all served",
    "requests answered over requests sent",
  ),
  row("s-mean-latency", "S", "mean latency of 100 clients", "ms", atMost(0.25), "0.25 ms", "mean over all requests"),
  row(
    "s-requests",
    "S",
    "requests of 100 clients",
    "1/s",
    atLeast(2253),
    "2,253 requests/s",
    "requests answered over wall time",
  ),
  row(
    "s-partition-deviation",
    "S",
    "10 K clients over 12 partitions: furthest from 833",
    "clients",
    atMost(50),
    "833 ± 50 each",
    "largest absolute difference of a partition's clients from 833",
  ),
  row(
    "s-partition-spread",
    "S",
    "10 K clients over 12 partitions: standard deviation",
    "%",
    below(5),
    "standard deviation < 5 %",
    "standard deviation of the partitions' clients over their mean",
  ),
];

const byId = new Map(TARGETS.map((target) => [target.id, target]));

/** The target of that id, or undefined when no document promises such a figure. */
export function findTarget(id: string): Target | undefined {
  return byId.get(id);
}

/** The limit as a reader writes it: a number, or for `within` the range (`45 to 55`; one number where both ends agree). */
export function targetLimit(target: Target): number | string {
  if (typeof target.target === "number") return target.target;
  const [low, high] = target.target;
  return low === high ? String(low) : `${low} to ${high}`;
}

/**
 * Judges one measurement, in the target's own unit. `method` says how it was obtained; with `measured` null (or a
 * figure that is no finite number) it says why there is none.
 */
export function judge(target: Target, measured: number | null, method: string): TargetVerdict {
  const { id, source, metric, unit, comparison } = target;
  const common = { id, source, metric, unit, comparison, target: targetLimit(target) };
  if (measured === null) {
    return { ...common, measured, verdict: "not measured", method, distance: null, severity: null };
  }
  if (!Number.isFinite(measured)) {
    const why = `the measurement gave ${measured}, which is no figure (${method})`;
    return { ...common, measured: null, verdict: "not measured", method: why, distance: null, severity: null };
  }
  if (meets(target, measured)) {
    return { ...common, measured, verdict: "met", method, distance: null, severity: null };
  }
  const verdict = "missed";
  return {
    ...common,
    measured,
    verdict,
    method,
    distance: shortfall(target, measured),
    severity: severityOf(target, measured),
  };
}

/**
 * Every documented target judged by what was measured, in the order of the table. A target without an entry comes out
 * as not measured, with `reason` and how it would be measured.
 *
 * @throws RangeError when an id is not in the table: a measurement nobody would see.
 */
export function judgeAll(
  measurements: ReadonlyMap<string, { measured: number | null; method: string }>,
  reason: string,
): TargetVerdict[] {
  for (const id of measurements.keys()) {
    if (!byId.has(id)) throw new RangeError(`"${id}" is no documented target; see TARGETS for the ids`);
  }
  return TARGETS.map((target) => {
    const entry = measurements.get(target.id);
    return entry ? judge(target, entry.measured, entry.method) : judge(target, null, `${reason} (${target.how})`);
  });
}

function meets({ comparison, target }: Target, measured: number): boolean {
  const [low, high] = typeof target === "number" ? [target, target] : target;
  switch (comparison) {
    case "<":
      return measured < high;
    case "<=":
      return measured <= high;
    case ">":
      return measured > low;
    case ">=":
      return measured >= low;
    case "within":
      return measured >= low && measured <= high;
  }
}

/** How far a missed figure lies beyond the limit it broke, as a share of that limit; the table holds no limit of 0. */
function shortfall({ comparison, target }: Target, measured: number): number {
  const [low, high] = typeof target === "number" ? [target, target] : target;
  const tooHigh = comparison === "<" || comparison === "<=" || (comparison === "within" && measured > high);
  return tooHigh ? measured / high - 1 : 1 - measured / low;
}

function severityOf({ comparison, alert, critical }: Target, measured: number): TargetVerdict["severity"] {
  const highIsBad = comparison === "<" || comparison === "<=";
  const beyond = (limit: number | null) => limit !== null && (highIsBad ? measured > limit : measured < limit);
  if (beyond(critical)) return "critical";
  return beyond(alert) ? "alert" : null;
}
