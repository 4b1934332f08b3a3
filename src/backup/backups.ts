/** The backups of a store, as its user sees them. */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { isMainThread } from "node:worker_threads";
import { choice } from "../check.js";
import { BackupError, ClosedError, InvalidArgumentError } from "../errors.js";
import { type BackupNotes, beforeClose, identityOf, noteBackups, type Store, type StoreMaker } from "../store/index.js";
import { type BackupThread, backupThread } from "./backup-thread.js";
import { saveOnSignal } from "./emergency.js";
import type { BackupKind } from "./format.js";
import { type Checkpoint, checkpointFile, findCheckpoints } from "./generations.js";
import type { OpenRequest, SessionStatus, Writing } from "./messages.js";
import { type BackupOptions, type CheckedBackupOptions, checkBackupOptions } from "./options.js";
import { originOf } from "./origin.js";
import { lineageOf, type Restored, type RestoreOptions, restoreStore } from "./restore.js";
import type { BackupReport } from "./session.js";
import { LiveMemory } from "./snapshot.js";

let warned = false;

/**
 * One store's backups in one directory.
 *
 * @typeParam S what a checkpoint is restored to: the class of the store that is backed up
 */
export class Backups<S extends Store = Store> implements AsyncDisposable {
  readonly directory: string;
  private readonly options: CheckedBackupOptions;
  private readonly memory: LiveMemory;
  private readonly thread: BackupThread;
  private readonly session: number;
  private readonly claim: number;
  private closing: Promise<void> | null = null;
  private forget: () => void = () => {};
  private notes: BackupNotes | null = null;
  private forgetSignal: () => void = () => {};

  private readonly make: StoreMaker<S>;

  private constructor(
    memory: WebAssembly.Memory,
    slotNumber: number,
    options: CheckedBackupOptions,
    make: StoreMaker<S>,
  ) {
    this.make = make;
    this.options = options;
    this.directory = resolve(options.directory);
    this.memory = new LiveMemory(memory);
    this.claim = this.memory.claimOf(slotNumber);
    this.thread = backupThread();
    this.session = this.thread.enter({
      report: (report) => {
        const { kind, takenMs, bytesWritten, totalMs } = report;
        this.notes?.noteTaken({ kind, takenMs, bytes: bytesWritten, tookMs: totalMs });
        options.onBackup?.(report);
      },
      failed: (error) => {
        this.notes?.noteFailed(error.message);
        options.onError?.(error);
      },
      died: () => {
        this.notes?.noteFailed("the thread that writes backups has ended");
        this.cleanUpAfterThread();
      },
    });
  }

  /**
   * Opens the backups of a store in a directory.
   *
   * @param make what a checkpoint is restored to
   * @throws InvalidArgumentError for an option out of bounds, a directory that holds another store's backups, or newer ones than
   *   this store was restored from, a store whose backups are open already, or one that is not shared; DirectoryInUseError,
   *   naming who has it, when another store is backed up there, in this process or in another one
   */
  static async open<S extends Store>(store: S, options: BackupOptions, make: StoreMaker<S>): Promise<Backups<S>> {
    const checked = checkBackupOptions(options);
    const memory = memoryOf(store);
    const { slotNumber } = identityOf(store);
    const backups = new Backups(memory, slotNumber, checked, make);
    const { onBackup: _, onError: __, ...plain } = checked;
    try {
      const request: OpenRequest = {
        memory,
        options: plain,
        lineage: lineageOf(store),
        origin: originOf(store),
        claim: backups.claim,
        elsewhere: !isMainThread,
      };
      const writing = await backups.thread.call(backups.session, "open", request);
      if (options.writing === "mapped") warn(writing);
    } catch (error) {
      backups.thread.leave(backups.session);
      throw error;
    }
    const { notes, forget } = noteBackups(store, backups.directory);
    backups.notes = notes;
    const stayOpen = beforeClose(store, () => backups.close());
    backups.forget = () => {
      stayOpen();
      forget();
    };
    if (checked.onSignal && isMainThread) backups.forgetSignal = saveOnSignal(backups.emergency());
    return backups;
  }

  /**
   * Takes a backup now, whatever the strategy.
   *
   * @throws BackupError with `failure`: the store and the earlier generations are unharmed
   */
  now(kind: BackupKind = "incremental"): Promise<BackupReport> {
    choice("kind of backup", kind, ["incremental", "full"], "incremental");
    this.assertOpen();
    return this.thread.call(this.session, "backup", kind);
  }

  /** A backup now that later ones do not overwrite. One of the same name is replaced, once the new one is whole. */
  createCheckpoint(name: string): Promise<Checkpoint> {
    this.assertOpen();
    checkpointFile(this.directory, name);
    return this.thread.call(this.session, "checkpoint", name);
  }

  /** Oldest first. */
  listCheckpoints(): Checkpoint[] {
    return findCheckpoints(this.directory);
  }

  /** A new store with what the checkpoint holds; this one is not touched. */
  restoreCheckpoint(name: string, options: RestoreOptions = {}): Promise<Restored<S>> {
    return restoreStore(this.make, checkpointFile(this.directory, name), options);
  }

  /** False when there is none of that name. @throws ClosedError: who has closed the backups has the directory no more */
  deleteCheckpoint(name: string): boolean {
    this.assertOpen();
    if (!this.thread.alive)
      throw new BackupError("thread-died", "the thread that writes backups has ended; open the backup again");
    const file = checkpointFile(this.directory, name);
    const known = findCheckpoints(this.directory).some((checkpoint) => checkpoint.file === file);
    rmSync(file, { force: true });
    return known;
  }

  status(): Promise<SessionStatus> {
    this.assertOpen();
    return this.thread.call(this.session, "status", null);
  }

  /** Ends the backups, with a last one if `onClose` says so. Rejects with its BackupError if that failed. */
  close(): Promise<void> {
    this.closing ??= this.end(this.options.onClose);
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---------------------------------------------------------------- inside

  private async end(finalBackup: boolean): Promise<void> {
    this.forget();
    try {
      if (this.thread.alive) await this.thread.call(this.session, "close", finalBackup);
    } finally {
      this.forgetSignal(); // not before: what is being saved is waited for
      this.thread.leave(this.session);
    }
  }

  private assertOpen(): void {
    if (this.closing !== null) throw new ClosedError("these backups are closed; open them again with store.backup()");
  }

  private emergency() {
    const { directory, options } = this;
    return {
      directory,
      deadlineMs: options.signalDeadlineMs,
      // backups that are being closed take their last one anyway, or were asked not to
      save: () => this.closing ?? this.now(),
      tooLate: (error: BackupError) => options.onError?.(error),
    };
  }

  /** A dead thread's snapshot would keep memory for ever, and its claim would keep others out. */
  private cleanUpAfterThread(): void {
    const epoch = this.memory.header.snapshot;
    if (epoch !== 0) this.memory.endSnapshot(epoch);
    this.memory.release(this.claim);
  }
}

/** The memory, for the thread that writes backups to read. @throws InvalidArgumentError when no other thread can */
function memoryOf(store: Store): WebAssembly.Memory {
  try {
    return store.handle.memory as WebAssembly.Memory;
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(
      "this store was created with shared: false, so it cannot be backed up: backups are written by another thread; create it with shared: true",
      { cause: error },
    );
  }
}

/** Said once, by the first who asked for a mapping and did not get it. */
function warn({ reason }: Writing): void {
  if (reason === null || warned) return;
  warned = true;
  process.emitWarning(`backups are written at positions, not through a mapping: ${reason}`, { code: "ENGRAM_NO_MMAP" });
}
