import Table from "cli-table3";
import pc from "picocolors";
import type { CurveRow } from "./curve.js";

/**
 * The rows as one table a trace: policies down, capacities across, and in each cell the object miss ratio; where a capacity is in bytes, as another
 * table the byte miss ratio.
 */
export function renderTables(rows: readonly CurveRow[], options: { misses: boolean }): string {
  const traces = groupBy(rows, (row) => row.trace);
  return [...traces.values()].map((ofTrace) => renderTrace(ofTrace, options.misses)).join("\n");
}

function renderTrace(rows: readonly CurveRow[], showMisses: boolean): string {
  const bytes = rows.flatMap((row) => (row.byteMissRatio === undefined ? [] : [byBytes(row, row.byteMissRatio)]));
  const object = renderTable(rows, "object miss ratio (misses / requests)", showMisses);
  if (bytes.length === 0 || rows.every(({ by }) => by === "objects")) return object;
  return `${object}\n${renderTable(bytes, "byte miss ratio (bytes missed / bytes asked for)", showMisses)}`;
}

/** The row with bytes where objects stood; an estimate's error is not known of them. */
function byBytes({ missRatioError: _, ...row }: CurveRow, byteMissRatio: number): CurveRow {
  return { ...row, missRatio: byteMissRatio, misses: row.missedBytes ?? 0 };
}

function renderTable(rows: readonly CurveRow[], ratio: string, showMisses: boolean): string {
  const columns = groupBy(rows, capacityLabel);
  const policies = groupBy(rows, (row) => row.policy);
  const table = new Table({
    head: ["policy", ...columns.keys()],
    colAligns: ["left", ...[...columns].map(() => "right" as const)],
    style: { head: [], border: [] },
  });
  for (const [policy, ofPolicy] of policies) {
    const cells = [...columns].map(([label, column]) => {
      const row = ofPolicy.find((candidate) => capacityLabel(candidate) === label);
      return row === undefined ? "-" : cell(row, column, showMisses);
    });
    table.push([policy, ...cells]);
  }
  const { trace, requests } = rows[0];
  const unit = showMisses ? `${ratio}, exact misses` : ratio;
  return `${pc.bold(trace)}: ${unit}, ${grouped(requests)} requests\n${table.toString()}\n`;
}

function cell(row: CurveRow, column: readonly CurveRow[], showMisses: boolean): string {
  const error = row.missRatioError === undefined ? "" : ` ±${row.missRatioError.toFixed(4)}`;
  const ratio = `${row.missRatio.toFixed(4)}${error}`;
  const text = showMisses ? `${ratio}\n${grouped(row.misses)}` : ratio;
  return isBestOnline(row, column) ? pc.green(text) : text;
}

/** Fewest misses of the policies that do not know the future. */
function isBestOnline(row: CurveRow, column: readonly CurveRow[]): boolean {
  const online = column.filter(({ policy }) => policy !== "opt");
  return row.policy !== "opt" && online.every(({ misses }) => row.misses <= misses);
}

function capacityLabel({ capacity, by }: CurveRow): string {
  return `${grouped(capacity)}\n${by}`;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
