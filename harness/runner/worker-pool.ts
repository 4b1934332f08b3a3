/** The workers of one run, seen from the main thread of its process: told what to do, and watched for dying. */
import { Worker } from "node:worker_threads";
import { RunFailedError } from "../command-line/errors.js";
import type { FromWorker, ToWorker, WorkerBirth } from "./messages.js";

type Reply<T extends FromWorker["type"]> = Extract<FromWorker, { type: T }>;

export class WorkerPool {
  readonly #workers: readonly Worker[];
  /** Messages not yet asked for, by worker: an answer may come before anyone waits for it. */
  readonly #inboxes: FromWorker[][];
  #wake: (() => void) | undefined;
  #failure: RunFailedError | undefined;
  #closed = false;

  constructor(births: readonly WorkerBirth[]) {
    this.#inboxes = births.map(() => []);
    this.#workers = births.map((birth) => {
      const worker = new Worker(new URL("./agent-worker.js", import.meta.url), { workerData: birth });
      worker.on("message", (message: FromWorker) => {
        this.#inboxes[birth.worker].push(message);
        this.#wake?.();
      });
      worker.on("error", (error) => this.#fail(`worker ${birth.worker} died: ${describe(error)}`, error));
      worker.on("exit", (code) =>
        this.#fail(`worker ${birth.worker} ended before its work was done (exit code ${code})`),
      );
      return worker;
    });
  }

  /** Sends one message to each worker; `message(worker)` makes it. */
  send(message: (worker: number) => ToWorker): void {
    this.#workers.forEach((worker, index) => {
      worker.postMessage(message(index));
    });
  }

  /** Waits for one reply of this type from every worker, in the workers' order. Throws RunFailedError when one dies. */
  async replies<T extends FromWorker["type"]>(type: T): Promise<Array<Reply<T>>> {
    while (this.#failure === undefined && this.#inboxes.some((inbox) => inbox.length === 0)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#inboxes.map((inbox) => {
      const message = inbox.shift() as FromWorker;
      if (message.type !== type) throw new RunFailedError(`a worker answered "${message.type}" instead of "${type}"`);
      return message as Reply<T>;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #fail(message: string, cause?: unknown): void {
    if (this.#failure !== undefined || this.#closed) return;
    this.#failure = new RunFailedError(message, { cause });
    this.#wake?.();
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && error.name === "Error"
    ? `${error.message} (${error.code})`
    : `${error.name}: ${error.message}`;
}
