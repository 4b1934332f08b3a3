/** The nodes' files as one history: what has no answer may have happened, what certainly did not is left out. */
import { existsSync, readFileSync } from "node:fs";
import type { Operation } from "../../checker/index.js";

/** A call, an answer to the call of the same id, or a bounded read with its answer, which is no part of the history. */
export interface HistoryLine {
  readonly id: string;
  readonly client?: string;
  readonly key?: string;
  readonly op?: string;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly call?: number;
  readonly return?: number;
  readonly left?: true;
  /** Of what was read by the bounded level, and of what was written. */
  readonly version?: number;
  readonly refused?: true;
}

/** Of a file that there may not be yet: its thread died before it had begun. */
export function linesOf(file: string): HistoryLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((text) => {
      try {
        return text === "" ? [] : [JSON.parse(text) as HistoryLine];
      } catch {
        return []; // cut by its writer's death: the operation has no answer
      }
    });
}

export function readHistories(files: readonly string[]): Operation[] {
  const operations = new Map<string, Operation>();
  for (const file of files) {
    for (const line of linesOf(file)) {
      if (line.op === "bounded") continue;
      const begun = operations.get(line.id);
      if (line.left) operations.delete(line.id);
      else if (begun) Object.assign(begun, { output: line.output ?? null, return: line.return });
      else operations.set(line.id, begin(line));
    }
  }
  // A read without an answer says nothing.
  const told = [...operations.values()].filter((one) => one.op === "set" || Number.isFinite(one.return));
  const first = told.reduce((least, { call }) => Math.min(least, call), Number.POSITIVE_INFINITY);
  return told.map((one, i) => ({ ...one, line: i + 1, call: one.call - first, return: one.return - first }));
}

function begin({ id, client = id, key = "", op = "", input = null, call = 0 }: HistoryLine): Operation {
  return { client, key, op, input, output: null, call, return: Number.POSITIVE_INFINITY, line: 0 };
}
