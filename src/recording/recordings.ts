/** Recordings: who takes part, how threads come to know, and what it all came to. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { BroadcastChannel, getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { InvalidArgumentError } from "../errors.js";
import { cannotBeWritten } from "../not-writable.js";
import { beforeClose, identityOf, type Store, tapStore } from "../store/index.js";
import { RECORD_VARIABLE } from "./record-variable.js";
import { Recorder } from "./recorder.js";

/** What a recording came to. */
export interface RecordingReport {
  /** Operations on the file. */
  readonly operations: number;
  /** Operations that could not be written, because the disk was full or the file went away. */
  readonly lost: number;
  /** Of the file. */
  readonly bytes: number;
  /** Threads that took part. */
  readonly threads: number;
  /** Of those, threads that had not handed in their last operations when `stop` returned: they are busy, or died. */
  readonly missing: number;
}

/** A recording under way. */
export interface Recording {
  /** The file, as it was given. */
  readonly path: string;
  /** Ends it in all threads; so does closing the store here. Waits for those that are busy for at most a second. Again: the same report. */
  stop(): Promise<RecordingReport>;
}

/** Words shared by all threads of a recording. */
const RUNNING = 0;
const ACTIVE = 1;
const THREADS = 2;
/** 64-bit sums behind them. */
const OPERATIONS = 0;
const LOST = 1;
const BYTES = 2;
const SUMS_AT = 16;

interface Terms {
  readonly path: string;
  readonly shared: SharedArrayBuffer;
}

type Message = { readonly start: Terms } | { readonly stop: true };

const PATIENCE_MS = 1000;

function channelName(store: Store): string {
  return `engram-recording-${identityOf(store).storeId}`;
}

/** By connection: what ends the recording under way. */
const endings = new Map<object, () => void>();

/** By connection: where this thread hears of recordings. */
const channels = new Map<object, BroadcastChannel>();

/** This thread closes a store: its last operations go to the file. */
export function unlisten(store: Store): void {
  const { worker } = identityOf(store);
  endHere(worker);
  channels.get(worker)?.close();
  channels.delete(worker);
}

/**
 * A thread that opens a store records it when the environment asks for it; otherwise it listens for recordings that begin later, and joins
 * the one under way.
 */
export function listen(store: Store): void {
  const file = process.env[RECORD_VARIABLE];
  if (file) {
    recordThisThread(store, file);
    return;
  }
  const { worker, shared } = identityOf(store);
  if (!shared) return;
  const channel = new BroadcastChannel(channelName(store));
  (channel as unknown as { unref(): void }).unref();
  channel.onmessage = (event) => {
    const message = (event as { data: Message }).data;
    if ("stop" in message) endHere(worker);
    else join(store, message.start);
  };
  channels.set(worker, channel);
  const terms = getEnvironmentData(channelName(store)) as Terms | undefined;
  if (terms !== undefined) join(store, terms);
}

/** Records this thread's operations on the store to a file that others may be writing to as well, until the store or the process ends. */
function recordThisThread(store: Store, path: string): void {
  const { storeId } = identityOf(store);
  const recorder = new Recorder(path, storeId);
  begin(store, recorder);
}

/**
 * Logs every get, set, delete and increment of a store from now on to a file (made anew), an operation log that `engram trace info`,
 * `engram evict` and `engram run replay` read: operation, hash of namespace and key, sizes, ttl and time. Threads that are attached join
 * as soon as their event loop turns, threads that attach later at once.
 *
 * What is on the file is readable at any time, after a crash too; a thread that dies takes its last fifth of a second with it. Iteration,
 * `clear` and expiry are not logged.
 *
 * @throws InvalidArgumentError when the file cannot be written, or the store is being recorded already
 */
export function record(store: Store, file: string): Recording {
  const { worker, shared } = identityOf(store);
  if (endings.has(worker)) {
    throw new InvalidArgumentError(`the store is being recorded already; stop that recording before ${file}`);
  }
  if (typeof file !== "string" || file === "") {
    throw new InvalidArgumentError("record takes the path of a file to write; expected a non-empty string");
  }
  const path = resolve(file); // threads that join may see another working directory
  create(path);
  const terms: Terms = { path, shared: new SharedArrayBuffer(SUMS_AT + 24) };
  new Int32Array(terms.shared)[RUNNING] = 1;
  join(store, terms);
  const channel = shared ? new BroadcastChannel(channelName(store)) : null;
  (channel as unknown as { unref(): void } | null)?.unref();
  channel?.postMessage({ start: terms } satisfies Message);
  let ended: Promise<RecordingReport> | null = null;
  const end = async (): Promise<RecordingReport> => {
    const words = new Int32Array(terms.shared);
    Atomics.store(words, RUNNING, 0);
    channel?.postMessage({ stop: true } satisfies Message);
    setEnvironmentData(channelName(store), undefined as never);
    endHere(worker);
    const until = performance.now() + PATIENCE_MS;
    while (Atomics.load(words, ACTIVE) > 0 && performance.now() < until) await setTimeout(2);
    channel?.close();
    return reportOf(terms);
  };
  const stop = (): Promise<RecordingReport> => {
    ended ??= end();
    return ended;
  };
  beforeClose(store, async () => void (await stop()));
  return { path, stop };
}

function create(path: string): void {
  try {
    writeFileSync(path, "");
  } catch (cause) {
    throw cannotBeWritten(path, cause);
  }
}

function join(store: Store, terms: Terms): void {
  const { worker, storeId } = identityOf(store);
  const words = new Int32Array(terms.shared);
  if (Atomics.load(words, RUNNING) === 0 || endings.has(worker)) return;
  const sums = new BigInt64Array(terms.shared, SUMS_AT, 3);
  const recorder = new Recorder(terms.path, storeId, (operations, lost, bytes) => {
    Atomics.add(sums, OPERATIONS, BigInt(operations));
    Atomics.add(sums, LOST, BigInt(lost));
    Atomics.add(sums, BYTES, BigInt(bytes));
    // a thread that never comes to its messages still learns of the end, at its next block
    if (Atomics.load(words, RUNNING) === 0) queueMicrotask(() => endHere(worker));
  });
  Atomics.add(words, ACTIVE, 1);
  Atomics.add(words, THREADS, 1);
  // for the workers that this thread starts from now on
  setEnvironmentData(channelName(store), terms as never);
  begin(store, recorder, () => Atomics.sub(words, ACTIVE, 1));
}

function begin(store: Store, recorder: Recorder, ended: () => void = () => {}): void {
  const { worker } = identityOf(store);
  const untap = tapStore(store, recorder);
  const finish = (): void => {
    endings.delete(worker);
    process.off("exit", finish);
    untap();
    recorder.close();
    ended();
  };
  endings.set(worker, finish);
  // a program that ends without closing its store has its last operations on the file all the same
  process.once("exit", finish);
}

function endHere(worker: object): void {
  endings.get(worker)?.();
}

function reportOf({ shared }: Terms): RecordingReport {
  const words = new Int32Array(shared);
  const sums = new BigInt64Array(shared, SUMS_AT, 3);
  return {
    operations: Number(Atomics.load(sums, OPERATIONS)),
    lost: Number(Atomics.load(sums, LOST)),
    bytes: Number(Atomics.load(sums, BYTES)),
    threads: Atomics.load(words, THREADS),
    missing: Atomics.load(words, ACTIVE),
  };
}
