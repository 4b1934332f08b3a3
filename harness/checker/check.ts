/** A whole history: each key searched on its own, since linearizability is local (Herlihy & Wing 1990, theorem 1). */
import { InvalidArgumentError } from "../../src/errors.js";
import type { Operation } from "./history.js";
import { type AnyModel, ModelMismatch } from "./models/model.js";
import { type SearchLimits, searchLinearization } from "./search/search.js";
import { type Violation, violationOf } from "./violation.js";

export interface CheckOptions {
  model: AnyModel;
  /** Milliseconds for all keys together. */
  deadlineMs?: number;
  /** Configurations to remember for one key, about 100 bytes each. */
  cacheLimit?: number;
  /** Monotonic milliseconds; another clock serves the tests. */
  now?: () => number;
  /** For messages about operations that are not the model's. */
  file?: string;
}

interface PartitionFacts {
  key: string;
  operations: number;
  unanswered: number;
  /** 0: the time was up before this key's turn. */
  steps: number;
}

export type Partition =
  | (PartitionFacts & { outcome: "ok" })
  | (PartitionFacts & { outcome: "illegal"; violation: Violation })
  | (PartitionFacts & { outcome: "unknown"; reason: string });

export interface CheckResult {
  /** Illegal if any key is; else unknown if any is; else ok. */
  outcome: "ok" | "illegal" | "unknown";
  model: string;
  operations: number;
  elapsedMs: number;
  /** By size, smallest first: the order in which they were searched. */
  partitions: Partition[];
}

export const DEFAULT_DEADLINE_MS = 10_000;
export const DEFAULT_CACHE_LIMIT = 2_000_000;

/** @throws InvalidArgumentError for an operation that the model does not know, naming its line */
export function checkHistory(history: readonly Operation[], options: CheckOptions): CheckResult {
  const { deadlineMs = DEFAULT_DEADLINE_MS, cacheLimit = DEFAULT_CACHE_LIMIT, model } = options;
  const now = options.now ?? (() => performance.now());
  const start = now();
  const overdue = (): string | undefined =>
    now() - start >= deadlineMs ? `the deadline of ${deadlineMs} ms has passed` : undefined;
  const limits: SearchLimits = {
    shouldStop: (configurations) =>
      configurations >= cacheLimit ? `${configurations} configurations reach the limit of the cache` : overdue(),
  };
  const prepared = partitionByKey(history).map(({ key, operations }) => ({
    key,
    operations,
    actions: operations.map((operation) => prepare(model, operation, options.file)),
  }));
  const partitions = prepared.map(({ key, operations, actions }): Partition => {
    const unanswered = operations.filter((o) => o.return === Number.POSITIVE_INFINITY).length;
    const facts = { key, operations: operations.length, unanswered };
    const reason = overdue();
    if (reason !== undefined) return { ...facts, steps: 0, outcome: "unknown", reason };
    const result = searchLinearization(model, operations, actions, limits);
    const { steps } = result;
    if (result.outcome === "ok") return { ...facts, steps, outcome: "ok" };
    if (result.outcome === "unknown") return { ...facts, steps, outcome: "unknown", reason: result.reason };
    const violation = violationOf(model, operations, actions, result.longest);
    return { ...facts, steps, outcome: "illegal", violation };
  });
  return {
    outcome: overall(partitions),
    model: model.name,
    operations: history.length,
    elapsedMs: now() - start,
    partitions,
  };
}

/** Smallest first, so that a hard key costs the easy ones nothing. */
function partitionByKey(history: readonly Operation[]): { key: string; operations: Operation[] }[] {
  const byKey = new Map<string, Operation[]>();
  for (const operation of history) {
    const operations = byKey.get(operation.key);
    if (operations) operations.push(operation);
    else byKey.set(operation.key, [operation]);
  }
  return [...byKey]
    .map(([key, operations]) => ({ key, operations }))
    .sort((a, b) => a.operations.length - b.operations.length);
}

function prepare(model: AnyModel, operation: Operation, file = "history"): unknown {
  try {
    return model.prepare(operation);
  } catch (error) {
    if (!(error instanceof ModelMismatch)) throw error;
    throw new InvalidArgumentError(`${file}:${operation.line}: ${error.message}`);
  }
}

function overall(partitions: readonly Partition[]): CheckResult["outcome"] {
  if (partitions.some((p) => p.outcome === "illegal")) return "illegal";
  return partitions.some((p) => p.outcome === "unknown") ? "unknown" : "ok";
}
