/** Worker threads that take turns together, seen from the main thread. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { BARRIER_BYTES } from "../../../measure/index.js";
import type { FromBenchWorker, TurnOrder, WorkerBirth } from "./messages.js";

export interface PoolTurn {
  /** Of all workers together. */
  readonly operations: number;
  /** Operations per ms of all workers together: each did its own for the same time, from the same start. */
  readonly rate: number;
  /**
   * Processors that the process had on average. Two workers that had to share one, because the machine was busy with something
   * else, say nothing about scaling or contention.
   */
  readonly processors: number;
}

export class WorkerPool {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  /** Starts `count` workers of a file and waits until they are ready. `born` is told of each, before it runs. */
  static async start(
    file: URL,
    count: number,
    data: (worker: number) => unknown,
    born: (worker: Worker) => void = () => {},
  ): Promise<WorkerPool> {
    const barrier = new SharedArrayBuffer(BARRIER_BYTES);
    const workers = Array.from({ length: count }, (_, worker) => {
      const birth: WorkerBirth = { worker, barrier, data: data(worker) };
      const thread = new Worker(file, { workerData: birth });
      born(thread);
      return thread;
    });
    await Promise.all(workers.map((worker) => reply(worker, "ready")));
    return new WorkerPool(workers);
  }

  /** One turn of the workers of these numbers; they start together. */
  async turn(workers: readonly number[], task: string, milliseconds: number): Promise<PoolTurn> {
    const order: TurnOrder = { task, milliseconds, parties: workers.length };
    const before = process.cpuUsage();
    const reports = await Promise.all(
      workers.map(async (number) => {
        const worker = this.#workers[number];
        const done = reply(worker, "done");
        worker.postMessage(order);
        return (await done).report;
      }),
    );
    const { user, system } = process.cpuUsage(before);
    const longest = Math.max(...reports.map((report) => report.milliseconds));
    return {
      operations: reports.reduce((sum, { operations }) => sum + operations, 0),
      rate: reports.reduce((sum, { operations, milliseconds }) => sum + operations / milliseconds, 0),
      processors: (user + system) / 1000 / longest,
    };
  }

  /** Lets them close what they hold, and waits until they have ended. */
  async close(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        const exit = once(worker, "exit");
        worker.postMessage(null);
        await exit;
      }),
    );
  }
}

/** The worker's next message, which must be of this type. Rejects when the worker dies instead. */
async function reply<T extends FromBenchWorker["type"]>(
  worker: Worker,
  type: T,
): Promise<Extract<FromBenchWorker, { type: T }>> {
  const stop = new AbortController();
  const [message] = (await Promise.race([
    once(worker, "message", { signal: stop.signal }), // rejects on "error" by itself
    once(worker, "exit", { signal: stop.signal }).then(([code]) => {
      throw new Error(`a worker of the bench ended with exit code ${code}`);
    }),
  ]).finally(() => stop.abort())) as [FromBenchWorker];
  if (message.type !== type) throw new Error(`a worker of the bench answered "${message.type}" instead of "${type}"`);
  return message as Extract<FromBenchWorker, { type: T }>;
}
