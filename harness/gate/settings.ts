/** What the user asked for, once it has been checked. */
import { InvalidArgumentError } from "../../src/store/errors.js";
import { parseDuration } from "../../workloads/index.js";

/** What every measured process runs, the same in both arms. */
export interface RunSettings {
  scenarios: string[];
  /** As given to `engram run --duration`, such as 1s or 500ms. */
  duration: string;
  /** null: the scenario's own. */
  workers: number | null;
}

/** 10 %, as ADR-010 sets it. */
export const DEFAULT_TOLERANCE = 0.1;
/** Against a stored baseline the machine may be another one, and dividing by a reference takes out only part of that. */
export const DEFAULT_BASELINE_TOLERANCE = 0.2;
export const DEFAULT_SCENARIO = "blackboard";
export const DEFAULT_DURATION = "1s";
export const DEFAULT_ROUNDS = 20;
/** Below this the signed-rank test cannot reach p < 0.01 after correction for ten metrics (10 / 2^10). */
export const MINIMUM_ROUNDS = 10;
export const MAXIMUM_ROUNDS = 1000;

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

export function parseRounds(text: string): number {
  const rounds = parseInteger(text);
  if (rounds === undefined || rounds < MINIMUM_ROUNDS || rounds > MAXIMUM_ROUNDS) {
    throw new InvalidArgumentError(
      `--rounds ${text}: expected a whole number from ${MINIMUM_ROUNDS} (fewer can prove nothing) to ${MAXIMUM_ROUNDS}`,
    );
  }
  return rounds;
}

export function parseSeed(text: string): number {
  const seed = parseInteger(text);
  if (seed === undefined || seed > 0x7fff_ffff) {
    throw new InvalidArgumentError(`--seed ${text}: expected a whole number from 0 to 2147483647`);
  }
  return seed;
}

export function parseWorkers(text: string): number {
  const workers = parseInteger(text);
  if (workers === undefined || workers < 1 || workers > 64) {
    throw new InvalidArgumentError(`--workers ${text}: expected a whole number from 1 to 64`);
  }
  return workers;
}

/** Checked here, so that a slip is one line now and not a failed run twenty rounds on; passed on as it was given. */
export function parseRunDuration(text: string): string {
  if (!(durationOrNaN(text) > 0)) {
    throw new InvalidArgumentError(`--duration ${text}: expected a time above 0, such as 500ms, 1s or 1m`);
  }
  return text.trim();
}

function durationOrNaN(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return Number.NaN;
  }
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

function parseInteger(text: string): number | undefined {
  return /^\d{1,10}$/.test(text.trim()) ? Number(text) : undefined;
}
