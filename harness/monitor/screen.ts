/** What `engram top` shows: a pure function of what is known, the order of the namespaces, and the size of the terminal. */
import { type AlertState, FIGURES, type FigureName } from "../../src/monitor/index.js";
import { formatBytes } from "../../src/units.js";
import type { Watched } from "./watched.js";

/** By key: what the namespaces are in the order of. */
export const ORDERS = { b: "bytes", e: "entries", n: "name" } as const;
export type Order = (typeof ORDERS)[keyof typeof ORDERS];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const SHOWN: readonly FigureName[] = [
  "operations",
  "gets",
  "sets",
  "hitRate",
  "getP95",
  "setP95",
  "utilisation",
  "entries",
  "evictions",
];
const BLOCKS = "▁▂▃▄▅▆▇█";
const LABEL = 20;
const VALUE = 12;
const NAME_MIN = 20;

/** Lines no longer and no more than the terminal is. `note` stands in the first: the state of the connection. */
export function screen({ figures, snapshot }: Watched, order: Order, { columns, rows }: Size, note: string): string[] {
  const { stats } = snapshot;
  const { memory, workers, eviction } = stats;
  const lines = [
    `engram top  ${note}   q quits; order: b bytes, e entries, n name`,
    `pool ${formatBytes(memory.poolBytes)}, threads ${workers.attached}, up ${duration(stats.uptimeMs)}, eviction ${eviction.policy}, pressure ${eviction.pressure}`,
    "",
    ...SHOWN.map((name) => figureLine(name, figures.get(name) ?? [], columns)),
    "",
    ...alertLines(snapshot.alerts),
    "",
    ...namespaceLines(snapshot.namespaces, order, columns),
  ];
  return lines.slice(0, rows).map((line) => cut(line, columns));
}

function figureLine(name: FigureName, values: readonly (number | null)[], columns: number): string {
  const { label } = FIGURES[name];
  const room = Math.max(0, columns - LABEL - VALUE - 2);
  return `${label.padEnd(LABEL)}${figureText(name, values.at(-1) ?? null).padStart(VALUE)}  ${sparkline(values, room)}`;
}

/** The last values as bars, the highest of them a full one. */
export function sparkline(values: readonly (number | null)[], room: number): string {
  const last = room > 0 ? values.slice(-room) : [];
  const high = Math.max(0, ...last.map((value) => value ?? 0));
  return last
    .map((value) => {
      if (value === null) return " ";
      return BLOCKS[high === 0 ? 0 : Math.min(BLOCKS.length - 1, Math.floor((value / high) * BLOCKS.length))];
    })
    .join("");
}

/** A figure with its unit, in three digits. */
export function figureText(name: FigureName, value: number | null): string {
  if (value === null) return "-";
  const { unit } = FIGURES[name];
  if (unit === "ns")
    return value >= 1e6
      ? `${digits(value / 1e6)} ms`
      : value >= 1e3
        ? `${digits(value / 1e3)} µs`
        : `${digits(value)} ns`;
  if (unit === "bytes") return formatBytes(value);
  const [scaled, letter] =
    value >= 1e9
      ? [value / 1e9, " G"]
      : value >= 1e6
        ? [value / 1e6, " M"]
        : value >= 1e4
          ? [value / 1e3, " k"]
          : [value, ""];
  return `${digits(scaled)}${letter}${unit === "" ? "" : ` ${unit}`}`.trim();
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function alertLines(alerts: readonly AlertState[]): string[] {
  const open = alerts.filter(({ severity, present }) => severity !== "ok" || present !== "ok");
  if (open.length === 0) return [`alerts: none (${alerts.length} rules)`];
  return open.map(({ rule, severity, present, value }) => {
    const state = severity === "ok" ? `pending ${present}` : severity;
    return `alert ${rule.name}: ${state}, ${figureText(rule.figure, value)}`;
  });
}

function namespaceLines(namespaces: Watched["snapshot"]["namespaces"], order: Order, columns: number): string[] {
  const width = Math.max(NAME_MIN, Math.min(48, columns - 32));
  const sorted = [...namespaces].sort((a, b) =>
    order === "name" ? (a.name < b.name ? -1 : 1) : b[order] - a[order] || (a.name < b.name ? -1 : 1),
  );
  return [
    `${"namespace".padEnd(width)}${"entries".padStart(14)}${"bytes".padStart(16)}`,
    ...sorted.map(
      ({ name, entries, bytes }) =>
        `${cut(printable(name), width - 1).padEnd(width)}${String(entries).padStart(14)}${formatBytes(bytes).padStart(16)}`,
    ),
  ];
}

/** A name may hold anything; a terminal obeys control characters. */
function printable(name: string): string {
  return name.replace(/\p{C}/gu, "�");
}

function cut(line: string, columns: number): string {
  const letters = [...line];
  return letters.length <= columns ? line : `${letters.slice(0, Math.max(0, columns - 1)).join("")}…`;
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
