/** What any program asks of its caches, as an operation log: caches are wrapped, and the log is written while the program runs. */
import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { callback, describe, flag, KnownOptions } from "../check.js";
import { EngramError, InvalidArgumentError } from "../errors.js";
import { cannotBeWritten } from "../not-writable.js";
import { CacheLog, type SizeOf } from "./cache-log.js";
import { Identities } from "./program-key.js";
import { RECORD_VARIABLE } from "./record-variable.js";
import { Recorder } from "./recorder.js";
import { wrapCache } from "./wrap-cache.js";

/** How a recording is begun. */
export interface RecorderOptions {
  /** Goes on with the file instead of making it anew: several threads and processes may write to one at once. Default false. */
  readonly append?: boolean;
}

/** How one cache is recorded. */
export interface WrapOptions<V = unknown, K = unknown> {
  /** Keeps a cache's keys apart from those of others in the log; caches of one name share their keys. Default "cache", "cache-2" and so on. */
  readonly name?: string;
  /**
   * Bytes of a value, for values other than text, bytes and numbers. What throws, or is no number, is a size that is not known. Default:
   * theirs is not known.
   */
  readonly sizeOf?: (value: V, key: K) => number;
  /** Whether `has` is a request like `get`. Default true. */
  readonly has?: boolean;
}

/** How a recording fares. */
export interface RecorderStatus {
  /** "off": no file was named, and nothing is recorded. "failed": the file could not be written any more; the program's caches go on. */
  readonly state: "recording" | "failed" | "closed" | "off";
  /** Operations on the file. */
  readonly operations: number;
  /** Operations in memory, for a fifth of a second at most while the event loop turns. */
  readonly waiting: number;
  /** Operations that could not be written. */
  readonly lost: number;
  /** Written to the file. */
  readonly bytes: number;
  /** Calls of `clear` on caches that cannot list their keys at once: their entries seem to be there still. */
  readonly unlogged: number;
  /** Why the file could not be written. */
  readonly failure: Error | null;
}

/** Operations are missing in a log, since the file could not be written. */
export class RecordingLostError extends EngramError {
  /** Operations that are not on the file. */
  readonly lost: number;

  constructor(path: string, lost: number, cause: Error) {
    super("RECORDING_LOST", `${path}: ${lost} operations could not be written (${cause.message})`, { cause });
    this.lost = lost;
  }
}

/** Of a cache's operations it is not asked which store they are from. */
const STORE = 0;
const OPTIONS = new KnownOptions("openRecorder", ["append"]);
const WRAP_OPTIONS = new KnownOptions("wrap", ["name", "sizeOf", "has"]);

/** What a process that ends has still to write. */
const atExit = new Set<CacheRecorder>();

function writeWhatIsLeft(): void {
  for (const recorder of [...atExit]) recorder.end();
}

/**
 * Opens a log for the caches of this thread.
 *
 * @param path of the file, made anew. Without one, ENGRAM_RECORD of the environment names it (`engram trace record OUT -- PROGRAM` sets it), and is
 * appended to; without that either, the recorder is off, and `wrap` changes nothing.
 * @throws InvalidArgumentError when the file cannot be opened
 */
export function openRecorder(path?: string, options: RecorderOptions = {}): CacheRecorder {
  if (path !== undefined && (typeof path !== "string" || path === "")) {
    throw new InvalidArgumentError(`openRecorder takes the path of a file to write, not ${describe(path)}`);
  }
  const append = flag("append", OPTIONS.check(options).append, false);
  const named = path ?? (process.env[RECORD_VARIABLE] || undefined);
  if (named === undefined) return new CacheRecorder(null);
  const file = resolve(named);
  if (path !== undefined && !append) {
    try {
      writeFileSync(file, "");
    } catch (cause) {
      throw cannotBeWritten(file, cause);
    }
  }
  return new CacheRecorder(file);
}

/**
 * Records the caches that are wrapped. Whatever happens to the file, the caches go on as they would without it.
 *
 * Each get, set and delete is a record of 24 bytes, with a hash of the key. Blocks of 4,096 are appended synchronously, and what there is every 200 ms
 * and when the process exits; a process that is killed loses what it did since, and the file holds whole blocks of records. No operation is dropped
 * for being too many.
 */
