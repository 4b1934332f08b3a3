/**
 * The program of the thread that writes backups: one for all stores that a thread backs up, so that mmap-io is loaded once.
 * It holds no slot in a store: a backup reads memory and swaps header words, and allocates nothing there.
 */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parentPort, threadId } from "node:worker_threads";
import { BackupError, DirectoryInUseError, InvalidArgumentError } from "../errors.js";
import { type KernelLock, loadKernelLock } from "../kernel-lock.js";
import { loadMapper, type Mapper } from "../mapping.js";
import { DirectoryLock } from "./directory-lock.js";
import { findGenerations, inspectHeader } from "./generations.js";
import type { Answer, Call, Calls, OpenRequest, PlainError, Writing } from "./messages.js";
import { newestGeneration, type Origin } from "./origin.js";
import { BackupRunner } from "./runner.js";
import { BackupSession } from "./session.js";
import { saveWhenMainHears } from "./signal-channel.js";
import { LiveMemory } from "./snapshot.js";

const port = parentPort as NonNullable<typeof parentPort>;
interface Running {
  readonly runner: BackupRunner;
  readonly release: () => void;
  readonly forgetSignal: () => void;
}
const runners = new Map<number, Running>();
let mapper: Mapper | string | undefined;
let kernelLock: KernelLock | null | undefined;

function say(answer: Answer): void {
  port.postMessage(answer);
}

function plain(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BackupError) return { failure: error.failure, message };
  if (error instanceof DirectoryInUseError) return { failure: "directory-in-use", message, holder: error.holder };
  return { failure: error instanceof InvalidArgumentError ? "invalid" : "fault", message };
}

/** mmap-io is asked for once, by the first who wants it. */
function chooseMapper(asked: "mapped" | "positioned"): { mapper: Mapper | null; writing: Writing } {
  if (asked === "positioned") return { mapper: null, writing: { writing: "positioned", reason: null } };
  mapper ??= loadMapper();
  if (typeof mapper === "string") return { mapper: null, writing: { writing: "positioned", reason: mapper } };
  return { mapper, writing: { writing: "mapped", reason: null } };
}

function open(session: number, { memory: wasm, options, lineage, origin, claim, elsewhere }: OpenRequest): Writing {
  const directory = resolve(options.directory);
  const memory = new LiveMemory(wasm);
  makeDirectory(directory);
  const lock = takeDirectory(directory);
  try {
    const storeId = memory.header.storeId;
    if (!options.takeOver) {
      refuseForeign(directory, lineage ?? storeId);
      if (origin?.directory === directory) refuseNewer(directory, origin, storeId);
    }
    if (!memory.claim(claim)) {
      throw new InvalidArgumentError("this store has a backup open already; close that one, or use its handle");
    }
  } catch (error) {
    lock.release();
    throw error;
  }
  const release = () => {
    memory.release(claim);
    lock.release();
  };
  try {
    const { mapper, writing } = chooseMapper(options.writing);
    const backup = new BackupSession(wasm, { ...options, directory, lineage }, mapper);
    const runner = new BackupRunner(backup, { ...options, directory }, writing, lock, {
      report: (report) => say({ session, report }),
      failed: (error) => say({ session, failed: plain(error) }),
    });
    const forgetSignal = elsewhere && options.onSignal ? onSignal(session, runner, directory, options) : () => {};
    runners.set(session, { runner, release, forgetSignal });
    return writing;
  } catch (error) {
    release();
    throw error;
  }
}

function onSignal(session: number, runner: BackupRunner, directory: string, options: OpenRequest["options"]) {
  return saveWhenMainHears({
    id: `${threadId}.${session}`,
    directory,
    deadlineMs: options.signalDeadlineMs,
    save: () => void runner.backup("incremental"),
  });
}

function takeDirectory(directory: string): DirectoryLock {
  if (kernelLock === undefined) kernelLock = loadKernelLock();
  try {
    return DirectoryLock.take(directory, kernelLock);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw new InvalidArgumentError(`${directory}: ${(error as Error).message}`, { cause: error });
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new InvalidArgumentError(`${directory}: ${(error as Error).message}`, { cause: error });
  }
}

/** Starting over in a directory that holds someone's only backups would cost them: it takes a word. */
function refuseForeign(directory: string, lineage: number): void {
  for (const file of findGenerations(directory)) {
    const header = inspectHeader(file);
    if (header === null || header.lineage === lineage) continue;
    throw new InvalidArgumentError(
      `${file}: holds a generation of another store; restore it first (restore(directory)), choose another directory, or pass takeOver: true to overwrite it`,
    );
  }
}

/** What others have saved there since this store was restored would be overwritten by what is older. */
function refuseNewer(directory: string, origin: Origin, storeId: number): void {
  const own = findGenerations(directory).some((file) => inspectHeader(file)?.storeId === storeId);
  const newest = newestGeneration(directory);
  if (own || newest <= origin.generation) return;
  throw new InvalidArgumentError(
    `${directory}: holds generation ${newest}, written since this store was restored from it, when generation ${origin.generation} was the newest; restore it again, choose another directory, or pass takeOver: true to overwrite it`,
  );
}

function close(session: number, finalBackup: boolean): null {
  const found = runners.get(session);
  if (found === undefined) return null;
  runners.delete(session);
  try {
    found.runner.close(finalBackup);
  } finally {
    found.forgetSignal(); // not before: who waits for it waits for the last backup
    found.release();
  }
  return null;
}

function runnerOf(session: number): BackupRunner {
  const found = runners.get(session);
  if (found === undefined) throw new InvalidArgumentError("this backup is closed");
  return found.runner;
}

function answer({ session, name, request }: Call): Calls[Call["name"]]["result"] {
  switch (name) {
    case "open":
      return open(session, request as OpenRequest);
    case "backup":
      return runnerOf(session).backup(request as Calls["backup"]["request"]);
    case "checkpoint":
      return runnerOf(session).checkpoint(request as string);
    case "status":
      return runnerOf(session).status();
    case "close":
      return close(session, request as boolean);
  }
}

port.on("message", (call: Call) => {
  try {
    say({ id: call.id, result: answer(call) });
  } catch (error) {
    say({ id: call.id, error: plain(error) });
  }
});
