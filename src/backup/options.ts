/** The options of backups and restores, checked before anything is touched. */
import { callback, choice, describe, flag, KnownOptions, numberWithin, wholeNumber } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { type Duration, milliseconds } from "../units.js";
import type { Durability } from "./backup-file.js";
import { MOST_GENERATIONS } from "./generations.js";
import { STRATEGIES, type StrategyName } from "./strategy.js";

/** Durations are milliseconds, or text such as "5s". */
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
  /** Time-based and adaptive: between incremental backups, 10 ms or more. Default 5,000. */
  incrementalEveryMs?: Duration;
  /** The same between full ones. Default 3,600,000, an hour. */
  fullEveryMs?: Duration;
  /** Change-based: a backup once this share of the regions is dirty, 0.0001 to 1. Default 0.1. */
  dirtyShare?: number;
  /** Change-based: a backup after this many writes, 1 or more. Default 100,000. */
  writes?: number;
  /** Generations kept, 2 to 26. Default 2. */
  generations?: number;
  /** "mapped" writes through mmap-io (an optional peer) where it loads, and says so once where it does not; "positioned" never does. Default: mapped
   * where it loads. */
  writing?: "mapped" | "positioned";
  /** One more backup when the store or this handle is closed. Default true, but for "manual". */
  onClose?: boolean;
  /**
   * One more backup on SIGTERM, after which the signal takes its course. In another thread than the main one: if that has a store too.
   * Default true, but for "manual".
   */
  onSignal?: boolean;
  /** How long the process may live on after SIGTERM for that backup, ms. Default 60,000. */
  signalDeadlineMs?: Duration;
  /** How long a backup waits for writes under way, ms. Default 1,000. */
  patienceMs?: Duration;
  /**
   * Take over a directory with generations of a store that this one was not restored from; they are overwritten in turn. Default false: such a
   * directory is refused.
   */
  takeOver?: boolean;
  /** Called after each backup that came to be. Default: nobody is told. */
  onBackup?: (report: import("./session.js").BackupReport) => void;
  /** Called after each backup that did not come to be. Default: nobody is told; `status()` and `stats()` have it all the same. */
  onError?: (error: import("../errors.js").BackupError) => void;
}

type DurationName = "incrementalEveryMs" | "fullEveryMs" | "signalDeadlineMs" | "patienceMs";

export type CheckedBackupOptions = Required<Omit<BackupOptions, "onBackup" | "onError" | DurationName>> &
  Record<DurationName, number> &
  Pick<BackupOptions, "onBackup" | "onError">;

const OPTIONS = new KnownOptions("store.backup", [
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
  OPTIONS.check(options);
  const { directory } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new InvalidArgumentError(`option directory is ${describe(directory)}; expected the path of a folder`);
  }
  const strategy = choice("option strategy", options.strategy, STRATEGIES, "manual");
  const automatic = strategy !== "manual";
  const { incrementalEveryMs, fullEveryMs, dirtyShare, writes, generations, patienceMs } = options;
  return {
    directory,
    durability: choice("option durability", options.durability, ["process", "disk"], "process"),
    strategy,
    incrementalEveryMs: milliseconds("option incrementalEveryMs", incrementalEveryMs, 5_000, 10, LONGEST_MS),
    fullEveryMs: milliseconds("option fullEveryMs", fullEveryMs, 3_600_000, 10, LONGEST_MS),
    dirtyShare: numberWithin("option dirtyShare", dirtyShare, 0.1, 0.0001, 1),
    writes: wholeNumber("option writes", writes, 100_000, 1, Number.MAX_SAFE_INTEGER),
    generations: wholeNumber("option generations", generations, 2, 2, MOST_GENERATIONS),
    writing: choice("option writing", options.writing, ["mapped", "positioned"], "mapped"),
    onClose: flag("option onClose", options.onClose, automatic),
    onSignal: flag("option onSignal", options.onSignal, automatic),
    signalDeadlineMs: milliseconds("option signalDeadlineMs", options.signalDeadlineMs, 60_000, 1, LONGEST_MS),
    patienceMs: milliseconds("option patienceMs", patienceMs, 1_000, 1, LONGEST_MS),
    takeOver: flag("option takeOver", options.takeOver, false),
    onBackup: callback("option onBackup", options.onBackup),
    onError: callback("option onError", options.onError),
  };
}
