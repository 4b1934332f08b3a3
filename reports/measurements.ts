/** What other commands measured, read beside the results of a run: told apart by shape, checked, and joined to the targets. */
import { z } from "zod";
import { findTarget, judge } from "../src/monitor/index.js";
import { InvalidArgumentError } from "../src/store/errors.js";
import { checkResults, describeIssues, readJson } from "./read-results.js";
import { type BackupSpeed, backupSpeedSchema, type Check, type Results } from "./results.js";

/** A figure that answers to a documented target. */
interface Measured {
  readonly target: string;
  readonly value: number;
  readonly method: string;
}

interface Measurements {
  readonly measured: readonly Measured[];
  readonly checks: readonly Check[];
  readonly backups: readonly BackupSpeed[];
}

/**
 * Reads the files given to a report.
 *
 * @throws InvalidArgumentError for a file that is none of those known, for no results at all, or for measurements beside several
 *   results, since nobody could tell whose they are
 */
export async function readInputs(paths: readonly string[]): Promise<{ files: string[]; results: Results[] }> {
  const files: string[] = [];
  const results: Results[] = [];
  const others: Measurements[] = [];
  let firstOther: string | undefined;
  for (const path of paths) {
    const { file, document } = await readJson(path);
    const other = measurementsOf(file, document);
    if (other === null) {
      results.push(checkResults(file, document));
      files.push(path);
    } else {
      others.push(other);
      firstOther ??= file;
    }
  }
  if (firstOther === undefined) return { files, results };
  if (results.length !== 1) {
    const found = results.length === 0 ? "there is none" : `there are ${results.length}`;
    throw new InvalidArgumentError(`${firstOther}: goes beside the results of one run, and ${found}`);
  }
  return { files, results: [join(results[0], others)] };
}

/** The results with the other commands' figures: a target that the run itself did not measure is judged by them. */
function join(results: Results, others: readonly Measurements[]): Results {
  const measured = new Map(others.flatMap((one) => one.measured).map((one) => [one.target, one]));
  const targets = results.targets.map((target) => {
    const figure = measured.get(target.id);
    const documented = findTarget(target.id);
    if (target.verdict !== "not measured" || figure === undefined || documented === undefined) return target;
    return judge(documented, figure.value, figure.method);
  });
  const checks = [...(results.checks ?? []), ...others.flatMap((one) => one.checks)];
  const backups = [...(results.backups ?? []), ...others.flatMap((one) => one.backups)];
  return {
    ...results,
    targets,
    ...(checks.length > 0 ? { checks } : {}),
    ...(backups.length > 0 ? { backups } : {}),
  };
}

/** Null: no measurements of another command. */
function measurementsOf(file: string, document: unknown): Measurements | null {
  if (Array.isArray(document)) return backupFigures(file, document);
  if (typeof document !== "object" || document === null || "runs" in document) return null;
  if ("partitions" in document) return { measured: [], checks: [checkOf(file, document)], backups: [] };
  if ("groups" in document) return { measured: benchFigures(file, document), checks: [], backups: [] };
  return null;
}

const measuredRowSchema = z.object({
  target: z.string(),
  value: z.number(),
  unit: z.string(),
  method: z.string(),
  rounds: z.number().int().positive().optional(),
});

/** Rows of backup speeds: of a documented target, of a way of writing, or of both at once. */
function backupFigures(file: string, rows: readonly unknown[]): Measurements {
  const measured: Measured[] = [];
  const backups: BackupSpeed[] = [];
  for (const [index, row] of rows.entries()) {
    const figure = measuredRowSchema.safeParse(row);
    const speed = backupSpeedSchema.safeParse(row);
    if (!figure.success && !speed.success) {
      throw new InvalidArgumentError(`${file}: row ${index + 1}: ${describeIssues(speed.error.issues)}`);
    }
    if (speed.success) backups.push(speed.data);
    if (figure.success) measured.push(ofTarget(`${file}: row ${index + 1}`, figure.data));
  }
  return { measured, checks: [], backups };
}

function ofTarget(place: string, { target, value, unit, method, rounds }: z.infer<typeof measuredRowSchema>): Measured {
  const documented = findTarget(target);
  if (documented === undefined) throw new InvalidArgumentError(`${place}: "${target}" is no documented target`);
  if (documented.unit !== unit) {
    throw new InvalidArgumentError(`${place}: ${target} is in ${documented.unit}, not in ${unit}`);
  }
  return { target, value, method: rounds === undefined ? method : `${method}, ${rounds} rounds` };
}

const checkResultSchema = z.object({
  outcome: z.enum(["ok", "illegal", "unknown"]),
  model: z.string(),
  operations: z.number().int().nonnegative(),
  elapsedMs: z.number().nonnegative(),
  partitions: z.array(
    z.object({ key: z.string(), operations: z.number(), outcome: z.enum(["ok", "illegal", "unknown"]) }),
  ),
});

/** Keys that a panel names; a broken history may have thousands. */
const OPEN_KEYS = 20;

function checkOf(file: string, document: unknown): Check {
  const { partitions, ...facts } = parse(checkResultSchema, file, document);
  const count = (outcome: Check["outcome"]) => partitions.filter((one) => one.outcome === outcome).length;
  const open = partitions.flatMap(({ key, outcome, operations }) =>
    outcome === "ok" ? [] : [{ key, outcome, operations }],
  );
  return {
    file,
    ...facts,
    keys: { ok: count("ok"), illegal: count("illegal"), unknown: count("unknown") },
    open: open.slice(0, OPEN_KEYS),
  };
}

/** Goals of the bench that are documented targets, by group and id. */
const BENCH_TARGETS: Readonly<Record<string, readonly string[]>> = {
  "xxhash32-4": ["m004-hash-4b"],
  "xxhash32-16": ["m004-hash-16b"],
  "xxhash32-64": ["m004-hash-64b"],
  "xxhash32-256": ["m004-hash-256b"],
  "typical-key": ["m004-hash-typical"],
  // Measured as a pair, so that each of the two takes at most this.
  allocate: ["m006-allocate", "m006-free"],
  namespace: ["m008-lookup"],
  "padding-overhead": ["m003-memory-overhead"],
};

const benchSchema = z.object({
  config: z.object({ rounds: z.number() }),
  groups: z.array(
    z.object({
      name: z.string(),
      judgements: z.array(
        z.object({ id: z.string(), what: z.string(), value: z.number(), unit: z.string(), suspect: z.boolean() }),
      ),
    }),
  ),
});

function benchFigures(file: string, document: unknown): Measured[] {
  const { config, groups } = parse(benchSchema, file, document);
  return groups.flatMap(({ name, judgements }) =>
    judgements.flatMap(({ id, what, value, unit, suspect }) => {
      // A figure that was probably optimised away is no measurement.
      if (suspect || !Object.hasOwn(BENCH_TARGETS, id)) return [];
      const method = `npm run bench, group ${name}: ${what}, median of ${config.rounds} rounds`;
      return BENCH_TARGETS[id]
        .filter((target) => findTarget(target)?.unit === unit)
        .map((target) => ({ target, value, method }));
    }),
  );
}

function parse<T>(schema: z.ZodType<T>, file: string, document: unknown): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`${file}: ${describeIssues(parsed.error.issues)}`);
}
