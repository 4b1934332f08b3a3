import { Worker } from "node:worker_threads";
import type { Order, Outcome, Report, Settings } from "./messages.js";
import type { Pair } from "./plan.js";
import type { SharedTrace } from "./shared-trace.js";

/** Simulation threads that share out pairs: whoever is free takes the next. */
export class Crew {
  private readonly workers: Worker[] = [];

  constructor(private readonly threads: number) {}

  /**
   * Runs every pair over the trace; outcomes in the order of the pairs. Fails as soon as one worker fails or is ended.
   *
   * @param onReplayed called with a number of requests as they are replayed, by whichever pair
   */
  async run(
    trace: SharedTrace,
    pairs: readonly Pair[],
    settings: Settings,
    onReplayed: (requests: number) => void,
  ): Promise<Outcome[]> {
    this.grow(Math.min(this.threads, pairs.length));
    const outcomes = new Array<Outcome>(pairs.length);
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

  /** Ends all threads, in the middle of a pair if need be. */
  async close(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.terminate()));
  }

  private grow(to: number): void {
    while (this.workers.length < to) {
      // Node's own flags stay behind: some of them (--input-type, for one) do not go with a worker that is a file.
      this.workers.push(new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] }));
    }
  }
}

function runPair(
  worker: Worker,
  pair: Pair,
  settings: Settings,
  onReplayed: (requests: number) => void,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
      action();
    };
    const what = `the simulation of ${pair.policy} at ${pair.capacity} ${pair.by}`;
    const onMessage = (report: Report): void => {
      if (report.kind === "replayed") onReplayed(report.requests);
      else settle(() => resolve(report.outcome));
    };
    const onError = (cause: Error): void =>
      settle(() => reject(new Error(`${what} failed: ${cause.message}`, { cause })));
    const onExit = (): void => settle(() => reject(new Error(`${what} was ended before it finished`)));
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.postMessage({ kind: "pair", pair, settings } satisfies Order);
  });
}
