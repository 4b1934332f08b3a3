/** The store's side of the thread that writes backups. */
import { Worker } from "node:worker_threads";
import { BackupError, DirectoryInUseError, InvalidArgumentError } from "../errors.js";
import type { Answer, Call, CallName, Calls, PlainError } from "./messages.js";
import type { BackupReport } from "./session.js";

export interface SessionEvents {
  report(report: BackupReport): void;
  failed(error: BackupError): void;
  /** The thread is gone, and with it every session. */
  died(): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class BackupThread {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private readonly sessions = new Map<number, SessionEvents>();
  private calls = 0;
  private opened = 0;
  alive = true;

  constructor() {
    this.worker = new Worker(new URL("./backup-worker.js", import.meta.url), { stdin: false, execArgv: [] });
    this.worker.unref();
    this.worker.on("message", (answer: Answer) => this.hear(answer));
    this.worker.on("error", () => {}); // its exit follows, and tells everyone
    this.worker.on("exit", () => this.die());
  }

  /** A number for a new session. */
  enter(events: SessionEvents): number {
    this.sessions.set(++this.opened, events);
    return this.opened;
  }

  leave(session: number): void {
    this.sessions.delete(session);
  }

  call<N extends CallName>(session: number, name: N, request: Calls[N]["request"]): Promise<Calls[N]["result"]> {
    if (!this.alive) return Promise.reject(died());
    const id = ++this.calls;
    return new Promise<Calls[N]["result"]>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      if (this.waiting.size === 1) this.worker.ref(); // someone awaits this: the process is not done
      this.worker.postMessage({ id, session, name, request } satisfies Call);
    });
  }

  /** Ends the thread: for tests of its death. */
  terminate(): Promise<number> {
    return this.worker.terminate();
  }

  private hear(answer: Answer): void {
    if ("report" in answer) this.sessions.get(answer.session)?.report(answer.report);
    else if ("failed" in answer) this.sessions.get(answer.session)?.failed(toError(answer.failed) as BackupError);
    else {
      const waiting = this.waiting.get(answer.id);
      this.waiting.delete(answer.id);
      if (this.waiting.size === 0) this.worker.unref();
      if ("error" in answer) waiting?.reject(toError(answer.error));
      else waiting?.resolve(answer.result);
    }
  }

  private die(): void {
    this.alive = false;
    for (const { reject } of this.waiting.values()) reject(died());
    this.waiting.clear();
    for (const events of this.sessions.values()) events.died();
    this.sessions.clear();
  }
}

function died(): BackupError {
  return new BackupError("thread-died", "the thread that writes backups has ended; open the backup again");
}

function toError({ failure, message, holder = null }: PlainError): Error {
  if (failure === "directory-in-use") return new DirectoryInUseError(message, holder);
  if (failure === "invalid") return new InvalidArgumentError(message);
  if (failure === "fault") return new Error(`the backup thread failed: ${message}; this is a fault in Engram`);
  return new BackupError(failure, message);
}

let shared: BackupThread | null = null;

/** The thread for the stores of this thread; a new one if the last has died. */
export function backupThread(): BackupThread {
  if (shared === null || !shared.alive) shared = new BackupThread();
  return shared;
}
