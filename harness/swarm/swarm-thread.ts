/** A thread of a swarm seen from outside: told what to do, heard, killed. */
import { Worker } from "node:worker_threads";
import type { Store } from "../../src/index.js";
import { RunFailedError } from "../command-line/errors.js";
import type { FromThread, ThreadBirth, ToThread } from "./messages.js";

type Reply<T extends FromThread["type"]> = Extract<FromThread, { type: T }>;

export class SwarmThread {
  readonly birth: ThreadBirth;
  readonly #worker: Worker;
  readonly #inbox: FromThread[] = [];
  readonly #exited: Promise<void>;
  #failure: Error | null = null;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(store: Store, birth: ThreadBirth) {
    this.birth = birth;
    this.#worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: birth });
    store.watch(this.#worker);
    this.#worker.on("message", (message: FromThread) => {
      this.#inbox.push(message);
      this.#wake?.();
    });
    this.#worker.on("error", (error: Error) => this.#fail(error));
    this.#exited = new Promise((done) => {
      this.#worker.once("exit", (code) => {
        if (!this.#ended) this.#fail(new RunFailedError(`a thread of the swarm ended with exit code ${code}`));
        done();
      });
    });
  }

  tell(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  /** The next message of a kind; those before it are passed over. @throws whatever ended the thread before it */
  async hear<T extends FromThread["type"]>(type: T): Promise<Reply<T>> {
    for (;;) {
      for (let message = this.#inbox.shift(); message !== undefined; message = this.#inbox.shift()) {
        if (message.type === type) return message as Reply<T>;
      }
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** Ends it wherever it is, and returns when its store has taken back what it held. */
  async kill(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
    await this.#exited;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}
