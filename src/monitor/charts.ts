/** Which figures are drawn together, for every page that draws them: the live page, the report, the Grafana dashboard. */
import type { FigureName } from "./figures.js";

/** A chart of the page: what it shows, over time. */
export interface Chart {
  /** Told apart by it. */
  readonly id: string;
  /** As it stands over the chart. */
  readonly title: string;
  /** What its axis counts. */
  readonly unit: "ops/s" | "ns" | "%" | "1/s" | "";
  /** Latencies span powers of ten. */
  readonly scale: "linear" | "log";
  /** What is drawn, and what each line is called. */
  readonly lines: readonly {
    /** What it shows. */
    readonly figure: FigureName;
    /** What it is called. */
    readonly label: string;
  }[];
}

const PERCENTILES = ["P50", "P95", "P99", "P99.9"] as const;

/** The page's charts, in their order. */
export const CHARTS: readonly Chart[] = [
  chart("operations", "Operations a second", "ops/s", "linear", [
    ["gets", "reads"],
    ["sets", "writes"],
    ["deletes", "deletes"],
  ]),
  chart("read-latency", "Read latency", "ns", "log", percentiles(["getP50", "getP95", "getP99", "getP999"])),
  chart("write-latency", "Write latency", "ns", "log", percentiles(["setP50", "setP95", "setP99", "setP999"])),
  chart("hit-rate", "Hit rate", "%", "linear", [["hitRate", "hit rate"]]),
  chart("memory", "Memory", "%", "linear", [
    ["utilisation", "in use"],
    ["fragmentation", "fragmented"],
  ]),
  chart("entries", "Entries", "", "linear", [["entries", "entries"]]),
  chart("leaving", "Entries that leave", "1/s", "linear", [
    ["evictions", "evicted"],
    ["expired", "expired"],
  ]),
  chart("trouble", "Retries and writes without memory", "1/s", "linear", [
    ["retries", "retries"],
    ["outOfMemory", "no memory"],
  ]),
];

function percentiles(figures: readonly FigureName[]): [FigureName, string][] {
  return figures.map((figure, i) => [figure, PERCENTILES[i]]);
}

function chart(
  id: string,
  title: string,
  unit: Chart["unit"],
  scale: Chart["scale"],
  lines: readonly (readonly [FigureName, string])[],
): Chart {
  return { id, title, unit, scale, lines: lines.map(([figure, label]) => ({ figure, label })) };
}
