/** M-010 of the high-performance memory store: how fast, how full, how watched. What a store in use is judged by is the store's own. */

import { atLeast, atMost, exactly, row, type Target } from "../../src/metrics/target.js";
import { HIT_RATE, MEMORY_UTILISATION, READ_P95, THROUGHPUT, WRITE_P95 } from "../../src/store/health-targets.js";

export const OPERATION_TARGETS: readonly Target[] = [
  READ_P95,
  WRITE_P95,
  THROUGHPUT,
  MEMORY_UTILISATION,
  HIT_RATE,
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
    "the fastest read of a store that times 1 operation in 1,024, over the same read of one that times none",
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
