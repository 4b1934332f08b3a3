/** A gate over anybody's benchmark: what it was asked for. */
import { InvalidArgumentError } from "../../../src/errors.js";
import { FORMATS, type MetricFormat } from "./printed-metrics.js";

export interface BenchmarkSettings {
  /** Given to a shell, in the same folder of both trees. */
  command: string;
  /** Makes a fresh worktree ready, such as `npm ci`; null: the head's dependencies are shared where they are the same. */
  setup: string | null;
  /** Builds a tree; null: there is nothing to build. */
  build: string | null;
  metrics: MetricFormat;
  /** Written by the command, relative to where it runs; null: its standard output is read. */
  metricsFile: string | null;
  decideBy: DecideBy;
  /** A process that takes longer is ended, ms. */
  limitMs: number;
}

/** `auto`: the wall clock and what the benchmark prints; processor time where they cannot tell. */
export type DecideBy = "auto" | "wall" | "cpu" | "instructions";

const DECIDE_BY: readonly DecideBy[] = ["auto", "wall", "cpu", "instructions"];
export const DEFAULT_LIMIT_MS = 10 * 60_000;

export function parseDecideBy(text: string): DecideBy {
  return oneOf("--decide-by", text, DECIDE_BY);
}

export function parseMetricFormat(text: string): MetricFormat {
  return oneOf("--metrics", text, FORMATS);
}

export function parseCommand(option: string, text: string): string {
  if (text.trim() === "" || text.includes("\0")) {
    throw new InvalidArgumentError(
      `${option} ${JSON.stringify(text)}: expected a command for the shell, such as "node bench.js"`,
    );
  }
  return text;
}

function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) {
    throw new InvalidArgumentError(`${option} ${JSON.stringify(text)}: expected one of ${allowed.join(", ")}`);
  }
  return found;
}