export class CacheRecorder implements AsyncDisposable {
  /** The file; null: nothing is recorded. */
  readonly path: string | null;
  private readonly recorder: Recorder | null;
  private readonly identities = new Identities(randomInt(2 ** 32));
  private readonly logs: { readonly log: CacheLog; readonly unwrap: () => void }[] = [];
  private readonly wrapped = new WeakSet<object>();
  private unnamed = 0;
  private unlogged = 0;
  private warned = false;

  /** @internal */
  constructor(path: string | null) {
    this.path = path;
    this.recorder = path === null ? null : new Recorder(path, STORE, () => this.warnOnce());
    if (this.recorder === null) return;
    if (atExit.size === 0) process.on("exit", writeWhatIsLeft);
    atExit.add(this);
  }

  /**
   * Records a cache from now on: a Map, or anything with get and set as one (lru-cache, quick-lru, Keyv, node-cache; their bulk methods too). A cache that
   * answers with promises is recorded in the order of the calls. `peek`, iteration and what a cache evicts by itself are not recorded.
   *
   * @returns the same object, whose methods are recording ones until the recorder is closed
   * @throws InvalidArgumentError when it has neither get nor set, or is frozen
   */
  wrap<C extends object>(cache: C, options: WrapOptions = {}): C {
    const { name, sizeOf, has } = WRAP_OPTIONS.check(options);
    if (typeof cache !== "object" || cache === null) {
      throw new InvalidArgumentError(`wrap takes a cache, an object with get and set, not ${describe(cache)}`);
    }
    if (name !== undefined && typeof name !== "string") {
      throw new InvalidArgumentError(`wrap: name must be a string, not ${describe(name)}`);
    }
    const size = callback("sizeOf", sizeOf) as SizeOf | undefined;
    const countHas = flag("has", has, true);
    const { recorder } = this;
    if (recorder === null || this.closed || this.wrapped.has(cache)) return cache;
    const known = name ?? this.nextName();
    const log = new CacheLog(recorder, this.identities, known, size, () => this.unlogged++);
    this.logs.push({ log, unwrap: wrapCache(cache, log, countHas) });
    this.wrapped.add(cache);
    return cache;
  }

  /** How it fares, as of now. */
  get status(): RecorderStatus {
    const { recorder } = this;
    const { operations, lost, bytes } = recorder?.counts ?? { operations: 0, lost: 0, bytes: 0 };
    const failure = recorder?.failure ?? null;
    const state = recorder === null ? "off" : this.closed ? "closed" : failure === null ? "recording" : "failed";
    return { state, operations, waiting: recorder?.waiting ?? 0, lost, bytes, unlogged: this.unlogged, failure };
  }

  /**
   * Gives the caches their own methods back, writes what is left, and closes the file. Again: nothing more.
   *
   * @returns how it came out
   * @throws RecordingLostError when operations are missing in the file, which is closed all the same
   */
  async close(): Promise<RecorderStatus> {
    this.end();
    const { status } = this;
    if (status.failure !== null) throw new RecordingLostError(this.path ?? "", status.lost, status.failure);
    return status;
  }

  /** Closes it. Operations that are missing are a warning of the process, and no reason for a program to fail that has done its work. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  /** @internal */
  end(): void {
    if (!atExit.delete(this)) return;
    if (atExit.size === 0) process.off("exit", writeWhatIsLeft);
    for (const { log, unwrap } of this.logs) {
      log.open = false;
      unwrap();
    }
    this.logs.length = 0;
    this.recorder?.close();
  }

  private get closed(): boolean {
    return !atExit.has(this);
  }

  private nextName(): string {
    return ++this.unnamed === 1 ? "cache" : `cache-${this.unnamed}`;
  }

  private warnOnce(): void {
    const failure = this.recorder?.failure;
    if (this.warned || failure == null) return;
    this.warned = true;
    process.emitWarning(
      `${this.path}: operations are not recorded any more: ${failure.message}; the caches go on`,
      "RecordingWarning",
    );
  }
}
