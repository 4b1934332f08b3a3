/** What benchmark tools write, as metrics. Each reader knows its tool's form, of several versions, by what only that one has; null: another's. */

export interface PrintedMetric {
  name: string;
  value: number;
  unit: string;
  better: "lower" | "higher";
}

type Fields = Readonly<Record<string, unknown>>;

/** `hyperfine --export-json`: seconds by command. */
export function readHyperfine(value: unknown): PrintedMetric[] | null {
  const { results } = fields(value);
  if (!Array.isArray(results) || !results.every((one) => typeof fields(one).command === "string")) return null;
  return results.map((one) => timeOf(String(fields(one).command), one, { median: "median", mean: "mean" }, "s"));
}

/** `vitest bench --outputJson`: milliseconds; files, groups and benchmarks have names. */
export function readVitest(value: unknown): PrintedMetric[] | null {
  const { files } = fields(value);
  if (!Array.isArray(files) || !files.every((file) => Array.isArray(fields(file).groups))) return null;
  return files.flatMap((file) =>
    (fields(file).groups as unknown[]).flatMap((group) => {
      const { fullName = "", benchmarks = [] } = fields(group) as { fullName?: string; benchmarks?: unknown[] };
      return benchmarks.map((one) =>
        timeOf(`${fullName} > ${String(fields(one).name)}`, one, { median: "median", mean: "mean" }, "ms"),
      );
    }),
  );
}

/** mitata's `format: "json"`: nanoseconds; a benchmark with arguments has several runs. */
export function readMitata(value: unknown): PrintedMetric[] | null {
  const { benchmarks } = fields(value);
  const isOne = (one: unknown) => "runs" in fields(one) || ("stats" in fields(one) && "group" in fields(one));
  if (!Array.isArray(benchmarks) || !benchmarks.every(isOne)) return null;
  return benchmarks.flatMap((one) => {
    const { alias, name, runs, stats } = fields(one) as {
      alias?: string;
      name?: string;
      runs?: unknown[];
      stats?: unknown;
    };
    const own = String(alias ?? name);
    if (runs === undefined) return [timeOf(own, stats, { median: "p50", mean: "avg" }, "ns")];
    return runs.map((run) => {
      const { name: runName, stats: figures } = fields(run) as { name?: string; stats?: unknown };
      return timeOf(String(runName ?? own), figures, { median: "p50", mean: "avg" }, "ns");
    });
  });
}

/** A time in a cell of tinybench's table, and its column: `Latency med (ns)`, `Average Time (ns)`. */
const TABLE_COLUMNS: ReadonlyArray<readonly [column: RegExp, statistic: string]> = [
  [/^Latency med(ian)? \((ns|ms)\)$/i, "median"],
  [/^(Latency (avg|average)|Average Time) \((ns|ms)\)$/i, "mean"],
];

/** tinybench has no file of its own: its table, or its tasks with their results, as JSON. Times are in milliseconds, in the table as it says. */
export function readTinybench(value: unknown): PrintedMetric[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const rows = value.map((row) => taskOf(row) ?? rowOf(row));
  return rows.some((row) => row === null) ? null : (rows as PrintedMetric[]);
}

function taskOf(row: unknown): PrintedMetric | null {
  const task = fields(row);
  const result = fields(task.result ?? task);
  if (typeof task.name !== "string") return null;
  if ("latency" in result) return timeOf(task.name, result.latency, { median: "p50", mean: "mean" }, "ms");
  return "hz" in result ? timeOf(task.name, result, { median: "p50", mean: "mean" }, "ms") : null;
}

function rowOf(row: unknown): PrintedMetric | null {
  const cells = fields(row);
  const name = cells["Task name"] ?? cells["Task Name"];
  if (typeof name !== "string") return null;
  for (const [column, statistic] of TABLE_COLUMNS) {
    const key = Object.keys(cells).find((one) => column.test(one));
    if (key === undefined) continue;
    const figure = Number.parseFloat(String(cells[key]).replaceAll(",", ""));
    return { name: `${name} (${statistic})`, value: figure, unit: key.includes("(ms)") ? "ms" : "ns", better: "lower" };
  }
  return null;
}

/** A benchmark that failed has no figure, which is then found to be none. */
function timeOf(
  name: string,
  figures: unknown,
  { median, mean }: { median: string; mean: string },
  unit: string,
): PrintedMetric {
  const own = fields(figures);
  const statistic = typeof own[median] === "number" ? "median" : "mean";
  return {
    name: `${name} (${statistic})`,
    value: own[statistic === "median" ? median : mean] as number,
    unit,
    better: "lower",
  };
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
