/**
 * What a benchmark says of itself, in one of the forms that are in use: our own line of JSON, and what tinybench, vitest, hyperfine and mitata
 * write. Of times the median is taken where a tool tells one, for a process that is disturbed once moves its mean; which of the two it is
 * stands in the metric's name, so that two versions of a tool that tell different ones are not compared.
 */
import { RunFailedError } from "../errors.js";
import { type PrintedMetric, readHyperfine, readMitata, readTinybench, readVitest } from "./tools.js";

/** `auto`: whatever of them it is, and the time alone where nothing is printed; `time`: what is printed is not looked at. */
export type MetricFormat = "auto" | "time" | Form;
type Form = "json" | "tinybench" | "vitest" | "hyperfine" | "mitata";

/** Null: it is not of this form. @throws FaultyMetricError */
const READERS: Readonly<Record<Form, (value: unknown) => PrintedMetric[] | null>> = {
  json: readOwn,
  vitest: readVitest,
  hyperfine: readHyperfine,
  mitata: readMitata,
  tinybench: readTinybench,
};

export const FORMATS: readonly MetricFormat[] = ["auto", "time", ...(Object.keys(READERS) as Form[])];

/** Metrics beyond this many are a mistake, and would take the correction for their number beyond all use. */
const MOST_METRICS = 500;
const LONGEST_NAME = 200;
/** Places from which the rest of a text is tried as one JSON value. */
const MOST_STARTS = 64;

/** There are metrics, and something is wrong with one. */
export class FaultyMetricError extends RunFailedError {}

/**
 * The metrics in a benchmark's output; none: null, where `auto` was asked for.
 *
 * @param who for messages: `the benchmark of the head`
 * @param where for messages: `printed`, or the file
 * @throws RunFailedError for none where a form was named, for a value that is no number, for a name twice
 */
export function readMetrics(text: string, format: MetricFormat, who: string, where: string): PrintedMetric[] | null {
  if (format === "time") return null;
  const forms = format === "auto" ? (Object.keys(READERS) as Form[]) : [format];
  let found: PrintedMetric[];
  try {
    found = valuesIn(text).flatMap((value) => firstOf(forms, value) ?? []);
    check(found);
  } catch (error) {
    if (error instanceof FaultyMetricError) throw new RunFailedError(`${who} ${where}: ${error.message}`);
    throw error;
  }
  if (found.length > 0) return found;
  if (format === "auto") return null;
  throw new RunFailedError(`${who}: no metrics of the form ${format} ${where}; ${EXPECTED[format]}`);
}

const EXPECTED: Readonly<Record<Form, string>> = {
  json: 'expected a line such as {"metrics":[{"name":"parse","value":12.5,"unit":"ms","better":"lower"}]}',
  tinybench: "expected JSON.stringify of bench.table(), or of bench.tasks with name and result",
  vitest: "expected what vitest bench --outputJson FILE writes",
  hyperfine: "expected what hyperfine --export-json FILE writes",
  mitata: "expected what run({ format: 'json' }) prints",
};

function firstOf(forms: readonly Form[], value: unknown): PrintedMetric[] | null {
  for (const form of forms) {
    const metrics = READERS[form](value);
    if (metrics !== null) return metrics;
  }
  return null;
}

/** JSON values of a text: the whole of it, or each line that is one, or what begins at a line and goes on to the end. */
function valuesIn(text: string): unknown[] {
  const whole = parsed(text);
  if (whole !== undefined) return [whole];
  const lines = text.split("\n");
  const single = lines.flatMap((line, at) => {
    const value = parsed(line);
    if (value === undefined && /^\s*\{\s*"metrics"\s*:/.test(line) && line.trimEnd().endsWith("}")) {
      throw new FaultyMetricError(`line ${at + 1} has metrics and is no JSON: ${whyNot(line)}`);
    }
    return value === undefined ? [] : [value];
  });
  if (single.length > 0) return single;
  const starts = lines.flatMap((line, at) => (/^[[{]/.test(line) ? [at] : [])).slice(0, MOST_STARTS);
  for (const at of starts) {
    const value = parsed(lines.slice(at).join("\n"));
    if (value !== undefined) return [value];
  }
  return [];
}

/** An object or array; undefined: it is none. */
function parsed(text: string): unknown {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return undefined;
  try {
    return JSON.parse(trimmed);
  } catch {
    return undefined;
  }
}

function whyNot(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** `{ "metrics": [{ "name", "value", "unit", "better": "lower" }] }`; better is lower and the unit empty where they are left out. */
function readOwn(value: unknown): PrintedMetric[] | null {
  const { metrics } = value as { metrics?: unknown };
  if (!Array.isArray(metrics)) return null;
  return metrics.map((entry: unknown, at): PrintedMetric => {
    const {
      name,
      value: figure,
      unit = "",
      better = "lower",
    } = (entry ?? {}) as Partial<Record<keyof PrintedMetric, unknown>>;
    if (typeof name !== "string") throw new FaultyMetricError(`metric ${at + 1} has no name`);
    if (typeof unit !== "string") throw new FaultyMetricError(`metric ${shown(name)}: expected a unit such as "ms"`);
    if (better !== "lower" && better !== "higher") {
      throw new FaultyMetricError(
        `metric ${shown(name)}: better is ${JSON.stringify(better)}, expected "lower" or "higher"`,
      );
    }
    return { name, value: figure as number, unit, better };
  });
}

function check(metrics: readonly PrintedMetric[]): void {
  if (metrics.length > MOST_METRICS)
    throw new FaultyMetricError(`${metrics.length} metrics, more than ${MOST_METRICS}`);
  const names = new Set<string>();
  for (const { name, value } of metrics) {
    if (name.trim() === "" || name.length > LONGEST_NAME) {
      throw new FaultyMetricError(`metric ${shown(name)}: expected a name of 1 to ${LONGEST_NAME} characters`);
    }
    if (names.has(name)) throw new FaultyMetricError(`metric ${shown(name)} is there twice`);
    names.add(name);
    if (typeof value !== "number" || !Number.isFinite(value)) {
      const hint = value === null ? " (what JSON makes of NaN and Infinity)" : "";
      throw new FaultyMetricError(
        `metric ${shown(name)}: the value is ${JSON.stringify(value) ?? "missing"}${hint}, expected a number`,
      );
    }
    if (value <= 0)
      throw new FaultyMetricError(`metric ${shown(name)}: the value is ${value}, and ratios need one above 0`);
  }
}

function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}
