/** What shared data is opened and changed with, checked; each option is read once. */
import { checkSameName, describe, flag, KnownOptions, wholeNumber } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { checkSchema, type StandardSchema } from "../../store/index.js";
import type { Duration } from "../../units.js";
import { SHARED as SHARED_SETTINGS } from "../settings.js";

/** What shared data is opened with. */
export interface SharedOptions<T> {
  /** What it is when it is not there yet; ignored when it is. Without, it must be there. */
  initial?: T;
  /**
   * Any validator that has the Standard Schema interface (zod, valibot, arktype, …) and answers at once: what it makes of a value is written.
   * Default: none; values are taken as they are.
   */
  schema?: StandardSchema<T>;
  /**
   * Each version goes through the schema also when this thread reads it first: for what another program may have written, a store from a backup for
   * one. Not for a schema that refuses what it has made. Default false.
   */
  checkReads?: boolean;
}

/** What configuration is opened with. */
export interface ConfigOptions {
  /** What it is when it is not there yet, as the schema takes it; ignored when it is, but checked all the same. Without, it must be there. */
  initial?: unknown;
  /** As of shared data. Default false. */
  checkReads?: boolean;
}

/** Under which condition a value is replaced. */
export interface SetSharedOptions {
  /** Only if this is the present version still. Default: whatever is there is replaced. */
  ifVersion?: number;
}

/** How often a change is tried. */
export interface UpdateSharedOptions {
  /** How often it is tried at most, before a ContentionError: each failed round means that another change succeeded. Default 10,000. */
  attempts?: number;
}

/** How often a change is tried that may take its time. */
export interface UpdateSharedLaterOptions extends UpdateSharedOptions {
  /** Gives up before the next round: the call rejects with its reason. Default: none. */
  signal?: AbortSignal;
}

/** How an observer is told. */
export interface SubscribeOptions {
  /** The observer is also told of the value that is there when it comes, with `previous` undefined. Default false. */
  initial?: boolean;
  /** Ends the subscription when it aborts. Default: none. */
  signal?: AbortSignal;
}

/** How a lock is waited for. */
export interface AccessOptions {
  /** How long the lock is waited for at most, ms or text like "5s". Default: as long as it takes. */
  timeout?: Duration;
}

/** How a lock is waited for without blocking the thread. */
export interface AccessLaterOptions extends AccessOptions {
  /** Gives up waiting for the lock: the call rejects with its reason. Default: none. */
  signal?: AbortSignal;
}

/** Bytes of a name in UTF-8: with what the store puts before it, a lock's name has room for it. */
const NAME_MAX = 200;

const SHARED = new KnownOptions("shared data", ["name", "initial", "schema", "checkReads"]);
const MUTABLE = new KnownOptions("mutable shared data", ["name", "initial", "schema"]);
const CONFIG = new KnownOptions("a config", ["name", "initial", "checkReads"]);
const SET = new KnownOptions("set", ["ifVersion"]);
const UPDATE = new KnownOptions("update", ["attempts"]);
const UPDATE_LATER = new KnownOptions("updateAsync", ["attempts", "signal"]);
const SUBSCRIBE = new KnownOptions("subscribe", ["initial", "signal"]);
const ACCESS = new KnownOptions("read and write", ["timeout"]);
const ACCESS_LATER = new KnownOptions("readAsync and writeAsync", ["timeout", "signal"]);

export interface CheckedShared<T> {
  readonly initial: T | undefined;
  readonly schema: StandardSchema<T> | undefined;
  readonly checkReads: boolean;
}

/** @throws InvalidArgumentError */
export function checkSharedName(of: string, name: unknown): string {
  if (typeof name !== "string" || name === "") {
    throw new InvalidArgumentError(`${of} is named ${describe(name)}; expected text that is not empty`);
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_MAX) {
    throw new InvalidArgumentError(`the name of ${of} has ${bytes} bytes in UTF-8; the limit is ${NAME_MAX}`);
  }
  return name;
}

