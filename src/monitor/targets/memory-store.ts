/** ADR-010 of the high-performance memory store: how fast, how full, how watched. */
import { above, atLeast, atMost, below, exactly, row, SAMPLED, type Target } from "./target.js";

export const OPERATION_TARGETS: readonly Target[] = [
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
    "how many of the four the recorder of latencies gives of an operation",
  ),
  row(
    "m010-monitoring-overhead",
    "M-010",
    "monitoring overhead",
    "%",
    atMost(1),
    '"zero": shown as <= 1 % of throughput',
    "what asking store.health() once a second takes of a thread's time; the counters it reads are always on, and part of every other figure",
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
];
