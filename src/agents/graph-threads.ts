/** A graph put together by threads of its own, so that the caller's goes on with what it does. */
import { Worker } from "node:worker_threads";
import { EngramError } from "../errors.js";
import type { GraphWorkerData } from "./graph-worker.js";

export interface ThreadedWork extends Omit<GraphWorkerData, "part" | "parts" | "meeting" | "scratch"> {
  /** One for each thread. */
  readonly scratches: readonly number[];
}

/**
 * Returns, or throws, when all threads have ended: what they wrote to is the caller's again.
 *
 * @throws the signal's reason; EngramError (INDEX_NOT_BUILT) when a thread died
 */
export async function linkByThreads(
  { scratches, ...work }: ThreadedWork,
  signal: AbortSignal | undefined,
  onPlaced: (placed: number) => void,
): Promise<void> {
  const meeting = new Int32Array(new SharedArrayBuffer(8));
  const threads = scratches.map((scratch, part) => {
    const data: GraphWorkerData = { ...work, scratch, part, parts: scratches.length, meeting };
    return new Worker(new URL("graph-worker.js", import.meta.url), { workerData: data, env: {}, execArgv: [] });
  });
  threads[0].on("message", onPlaced);
  let stop = (): void => {};
  try {
    await Promise.race([
      Promise.all(threads.map(ended)),
      new Promise((_, reject) => {
        stop = () => reject(signal?.reason);
        signal?.addEventListener("abort", stop);
        if (signal?.aborted) stop();
      }),
    ]);
  } finally {
    signal?.removeEventListener("abort", stop);
    // the others wait at their meeting for one that is gone
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function ended(thread: Worker): Promise<void> {
  return new Promise((done, fail) => {
    thread.once("error", (cause) => fail(notBuilt("failed", cause)));
    thread.once("exit", (code) => (code === 0 ? done() : fail(notBuilt(`ended with ${code}`))));
  });
}

function notBuilt(what: string, cause?: unknown): EngramError {
  return new EngramError("INDEX_NOT_BUILT", `the index was not built: a thread that worked on it ${what}`, { cause });
}
