import type { SweepRow } from "./sweep.js";

const COLUMNS = [
  "trace",
  "policy",
  "capacity",
  "by",
  "requests",
  "hits",
  "misses",
  "missRatio",
  "evictions",
  "nsPerRequest",
] as const satisfies readonly (keyof SweepRow)[];

/** The rows as CSV (RFC 4180, lines end in a line feed), with a header. */
export function renderCsv(rows: readonly SweepRow[]): string {
  const lines = rows.map((row) => COLUMNS.map((column) => field(row[column])).join(","));
  return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
