/** What the user asked for, once it has been checked. */
import { InvalidArgumentError } from "../../src/errors.js";
import { parseDuration, wholeNumber } from "../command-line/option-values.js";

/** What every measured process runs, the same in both arms. */
export interface RunSettings {
  scenarios: string[];
  /** As given to `engram run --duration`, such as 1s or 500ms. */
  duration: string;
  /** null: the scenario's own. */
  workers: number | null;
  /** Of a benchmark that is not ours, what is run in place of scenarios. */
  command?: string;
}

/** 10 %, as M-010 sets it. */
export const DEFAULT_TOLERANCE = 0.1;
/** Against a stored baseline the machine may be another one, and dividing by a reference takes out only part of that. */
export const DEFAULT_BASELINE_TOLERANCE = 0.2;
export const DEFAULT_SCENARIO = "blackboard";
export const DEFAULT_DURATION = "1s";
export const DEFAULT_ROUNDS = 20;
/** Below this the signed-rank test cannot reach p < 0.01 after correction for ten metrics (10 / 2^10). */
export const MINIMUM_ROUNDS = 10;
const MAXIMUM_ROUNDS = 1000;

/** `10%` or `0.1`, above 0 and below 100 %. Returns the share. */
export function parseTolerance(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim());
  const share = match ? Number(match[1]) / (match[2] ? 100 : 1) : Number.NaN;
  if (!(share > 0 && share < 1)) {
    throw new InvalidArgumentError(
      `--tolerance ${text}: expected a share above 0 % and below 100 %, such as 10% or 0.1`,
    );
  }
  return share;
}

/** Fewer can prove nothing. */
export function parseRounds(text: string): number {
  return wholeNumber("--rounds", text, MINIMUM_ROUNDS, MAXIMUM_ROUNDS);
}

/** Passed on to `engram run` as it was given, which would refuse it twenty rounds on. */
export function parseRunDuration(text: string): string {
  parseDuration(text);
  return text.trim();
}

/** The seed of a round, of one process: `engram run` takes 32 bits, so that it begins at 0 again above them. */
export function seedOfRound(seed: number, round: number): number {
  return (seed + round) >>> 0;
}

/** Comma list; names are passed on to `engram run`, so one that looks like an option is refused here. */
export function parseScenarios(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  const bad = names.find((name) => !/^[A-Za-z0-9_][\w./-]*$/.test(name));
  if (bad !== undefined || new Set(names).size !== names.length) {
    throw new InvalidArgumentError(`--scenario ${text}: expected scenario names, each once, such as blackboard,ycsb-a`);
  }
  return names;
}
