/**
 * Each figure as Prometheus tells it from what a monitor exposes: for alert rules and dashboards. A `window` is a range such as "1m"; a
 * `selector` more label matchers, such as `instance=~"$instance"`.
 */

import type { CheckedRule } from "./alert-rules.js";
import { BUCKET_BOUNDS_NS } from "./buckets.js";
import type { FigureName } from "./figures.js";

interface Query {
  readonly window: string;
  readonly selector: string;
}

const PERCENTILES: Partial<Record<FigureName, readonly [operation: string, quantile: number]>> = {
  getP50: ["get", 0.5],
  getP95: ["get", 0.95],
  getP99: ["get", 0.99],
  getP999: ["get", 0.999],
  setP50: ["set", 0.5],
  setP95: ["set", 0.95],
  setP99: ["set", 0.99],
  setP999: ["set", 0.999],
};
const DURATION = "engram_operation_duration_seconds";
const NS_PER_SECOND = 1e9;

/** The figure in its own unit (ns, %, ops/s, …), one series an instance. */
export function promqlOf(figure: FigureName, query: Query): string {
  const percentile = PERCENTILES[figure];
  if (percentile !== undefined) return percentileOf(...percentile, query);
  const rate = (metric: string, labels = "") =>
    `sum by (instance) (rate(${metric}${matchers(labels, query)}[${query.window}]))`;
  const level = (metric: string) => `${metric}${matchers("", query)}`;
  switch (figure) {
    case "operations":
      return rate("engram_operations_total", 'operation=~"get|set|delete"');
    case "gets":
      return rate("engram_operations_total", 'operation="get"');
    case "sets":
      return rate("engram_operations_total", 'operation="set"');
    case "deletes":
      return rate("engram_operations_total", 'operation="delete"');
    case "hitRate":
      return `100 * ${rate("engram_lookups_total", 'result="hit"')} / ${rate("engram_lookups_total")}`;
    case "utilisation":
      return `100 * ${level("engram_memory_utilisation_ratio")}`;
    case "fragmentation":
      return `100 * ${level("engram_memory_fragmentation_ratio")}`;
    case "usedBytes":
      return level("engram_memory_used_bytes");
    case "entries":
      return level("engram_entries");
    case "evictions":
      return rate("engram_evictions_total");
    case "expired":
      return rate("engram_expirations_total");
    case "outOfMemory":
      return rate("engram_out_of_memory_total");
    case "retries":
      return rate("engram_retries_total");
    default:
      return level("engram_workers");
  }
}

/**
 * True while the figure is beyond the limit. Where the limit of a percentile is the bound of a bucket, the share of operations within it is
 * asked for, which is exact; a percentile would be interpolated between two bounds.
 */
export function promqlBeyond({ figure, beyond }: CheckedRule, limit: number, query: Query): string {
  const percentile = PERCENTILES[figure];
  if (percentile !== undefined && beyond === "above" && BUCKET_BOUNDS_NS.includes(limit)) {
    const [operation, quantile] = percentile;
    const within = `le=~"${boundPattern(limit)}"`;
    const rate = (metric: string, labels: string) =>
      `sum by (instance) (rate(${metric}${matchers(`operation="${operation}"${labels}`, query)}[${query.window}]))`;
    return `${rate(`${DURATION}_bucket`, `,${within}`)} / ${rate(`${DURATION}_count`, "")} < ${quantile}`;
  }
  return `${promqlOf(figure, query)} ${beyond === "above" ? ">" : "<"} ${limit}`;
}

function percentileOf(operation: string, quantile: number, query: Query): string {
  const buckets = `${DURATION}_bucket${matchers(`operation="${operation}"`, query)}`;
  return `${NS_PER_SECOND} * histogram_quantile(${quantile}, sum by (instance, le) (rate(${buckets}[${query.window}])))`;
}

/** Prometheus 3 writes 1.2e-07 what earlier ones leave as it was exposed, 1.2e-7. */
function boundPattern(ns: number): string {
  return String(ns / NS_PER_SECOND)
    .replace(".", "[.]")
    .replace(/e-(\d)$/, "e-0?$1");
}

function matchers(labels: string, { selector }: Query): string {
  const all = [labels, selector].filter((part) => part !== "").join(",");
  return all === "" ? "" : `{${all}}`;
}
