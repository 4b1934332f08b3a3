/** Several accepting threads, or one whose acknowledgement does not wait: each with a ring to this thread, which writes. */
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { EngramError, InvalidArgumentError } from "../../errors.js";
import type { Store } from "../../store/index.js";
import type { GroupCommit } from "../journal/index.js";
import type { RateLimitHandle } from "../limit/rate-limit.js";
import type { AcceptThreadData, FromAcceptThread, ToAcceptThread } from "./accept-thread.js";
import type { ReceiverSettings } from "./receiver.js";
import { openRing, RingDrain } from "./ring.js";

export interface ThreadsSettings {
  readonly store: Store;
  readonly threads: number;
  readonly receiver: ReceiverSettings;
  readonly limiter: RateLimitHandle | null;
  readonly counters: SharedArrayBuffer;
  readonly commit: GroupCommit;
  readonly waits: boolean;
  metricsPage(): Promise<string>;
}

export class AcceptThreads {
  private readonly health = new SharedArrayBuffer(4);
  private readonly workers: Worker[] = [];
  private readonly drains: RingDrain[] = [];
  /** Those that have ended, asked to or not. */
  private readonly gone = new Set<Worker>();
  port = 0;

  private constructor(private readonly settings: ThreadsSettings) {
    new Int32Array(this.health)[0] = 1;
  }

  /** @throws InvalidArgumentError when they cannot listen */
  static async start(settings: ThreadsSettings): Promise<AcceptThreads> {
    const threads = new AcceptThreads(settings);
    try {
      threads.port = settings.receiver.port;
      // one after the other: the first says which port it is
      for (let thread = 0; thread < settings.threads; thread++) await threads.begin(thread);
    } catch (error) {
      await threads.close();
      throw error;
    }
    return threads;
  }

  /** Threads that accept now: nobody takes the place of one that has died. */
  get threads(): number {
    return this.workers.filter((worker) => !this.gone.has(worker)).length;
  }

  get healthy(): boolean {
    return Atomics.load(new Int32Array(this.health), 0) !== 0;
  }

  /** Messages that wait in rings, and lines that were lost there. */
  get rings(): { readonly waiting: number; readonly lostLines: number } {
    return {
      waiting: this.drains.reduce((sum, drain) => sum + drain.length, 0),
      lostLines: this.drains.reduce((sum, drain) => sum + drain.lost, 0),
    };
  }

  /** When everything that was taken is written, or was given up. */
  async close(): Promise<void> {
    await Promise.all(
      this.workers.map(async (worker) => {
        if (this.gone.has(worker)) return; // it says nothing any more
        const gone = once(worker, "exit");
        tell(worker, "stop");
        await gone;
      }),
    );
    for (const drain of this.drains) await drain.close();
  }

  private async begin(thread: number): Promise<void> {
    const { store, receiver, limiter, counters, commit, waits } = this.settings;
    const ring = openRing(store, thread);
    const settings = { ...receiver, port: this.port };
    const workerData: AcceptThreadData = { thread, settings, limiter, counters, health: this.health, waits };
    const worker = store.spawn(new URL("./accept-thread.js", import.meta.url), { workerData });
    const listening = new Promise<number>((resolve, reject) => {
      worker.on("message", (message: FromAcceptThread) => {
        if (message === "stopped") return;
        if ("listening" in message) resolve(message.listening);
        else if ("failed" in message) reject(new InvalidArgumentError(message.failed));
        else void this.answerPage(worker, message.asksPage);
      });
      worker.on("error", reject); // after that its exit says that it is gone
      worker.once("exit", () => {
        this.gone.add(worker);
        reject(new EngramError("THREAD_ENDED", "an accepting thread ended before it listened"));
      });
    });
    this.port = await listening;
    this.workers.push(worker);
    const drain = new RingDrain(
      ring,
      commit,
      new Int32Array(this.health),
      waits ? (written) => tell(worker, { written }) : null,
    );
    this.drains.push(drain);
    drain.start();
  }

  private async answerPage(worker: Worker, number: number): Promise<void> {
    tell(worker, { page: await this.settings.metricsPage(), number });
  }
}

function tell(worker: Worker, message: ToAcceptThread): void {
  worker.postMessage(message);
}
