/**
 * Prometheus's text format 0.0.4. It is written here because prom-client takes no histogram from outside: its counters can only be
 * raised, its buckets only filled value by value (docs/decisions/0040).
 * Source: Prometheus, "Exposition formats".
 */
import type { BucketedPoint, Family, HistogramFamily, Labels } from "./families.js";

/** What `expose` writes: the content type of Prometheus's text format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The page a scraper reads: of what there is something to tell of. */
export function expose(families: readonly Family[]): string {
  const told = families.filter(({ points }) => points.length > 0);
  return `${told.flatMap(linesOf).join("\n")}\n`;
}

/** The name of a family's series: with its unit, and `_total` for a counter. */
export function seriesName({ name, unit, type }: Pick<Family, "name" | "unit" | "type">): string {
  const full = unit === "" ? name : `${name}_${unit}`;
  return type === "counter" ? `${full}_total` : full;
}

function linesOf(family: Family): string[] {
  const name = seriesName(family);
  const head = [`# HELP ${name} ${escapeHelp(family.help)}`, `# TYPE ${name} ${family.type}`];
  if (family.type === "histogram")
    return [...head, ...family.points.flatMap((point) => bucketLines(name, family, point))];
  return [...head, ...family.points.map(({ labels, value }) => `${name}${labelText(labels)} ${numberText(value)}`)];
}

function bucketLines(
  name: string,
  { bounds }: HistogramFamily,
  { labels, below, count, sum }: BucketedPoint,
): string[] {
  return [
    ...bounds.map((bound, i) => `${name}_bucket${labelText({ ...labels, le: numberText(bound) })} ${below[i]}`),
    `${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${count}`,
    `${name}_sum${labelText(labels)} ${numberText(sum)}`,
    `${name}_count${labelText(labels)} ${count}`,
  ];
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function escapeHelp(help: string): string {
  return help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
}
