/** What other commands measured, told apart by shape, checked against the schema its writer is held to. */

import { InvalidArgumentError } from "../src/errors.js";
import { adaptiveGain } from "./adaptive-gain.js";
import {
  BENCH_SCHEMA_VERSION,
  backupSpeedsSchema,
  benchResultsSchema,
  type CheckedHistory,
  checkedHistorySchema,
  evictionRowsSchema,
} from "./measurement-files.js";
import { checkJson, type JsonFile } from "./read-results.js";
import type { BackupSpeed, BenchGroup, Check, EvictionResult, TargetFigure } from "./results.js";
import { findTarget } from "./targets/index.js";

/** Everything one file holds; what it does not is left out. */
export interface Measurements {
  readonly figures: readonly TargetFigure[];
  readonly checks?: readonly Check[];
  readonly backups?: readonly BackupSpeed[];
  readonly bench?: readonly BenchGroup[];
  readonly evictions?: readonly EvictionResult[];
}

/** What a file may be, in the words of the command line. */
export const KNOWN_FILES =
  "results.json of engram run, or the JSON of npm run bench, npm run backup:speed, engram check or engram evict";

/**
 * Null: no measurements of another command.
 *
 * @throws InvalidArgumentError when the file looks like one of them and is not
 */
export function measurementsOf(json: JsonFile): Measurements | null {
  const { document } = json;
  if (Array.isArray(document)) return evictionMeasurements(checkJson(evictionRowsSchema, json));
  if (typeof document !== "object" || document === null || "runs" in document) return null;
  if ("partitions" in document) return checkMeasurements(json);
  if ("groups" in document) return benchMeasurements(json);
  if ("rows" in document || "figures" in document) return backupMeasurements(json);
  return null;
}

/** Rows of the simulator, from a file or at hand. */
export function evictionMeasurements(evictions: readonly EvictionResult[]): Measurements {
  const gain = adaptiveGain(evictions);
  return { evictions, figures: gain === null ? [] : [gain] };
}

function backupMeasurements(json: JsonFile): Measurements {
  const { rows, figures } = checkJson(backupSpeedsSchema, json);
  return { backups: rows, figures: checked(json.file, figures) };
}

function benchMeasurements(json: JsonFile): Measurements {
  const { file, document } = json;
  const version = (document as { schemaVersion?: unknown }).schemaVersion;
  if (version !== BENCH_SCHEMA_VERSION) {
    throw new InvalidArgumentError(
      `${file}: schemaVersion is ${JSON.stringify(version) ?? "missing"}; of the bench's files this version of engram reads ${BENCH_SCHEMA_VERSION} only, run the bench again`,
    );
  }
  const { config, groups } = checkJson(benchResultsSchema, json);
  // A quick run judges nothing: its turns are too short.
  const figures = config.quick ? [] : groups.flatMap(({ answers }) => answers);
  return {
    figures: checked(file, figures),
    bench: groups.map((group) => ({
      ...group,
      profiles: [],
      notes: config.quick ? ["A quick run: to see that it works, not to judge.", ...group.notes] : group.notes,
    })),
  };
}

/** Every figure answers a target, in its unit. */
function checked(file: string, figures: readonly TargetFigure[]): readonly TargetFigure[] {
  for (const { target, unit } of figures) {
    const documented = findTarget(target);
    if (documented === undefined) throw new InvalidArgumentError(`${file}: "${target}" is no documented target`);
    if (documented.unit !== unit) {
      throw new InvalidArgumentError(`${file}: ${target} is in ${documented.unit}, not in ${unit}`);
    }
  }
  return figures;
}

/** Keys that a panel names; a broken history may have thousands. */
const OPEN_KEYS = 20;

function checkMeasurements(json: JsonFile): Measurements {
  const history = checkJson(checkedHistorySchema, json);
  const { outcome, model, operations, elapsedMs, partitions } = history;
  const count = (of: Check["outcome"]) => partitions.filter((one) => one.outcome === of).length;
  const open = partitions.flatMap((one) =>
    one.outcome === "ok" ? [] : [{ key: one.key, outcome: one.outcome, operations: one.operations }],
  );
  const check: Check = {
    ...{ file: json.file, outcome, model, operations, elapsedMs },
    keys: { ok: count("ok"), illegal: count("illegal"), unknown: count("unknown") },
    open: open.slice(0, OPEN_KEYS),
  };
  return { checks: [check], figures: consistency(history) };
}

/**
 * Linearizable is what the documents call strongly consistent: a read sees the last write acknowledged before it. A history that was
 * not decided to the end says nothing.
 */
function consistency({ outcome, operations, model, partitions }: CheckedHistory): TargetFigure[] {
  if (outcome === "unknown" || operations === 0) return [];
  const consistent = partitions.filter((one) => one.outcome === "ok").reduce((sum, one) => sum + one.operations, 0);
  return [
    {
      target: "d-strong-consistent",
      value: (100 * consistent) / operations,
      unit: "%",
      method: `engram check: operations on keys whose history is linearizable, of ${operations}, model ${model}`,
    },
  ];
}