/** @throws InvalidArgumentError */
export function checkShared<T>(name: string, options: SharedOptions<T>): CheckedShared<T> {
  const { initial, schema, checkReads } = SHARED.check<SharedOptions<T>>(options);
  checkSameName("shared data", options, name);
  const checked = checkSchema(schema) as StandardSchema<T> | undefined;
  const reads = SHARED_SETTINGS.checkReads.check("option checkReads", checkReads);
  if (reads && checked === undefined) {
    throw new InvalidArgumentError(`shared data ${describe(name)} was given checkReads and no schema to check with`);
  }
  return { initial, schema: checked, checkReads: reads };
}

/** @throws InvalidArgumentError */
export function checkMutable<T>(name: string, options: Omit<SharedOptions<T>, "checkReads">): CheckedShared<T> {
  const { initial, schema } = MUTABLE.check<SharedOptions<T>>(options);
  checkSameName("mutable shared data", options, name);
  return { initial, schema: checkSchema(schema) as StandardSchema<T> | undefined, checkReads: false };
}

/** @throws InvalidArgumentError */
export function checkConfig<T>(
  name: string,
  schema: StandardSchema<T>,
  options: ConfigOptions,
): CheckedShared<T> & { readonly schema: StandardSchema<T> } {
  const { initial, checkReads } = CONFIG.check<ConfigOptions>(options);
  checkSameName("config", options, name);
  const checked = checkSchema(schema) as StandardSchema<T> | undefined;
  if (checked === undefined) {
    throw new InvalidArgumentError(
      `config ${describe(name)} was given no schema; expected a validator with Standard Schema's interface`,
    );
  }
  return {
    initial: initial as T | undefined,
    schema: checked,
    checkReads: SHARED_SETTINGS.checkReads.check("option checkReads", checkReads),
  };
}

/** The version asked for; undefined: whichever. @throws InvalidArgumentError */
export function checkSetShared(options: SetSharedOptions | undefined): number | undefined {
  if (options === undefined) return undefined;
  SET.check(options);
  if (!("ifVersion" in options)) return undefined;
  const { ifVersion } = options;
  if (ifVersion !== undefined) return wholeNumber("option ifVersion", ifVersion, 0, 1, Number.MAX_SAFE_INTEGER);
  // a write that was meant to depend on a version would depend on nothing
  throw new InvalidArgumentError("option ifVersion is undefined; expected a version, or leave it out");
}

/** @throws InvalidArgumentError */
export function checkUpdateShared(options: UpdateSharedOptions): number {
  return attemptsIn(UPDATE.check<UpdateSharedOptions>(options).attempts);
}

/** @throws InvalidArgumentError */
export function checkUpdateLater(options: UpdateSharedLaterOptions): { attempts: number; signal?: AbortSignal } {
  const { attempts, signal } = UPDATE_LATER.check<UpdateSharedLaterOptions>(options);
  return { attempts: attemptsIn(attempts), signal: signalIn(signal) };
}

/** @throws InvalidArgumentError */
export function checkSubscribe(options: SubscribeOptions): { initial: boolean; signal?: AbortSignal } {
  const { initial, signal } = SUBSCRIBE.check<SubscribeOptions>(options);
  return { initial: flag("option initial", initial, false), signal: signalIn(signal) };
}

/** What a lock takes. @throws InvalidArgumentError */
export function checkAccess(options: AccessOptions): AccessOptions {
  const { timeout } = ACCESS.check<AccessOptions>(options);
  return { timeout };
}

/** @throws InvalidArgumentError */
export function checkAccessLater(options: AccessLaterOptions): AccessLaterOptions {
  const { timeout, signal } = ACCESS_LATER.check<AccessLaterOptions>(options);
  return { timeout, signal };
}

function attemptsIn(attempts: unknown): number {
  return SHARED_SETTINGS.attempts.check("option attempts", attempts);
}

function signalIn(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new InvalidArgumentError(`option signal is ${describe(signal)}; expected an AbortSignal`);
}
