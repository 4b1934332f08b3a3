/** Numbers as all outputs of the gate write them. */
import type { MetricReport } from "../metric-report.js";

export function formatFigure(value: number | null, unit: string): string {
  if (value === null) return "–";
  if (unit === "%") return formatTolerance(value);
  if (unit === "ops/s") return `${Math.round(value).toLocaleString("en-US")} ${unit}`;
  if (unit === "instructions" || value >= 1e6) return `${Math.round(value).toLocaleString("en-US")} ${unit}`.trimEnd();
  if (value < 0.1) return `${value.toPrecision(3)} ${unit}`.trimEnd();
  return `${value < 10 ? value.toFixed(3) : value < 100 ? value.toFixed(2) : value.toFixed(1)} ${unit}`.trimEnd();
}

/** `+4.2 %` is worse, `-4.2 %` better; of a share of operations in points. */
export function formatWorse({ worse, scale }: MetricReport): string {
  return formatShare(worse, scale);
}

export function formatInterval({ interval, scale }: MetricReport): string {
  return interval ? `${formatShare(interval.lower, scale)} … ${formatShare(interval.upper, scale)}` : "–";
}

function formatShare(share: number | null, scale: MetricReport["scale"]): string {
  if (share === null) return "–";
  const points = scale === "points";
  return `${share >= 0 ? "+" : "-"}${(Math.abs(share) * 100).toFixed(points ? 2 : 1)} ${points ? "points" : "%"}`;
}

export function formatP(p: number | null): string {
  if (p === null) return "–";
  return p < 0.0001 ? "< 0.0001" : p.toFixed(4);
}

/** How much worse a metric may be. */
export function formatAllowed({ tolerance, scale }: MetricReport): string {
  return scale === "points" ? `${Number((tolerance * 100).toFixed(2))} points` : formatTolerance(tolerance);
}

export function formatNoise({ noise, scale }: MetricReport): string {
  if (noise === null) return "–";
  return scale === "points" ? `± ${Number((noise * 100).toFixed(2))} points` : `± ${formatTolerance(noise)}`;
}

function formatTolerance(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
