import type { MetricReport } from "../metric-report.js";
import type { GateReport } from "../report.js";

/** One entry of github-action-benchmark's custom formats. */
export interface BenchmarkEntry {
  name: string;
  unit: string;
  value: number;
  range: string;
  extra: string;
}

/**
 * For github-action-benchmark with `tool: customSmallerIsBetter`. One file has one direction there, so throughput is
 * written as the time one operation takes, 1e9 / (ops/s), and a hit ratio as the share of misses. Metrics without a figure are not in it;
 * failed operations are, where there are any.
 */
export function renderBenchmarkJson(report: GateReport): string {
  return `${JSON.stringify(
    report.metrics.flatMap((metric) => entryOf(metric, report)),
    null,
    2,
  )}\n`;
}

function entryOf(metric: MetricReport, report: GateReport): BenchmarkEntry[] {
  if (metric.head === null) return [];
  const extra = `${report.head} against ${report.base}: ${metric.verdict}`;
  if (metric.scale === "points") return [shareEntry(metric, metric.head, extra)];
  const inverted = metric.better === "higher";
  const absolute = report.mode === "against";
  const perSecond = absolute && metric.unit === "ops/s";
  const width = metric.interval ? ((metric.interval.upper - metric.interval.lower) / 2) * 100 : null;
  return [
    {
      name: inverted ? `${metric.name} (${perSecond || !absolute ? "time per operation" : "inverse"})` : metric.name,
      unit: inverted ? (perSecond ? "ns/op" : absolute ? `1 / (${metric.unit})` : metric.unit) : metric.unit,
      value: inverted ? (perSecond ? 1e9 : 1) / metric.head : metric.head,
      range: width === null ? "" : `± ${width.toFixed(1)} %`,
      extra,
    },
  ];
}

/** In percent of the operations; of a hit ratio what is missing to all of them. */
function shareEntry({ name, better, interval }: MetricReport, share: number, extra: string): BenchmarkEntry {
  const width = interval ? ((interval.upper - interval.lower) / 2) * 100 : null;
  return {
    name: better === "higher" ? `${name} (what it misses)` : name,
    unit: "%",
    value: 100 * (better === "higher" ? 1 - share : share),
    range: width === null ? "" : `± ${width.toFixed(2)} points`,
    extra,
  };
}
