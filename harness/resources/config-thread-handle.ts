/** A thread of a configuration's run, seen from outside. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Store } from "../../src/index.js";
import type { FollowerEnd, FromThread, ThreadBirth } from "./config-messages.js";

export class ConfigThread {
  private readonly end: Promise<FollowerEnd>;

  private constructor(private readonly worker: Worker) {
    this.end = new Promise((done, fail) => {
      worker.on("message", (message: FromThread) => {
        if (message.type === "end") done(message);
      });
      worker.on("error", fail);
    });
    this.end.catch(() => {}); // heard by whoever waits for it
  }

  /** Resolves when it is at work. */
  static async start(store: Store, does: ThreadBirth["does"]): Promise<ConfigThread> {
    const birth: ThreadBirth = { store: store.handle, does };
    const worker = new Worker(new URL("./config-thread.js", import.meta.url), { workerData: birth });
    store.watch(worker);
    await once(worker, "message");
    return new ConfigThread(worker);
  }

  /** What it has seen, when it has seen the last version. @throws what ended it before */
  async ended(): Promise<FollowerEnd> {
    const end = await this.end;
    await this.kill();
    return end;
  }

  async kill(): Promise<void> {
    await this.worker.terminate();
  }
}
