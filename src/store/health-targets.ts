/** What M-010 of the high-performance memory store promises of a store in use, and beyond which figures it calls for an alert. */
import { above, below, row, SAMPLED } from "../metrics/target.js";

export const READ_P95 = row(
  "m010-read-p95",
  "M-010",
  "read latency P95",
  "ns",
  below(100),
  "< 100 ns",
  `P95 of reads, ${SAMPLED}`,
  { alert: 120, critical: 200 },
);
export const WRITE_P95 = row(
  "m010-write-p95",
  "M-010",
  "write latency P95",
  "ns",
  below(500),
  "< 500 ns",
  `P95 of writes, ${SAMPLED}`,
  { alert: 600, critical: 1000 },
);
export const THROUGHPUT = row(
  "m010-throughput",
  "M-010",
  "throughput",
  "ops/s",
  above(1_000_000),
  "> 1 M ops/s",
  "operations of all workers over the wall time of the measured part",
  { alert: 800_000, critical: 500_000 },
);
export const MEMORY_UTILISATION = row(
  "m010-memory-utilisation",
  "M-010",
  "memory utilisation",
  "%",
  below(90),
  "< 90 %",
  "bytes in use over capacity of the store, at the end of the measured part",
  { alert: 90, critical: 95 },
);
export const HIT_RATE = row(
  "m010-hit-rate",
  "M-010",
  "cache hit rate",
  "%",
  above(95),
  "> 95 %",
  "hits over look-ups of the measured part",
  { alert: 90, critical: 80 },
);
