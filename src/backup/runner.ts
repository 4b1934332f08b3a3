/** One session and its clock: takes the backups its strategy asks for, and tries again, later each time, when one fails. */
import {
  closeSync,
  copyFileSync,
  constants as fsConstants,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { BackupError } from "../errors.js";
import type { DirectoryLock } from "./directory-lock.js";
import type { BackupKind } from "./format.js";
import { type Checkpoint, checkpointFile } from "./generations.js";
import type { SessionOptions, SessionStatus, Writing } from "./messages.js";
import type { BackupReport, BackupSession } from "./session.js";
import { type BackupMetrics, backOffMs, decide, lookEveryMs, paceOf } from "./strategy.js";

export interface RunnerEvents {
  report(report: BackupReport): void;
  failed(error: BackupError): void;
}

export class BackupRunner {
  private readonly session: BackupSession;
  private readonly options: SessionOptions;
  private readonly writing: Writing;
  private readonly lock: DirectoryLock;
  private readonly events: RunnerEvents;
  private readonly timer: NodeJS.Timeout | null;
  private last: BackupReport | null = null;
  private backups = 0;
  private failures = 0;
  private error: string | null = null;
  private tryAgainAt = 0;
  private lastBackupAt = performance.now();
  private lastFullAt = performance.now();
  private writesAtBackup: number;
  private lookedAt = performance.now();
  private writesAtLook: number;

  constructor(
    session: BackupSession,
    options: SessionOptions,
    writing: Writing,
    lock: DirectoryLock,
    events: RunnerEvents,
  ) {
    this.session = session;
    this.options = options;
    this.writing = writing;
    this.lock = lock;
    this.events = events;
    this.writesAtBackup = session.activity().writes;
    this.writesAtLook = this.writesAtBackup;
    this.timer = options.strategy === "manual" ? null : setInterval(() => this.look(), lookEveryMs(options));
  }

  backup(kind: BackupKind): BackupReport {
    try {
      const report = this.session.backup(kind, () => this.lock.confirm());
      this.succeeded(report);
      return report;
    } catch (error) {
      this.failures++;
      this.error = (error as Error).message;
      this.tryAgainAt = performance.now() + backOffMs(this.failures);
      if (error instanceof BackupError) this.events.failed(error);
      throw error;
    }
  }

  private succeeded(report: BackupReport): void {
    this.last = report;
    this.backups++;
    this.failures = 0;
    this.error = null;
    this.lastBackupAt = performance.now();
    if (report.kind === "full") this.lastFullAt = this.lastBackupAt;
    this.writesAtBackup = this.session.activity().writes;
    this.events.report(report);
  }

  /** The clock's step. */
  private look(): void {
    const now = performance.now();
    const metrics = this.metrics(now);
    if (now < this.tryAgainAt) return;
    const kind = this.failures > 0 ? "incremental" : decide(metrics, this.options);
    if (kind === null) return;
    try {
      this.backup(kind);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error; // told and noted otherwise: the next look tries again
    }
  }

  private metrics(now: number): BackupMetrics {
    const { writes, dirtyRegions, regions, slabShare, pressure } = this.session.activity();
    const writeRate = ((writes - this.writesAtLook) * 1000) / Math.max(1, now - this.lookedAt);
    this.lookedAt = now;
    this.writesAtLook = writes;
    return {
      writeRate,
      dirtyRatio: regions === 0 ? 0 : dirtyRegions / regions,
      slabShare,
      pressure,
      ioLatencyMs: this.last?.totalMs ?? 0,
      writesSinceBackup: writes - this.writesAtBackup,
      sinceBackupMs: now - this.lastBackupAt,
      sinceFullMs: now - this.lastFullAt,
    };
  }

  /** A backup now, and a copy of it that no later one overwrites. */
  checkpoint(name: string): Checkpoint {
    const file = checkpointFile(this.options.directory, name);
    const report = this.backup("incremental");
    const temporary = `${file}.new`;
    try {
      rmSync(temporary, { force: true }); // of one that died: a copy would cut it, and someone may have it mapped
      copyFileSync(report.file, temporary, fsConstants.COPYFILE_FICLONE | fsConstants.COPYFILE_EXCL);
      if (this.options.durability === "disk") syncPath(temporary);
      renameSync(temporary, file);
      if (this.options.durability === "disk") syncPath(this.options.directory);
    } catch (error) {
      rmSync(temporary, { force: true });
      const { code, message } = error as NodeJS.ErrnoException;
      throw new BackupError(code === "ENOSPC" || code === "EDQUOT" ? "no-space" : "io", `${file}: ${message}`, {
        cause: error,
      });
    }
    return { name, file, bytes: statSync(file).size, takenMs: report.takenMs };
  }

  status(): SessionStatus {
    const { directory, durability, strategy } = this.options;
    return {
      ...this.writing,
      directory,
      durability,
      strategy,
      pace: paceOf(this.metrics(performance.now())),
      newest: this.session.newest(),
      last: this.last,
      activity: this.session.activity(),
      backups: this.backups,
      failures: this.failures,
      error: this.error,
    };
  }

  /** @param finalBackup one more backup first; if it fails the error is told, and the session is closed all the same */
  close(finalBackup: boolean): void {
    if (this.timer !== null) clearInterval(this.timer);
    try {
      if (finalBackup) this.backup("incremental");
    } finally {
      this.session.close();
    }
  }
}

function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
