import type { CurveRow } from "./curve.js";
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

/** The rows as CSV (RFC 4180, lines end in a line feed), with a header; what there is of bytes and of estimates' errors in columns more. */
export function renderCsv(rows: readonly CurveRow[]): string {
  const bytes = rows.some(({ byteMissRatio }) => byteMissRatio !== undefined);
  const estimated = rows.some(({ missRatioError }) => missRatioError !== undefined);
  const columns = [
    ...COLUMNS,
    ...(bytes ? (["requestedBytes", "missedBytes", "byteMissRatio"] as const) : []),
    ...(estimated ? (["missRatioError"] as const) : []),
  ];
  const lines = rows.map((row) => columns.map((column) => field(row[column] ?? "")).join(","));
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
