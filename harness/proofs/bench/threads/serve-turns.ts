/** The worker's side of a pool: does what it is told for as long as it is told. */
import { parentPort, workerData } from "node:worker_threads";
import { Barrier } from "../../../measure/index.js";
import type { FromBenchWorker, TurnOrder, TurnReport, WorkerBirth } from "./messages.js";

/** Does some operations, a hundred microseconds' worth or so, and answers with how many. */
export type Batch = () => number;

export function serveTurns(tasks: Readonly<Record<string, Batch>>, close: () => Promise<void>): void {
  const port = parentPort;
  if (port === null) throw new Error("this file is run as a worker thread");
  const { barrier } = workerData as WorkerBirth;
  const send = (message: FromBenchWorker) => port.postMessage(message);
  port.on("message", async (order: TurnOrder | null) => {
    if (order === null) {
      await close();
      port.close();
      return;
    }
    new Barrier(barrier, 0, order.parties).arriveAndWait();
    send({ type: "done", report: work(tasks[order.task], order.milliseconds) });
  });
  send({ type: "ready" });
}

/** The clock is read once a batch: 50 ns in a hundred microseconds. */
function work(batch: Batch, milliseconds: number): TurnReport {
  let operations = 0;
  const start = performance.now();
  let now = start;
  do {
    operations += batch();
    now = performance.now();
  } while (now - start < milliseconds);
  return { operations, milliseconds: now - start };
}
