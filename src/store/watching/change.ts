/** What whoever watches a namespace is told, and the options of watching and waiting. */
import { describe, flag, KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import type { Duration } from "../../units.js";
import type { Key } from "../key.js";
import type { Version } from "../namespace/condition.js";
import { type PrefixOptions, readPrefix } from "../namespace/prefix.js";
import { checkSignal, type Patience, readBlocking, readPatience } from "../waiting.js";
import type { WorkerConnection } from "../worker.js";

/**
 * One change of one key, or of the whole namespace.
 *
 * - "set": an entry was written. `value` is left out when it can no longer be read, because the entry was replaced or deleted meanwhile, or has
 *   expired: then another change of the key follows.
 * - "delete", "expire", "evict": the entry with this `version` went.
 * - "clear": all entries went, because the namespace was cleared or dropped.
 * - "gap": changes may be missing before this one: the watcher was too slow, or a writer died in the middle of one. They are all there by now,
 *   so whoever looks at the keys again has missed nothing.
 */
export type Change<V = Uint8Array> =
  | {
      /** It was written. */
      readonly type: "set";
      /** Whose entry it is. */
      readonly key: string;
      /** Of the entry that was written. */
      readonly version: Version;
      /** What was written, if it can still be read. */
      readonly value?: V;
    }
  | {
      /** It went: by `delete`, because its time had come, or to make room. */
      readonly type: "delete" | "expire" | "evict";
      /** Whose entry it was. */
      readonly key: string;
      /** Of the entry that went. */
      readonly version: Version;
      /** None: it is gone. */
      readonly value?: undefined;
    }
  | {
      /** All of them went, or some changes were missed. */
      readonly type: "clear" | "gap";
      /** None: it is about all of them. */
      readonly key?: undefined;
      /** None: it is about all of them. */
      readonly version?: undefined;
      /** None: it is about all of them. */
      readonly value?: undefined;
    };

/** What `watch` gives: to be iterated once. Leaving the loop ends it. */
export interface Changes<V = Uint8Array>
  extends AsyncIterableIterator<Change<V>, undefined, undefined>,
    AsyncDisposable {
  /**
   * The next change that is there already, for programs that look between two pieces of work and never wait. Undefined when there is none
   * for now, when the watch has ended, or while somebody waits for `next`, who comes first.
   *
   * @throws AccessDeniedError when an agent may no longer read: that ends the watch
   */
  tryNext(): Change<V> | undefined;
}

/** How changes are told. */
export interface WatchOptions {
  /** Ends the iteration when it aborts. Default: none; it ends when the loop is left. */
  signal?: AbortSignal;
  /** Begin with the present entries, as "set" changes in no order; no change is lost or told twice between them and what follows. Default false. */
  initial?: boolean;
}

/** Which entry is waited for, and how long. */
export interface WaitForOptions {
  /** The version that is known: the wait ends as soon as the entry has another, or is gone. Default: none, which waits for an entry. */
  version?: Version;
  /** Milliseconds at most, or text like "5s". Default: no end. */
  timeout?: Duration;
  /** Ends the wait when it aborts: the promise is rejected with the signal's reason. Default: none. */
  signal?: AbortSignal;
}

/** Which keys: one, those that begin with some bytes, or all. */
export type WatchTarget = { readonly key: Key } | { readonly prefix: Uint8Array } | "all";

const WATCH_OPTIONS = new KnownOptions("watch", ["signal", "initial"]);
const TARGET = new KnownOptions("watch", ["prefix"]);
const WAIT_OPTIONS = new KnownOptions("waitFor", ["version", "timeout", "signal"]);
const BLOCK_OPTIONS = new KnownOptions("waitForSync", ["version", "timeout"]);

/** @throws InvalidArgumentError */
export function readWatchOptions(options: WatchOptions): { signal: AbortSignal | undefined; initial: boolean } {
  const { signal, initial } = WATCH_OPTIONS.check(options);
  return { signal: checkSignal(signal), initial: flag("initial", initial, false) };
}

/** @param isKey whether it is a prepared key @throws InvalidArgumentError, KeyTooLongError */
export function readWatchTarget(worker: WorkerConnection, target: Key | PrefixOptions, isKey: boolean): WatchTarget {
  if (isKey || typeof target === "string" || target instanceof Uint8Array) return { key: target as Key };
  if (typeof target !== "object" || target === null) {
    throw new InvalidArgumentError(`watch takes a key, { prefix } or {}, not ${describe(target)}`);
  }
  const prefix = readPrefix(worker, TARGET, target as PrefixOptions);
  return prefix === undefined ? "all" : { prefix };
}

function checkVersion(version: unknown): Version | undefined {
  if (version === undefined || typeof version === "bigint") return version;
  throw new InvalidArgumentError(`version is ${describe(version)}; expected one from getEntry() or a change`);
}

/** @throws InvalidArgumentError; the signal's reason when it has aborted already */
export function readWaitOptions(options: WaitForOptions): { version: Version | undefined; patience: Patience } {
  const { version, timeout, signal } = WAIT_OPTIONS.check(options);
  return { version: checkVersion(version), patience: readPatience({ timeout, signal }) };
}

/** @throws InvalidArgumentError */
export function readBlockOptions(options: Omit<WaitForOptions, "signal">): {
  version: Version | undefined;
  end: number;
} {
  const { version, timeout } = BLOCK_OPTIONS.check(options);
  return { version: checkVersion(version), end: readBlocking({ timeout }) };
}
