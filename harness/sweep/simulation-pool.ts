import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Order, Report, Settings, Simulated } from "./messages.js";
import type { Pair } from "./plan.js";
import type { SharedTrace, SweepTrace } from "./shared-trace.js";

export interface OverTraces {
  readonly traces: AsyncIterable<SweepTrace> | Iterable<SweepTrace>;
  /** By default as many as there are processors. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Who simulates, in place of threads of this process; whoever gives them closes them. */
  readonly simulations?: Simulations;
}

/** Who runs pairs over a trace: threads of this process, or other machines. */
export interface Simulations {
  /**
   * Runs every pair over the trace; outcomes in the order of the pairs. One call at a time.
   *
   * @param onReplayed called with a number of requests as they are replayed, by whichever pair
   */
  run(
    trace: SharedTrace,
    pairs: readonly Pair[],
    settings: Settings,
    onReplayed: (requests: number) => void,
  ): Promise<Simulated[]>;
  /** Ends all of them, in the middle of a pair if need be. */
  close(): Promise<void>;
}

/** Simulation threads that share out pairs: whoever is free takes the next. */
export class SimulationPool implements Simulations {
  private readonly workers: Worker[] = [];
  private readonly ending: Promise<unknown>[] = [];

  constructor(private readonly threads: number) {}

  /** Fails as soon as one worker fails or is ended. */
  async run(
    trace: SharedTrace,
    pairs: readonly Pair[],
    settings: Settings,
    onReplayed: (requests: number) => void,
  ): Promise<Simulated[]> {
    this.grow(Math.min(this.threads, pairs.length));
    const outcomes = new Array<Simulated>(pairs.length);
    let next = 0;
    const takeTurns = async (worker: Worker): Promise<void> => {
      worker.postMessage({ kind: "trace", trace } satisfies Order);
      while (next < pairs.length) {
        const index = next++;
        outcomes[index] = await runPair(worker, pairs[index], settings, onReplayed);
      }
    };
    await Promise.all(this.workers.map(takeTurns));
    return outcomes;
  }

  /** When the last thread has ended, also where somebody else has told them to end. */
  async close(): Promise<void> {
    this.ending.push(...this.workers.splice(0).map((worker) => worker.terminate()));
    await Promise.all(this.ending);
  }

  private grow(to: number): void {
    while (this.workers.length < to) {
      // Node's own flags stay behind: some of them (--input-type, for one) do not go with a worker that is a file.
      this.workers.push(new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] }));
    }
  }
}

/**
 * Does something with each trace, one after the other, and with who simulates: those that are given, or threads which are ended when all are
 * done, when one fails, or in the middle of it when the signal aborts.
 *
 * @throws the signal's reason once it has aborted
 */
export async function* overTraces<T>(
  options: OverTraces,
  work: (pool: Simulations, trace: SweepTrace) => Promise<T>,
): AsyncGenerator<T> {
  const { signal, traces, threads = availableParallelism(), simulations } = options;
  signal?.throwIfAborted();
  const own = simulations === undefined ? new SimulationPool(threads) : null;
  const pool = simulations ?? (own as SimulationPool);
  const stop = (): void => void own?.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const trace of traces) {
      signal?.throwIfAborted();
      yield await work(pool, trace);
    }
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", stop);
    await own?.close();
  }
}

function runPair(
  worker: Worker,
  pair: Pair,
  settings: Settings,
  onReplayed: (requests: number) => void,
): Promise<Simulated> {
  return new Promise((resolve, reject) => {
    const finish = (action: () => void): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
      action();
    };
    const what = `the simulation of ${pair.policy} at ${pair.capacity} ${pair.by}`;
    const onMessage = (report: Report): void => {
      if (report.kind === "replayed") onReplayed(report.requests);
      else finish(() => resolve(report.outcome));
    };
    const onError = (cause: Error): void =>
      finish(() => reject(new Error(`${what} failed: ${cause.message}`, { cause })));
    const onExit = (): void => finish(() => reject(new Error(`${what} was ended before it finished`)));
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.postMessage({ kind: "pair", pair, settings } satisfies Order);
  });
}
