/**
 * The program of the thread that writes backups: one for all stores that a thread backs up, so that mmap-io is loaded once.
 * It holds no slot in a store: a backup reads memory and swaps header words, and allocates nothing there.
 */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parentPort } from "node:worker_threads";
import { layout } from "../core/index.js";
import { BackupError, InvalidArgumentError } from "../store/errors.js";
import { findGenerations, inspectHeader } from "./generations.js";
import { loadMapper, type Mapper } from "./mapping.js";
import type { Answer, Call, Calls, OpenRequest, PlainError, Writing } from "./messages.js";
import { BackupRunner } from "./runner.js";
import { BackupSession } from "./session.js";
import { LiveMemory } from "./snapshot.js";

const port = parentPort as NonNullable<typeof parentPort>;
const runners = new Map<number, { runner: BackupRunner; memory: LiveMemory; directory: string }>();
let mapper: Mapper | string | undefined;

function say(answer: Answer): void {
  port.postMessage(answer);
}

function plain(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BackupError) return { failure: error.failure, message };
  return { failure: error instanceof InvalidArgumentError ? "invalid" : "fault", message };
}

/** mmap-io is asked for once, by the first who wants it. */
function chooseMapper(asked: "mapped" | "positioned"): { mapper: Mapper | null; writing: Writing } {
  if (asked === "positioned") return { mapper: null, writing: { writing: "positioned", reason: null } };
  mapper ??= loadMapper();
  if (typeof mapper === "string") return { mapper: null, writing: { writing: "positioned", reason: mapper } };
  return { mapper, writing: { writing: "mapped", reason: null } };
}

function open(session: number, { memory: wasm, options, lineage }: OpenRequest): Writing {
  const directory = resolve(options.directory);
  const memory = new LiveMemory(wasm);
  makeDirectory(directory);
  for (const other of runners.values()) {
    if (other.directory === directory) throw new InvalidArgumentError(`${directory}: another store is backed up there`);
  }
  if (!options.takeOver) refuseForeign(directory, lineage ?? memory.word(layout.H_STORE_ID));
  if (!memory.claim()) {
    throw new InvalidArgumentError("this store has a backup open already; close that one, or use its handle");
  }
  try {
    const { mapper, writing } = chooseMapper(options.writing);
    const backup = new BackupSession(wasm, { ...options, directory, lineage }, mapper);
    const runner = new BackupRunner(backup, { ...options, directory }, writing, {
      report: (report) => say({ session, report }),
      failed: (error) => say({ session, failed: plain(error) }),
    });
    runners.set(session, { runner, memory, directory });
    return writing;
  } catch (error) {
    memory.release();
    throw error;
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

function close(session: number, finalBackup: boolean): null {
  const found = runners.get(session);
  if (found === undefined) return null;
  runners.delete(session);
  try {
    found.runner.close(finalBackup);
  } finally {
    found.memory.release();
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
