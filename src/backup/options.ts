/** The options of backups and restores, checked before anything is touched. */
import { InvalidArgumentError } from "../store/errors.js";
import type { Durability } from "./backup-file.js";
import { MOST_GENERATIONS } from "./generations.js";
import { shown } from "./shown.js";
import { STRATEGIES, type StrategyName } from "./strategy.js";

export interface BackupOptions {
  /** Where the files go; made if it is not there. */
  directory: string;
  /**
   * What a finished backup survives: "process" the end of the process by any means (the bytes are with the operating
   * system), "disk" also the end of the operating system and of power. Default "process".
   */
  durability?: Durability;
  /** When backups are taken by themselves, see strategy.ts. Default "manual". */
  strategy?: StrategyName;
  /** Time-based and adaptive: ms between incremental backups (default 5,000) and between full ones (default 3,600,000). */
  incrementalEveryMs?: number;
  fullEveryMs?: number;
  /** Change-based: a backup once this share of the regions is dirty (default 0.1), or after this many writes (default 100,000). */
  dirtyShare?: number;
  writes?: number;
  /** Generations kept, 2 to 26. Default 2. */
  generations?: number;
  /** "mapped" writes through mmap-io where it loads, "positioned" never does. Default "mapped". */
  writing?: "mapped" | "positioned";
  /** One more backup when the store or this handle is closed. Default true, but for "manual". */
  onClose?: boolean;
  /**
   * One more backup on SIGTERM, after which the signal takes its course. In another thread than the main one: if that has a store too.
   * Default true, but for "manual".
   */
  onSignal?: boolean;
  /** How long the process may live on after SIGTERM for that backup, ms. Default 60,000. */
  signalDeadlineMs?: number;
  /** How long a backup waits for writes under way, ms. Default 1,000. */
  patienceMs?: number;
  /** Take over a directory with generations of a store that this one was not restored from; they are overwritten in turn. */
  takeOver?: boolean;
  /** Called after each backup that came to be, and after each that did not. */
  onBackup?: (report: import("./session.js").BackupReport) => void;
  onError?: (error: import("../store/errors.js").BackupError) => void;
}

export type CheckedBackupOptions = Required<Omit<BackupOptions, "onBackup" | "onError">> &
  Pick<BackupOptions, "onBackup" | "onError">;

const KNOWN = new Set([
  "directory",
  "durability",
  "strategy",
  "incrementalEveryMs",
  "fullEveryMs",
  "dirtyShare",
  "writes",
  "generations",
  "writing",
  "onClose",
  "onSignal",
  "signalDeadlineMs",
  "patienceMs",
  "takeOver",
  "onBackup",
  "onError",
]);
const LONGEST_MS = 2 ** 31 - 1;

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkBackupOptions(options: BackupOptions): CheckedBackupOptions {
  if (options === null || typeof options !== "object") {
    throw new InvalidArgumentError(`store.backup takes an object of options, not ${shown(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) throw new InvalidArgumentError(`unknown option "${name}"; known: ${[...KNOWN].join(", ")}`);
  }
  const { directory } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new InvalidArgumentError(`option directory is ${shown(directory)}; expected the path of a folder`);
  }
  const strategy = choose("strategy", options.strategy, STRATEGIES, "manual");
  const automatic = strategy !== "manual";
  return {
    directory,
    durability: choose("durability", options.durability, ["process", "disk"], "process"),
    strategy,
    incrementalEveryMs: number("incrementalEveryMs", options.incrementalEveryMs, 5_000, 10, LONGEST_MS),
    fullEveryMs: number("fullEveryMs", options.fullEveryMs, 3_600_000, 10, LONGEST_MS),
    dirtyShare: number("dirtyShare", options.dirtyShare, 0.1, 0.0001, 1),
    writes: whole("writes", options.writes, 100_000, 1, Number.MAX_SAFE_INTEGER),
    generations: whole("generations", options.generations, 2, 2, MOST_GENERATIONS),
    writing: choose("writing", options.writing, ["mapped", "positioned"], "mapped"),
    onClose: flag("onClose", options.onClose, automatic),
    onSignal: flag("onSignal", options.onSignal, automatic),
    signalDeadlineMs: number("signalDeadlineMs", options.signalDeadlineMs, 60_000, 1, LONGEST_MS),
    patienceMs: number("patienceMs", options.patienceMs, 1_000, 1, LONGEST_MS),
    takeOver: flag("takeOver", options.takeOver, false),
    onBackup: callback("onBackup", options.onBackup),
    onError: callback("onError", options.onError),
  };
}

function choose<T extends string>(name: string, value: unknown, names: readonly T[], standard: T): T {
  if (value === undefined) return standard;
  if (names.includes(value as T)) return value as T;
  throw new InvalidArgumentError(`option ${name} is ${shown(value)}; expected one of ${names.join(", ")}`);
}

function number(name: string, value: unknown, standard: number, min: number, max: number): number {
  if (value === undefined) return standard;
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`option ${name} is ${shown(value)}; expected a number from ${min} to ${max}`);
}

function whole(name: string, value: unknown, standard: number, min: number, max: number): number {
  const checked = number(name, value, standard, min, max);
  if (Number.isInteger(checked)) return checked;
  throw new InvalidArgumentError(`option ${name} is ${shown(value)}; expected a whole number`);
}

function flag(name: string, value: unknown, standard: boolean): boolean {
  if (value === undefined) return standard;
  if (typeof value === "boolean") return value;
  throw new InvalidArgumentError(`option ${name} is ${shown(value)}; expected true or false`);
}

function callback<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw new InvalidArgumentError(`option ${name} is ${shown(value)}; expected a function`);
}
