/** Threads of a campaign that are terminated at random instants of their work, and others that take their places. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Store } from "../../src/index.js";

/** How long a thread may take to go on before it counts as stuck. */
const PATIENCE_MS = 120_000;

/** @param dying called with the thread's number when it has exited, before its slot is taken back */
export async function startVictim(
  store: Store,
  program: URL,
  workerData: unknown,
  dying: (thread: number) => void = () => {},
): Promise<Worker> {
  const worker = new Worker(program, { workerData });
  const { threadId } = worker;
  worker.once("exit", () => dying(threadId));
  store.watch(worker);
  await once(worker, "message");
  return worker;
}

export async function terminate(worker: Worker): Promise<void> {
  const gone = once(worker, "exit");
  await worker.terminate();
  await gone;
}

/** False when what is waited for does not come: a thread is stuck. */
export async function comesTo(done: () => boolean): Promise<boolean> {
  for (const end = performance.now() + PATIENCE_MS; !done(); ) {
    if (performance.now() > end) return false;
    await new Promise((turn) => setImmediate(turn));
  }
  return true;
}
