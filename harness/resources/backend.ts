/** A server that answers a line with a line: Redis where there is one, else a thread of this process. Either can be killed and comes back at the same port. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { freePort, redisIsMissing, startRedis } from "../services/index.js";

export interface Backend {
  /** As the report names it. */
  readonly name: string;
  readonly port: number;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBackend(): Promise<Backend> {
  if (redisIsMissing() === null) {
    const { port, kill, restart, stop } = await startRedis();
    return { name: "a Redis server", port, kill, restart, stop };
  }
  const port = await freePort();
  const start = async (): Promise<Worker> => {
    const worker = new Worker(new URL("./backend-thread.js", import.meta.url), { workerData: { port } });
    await once(worker, "message");
    return worker;
  };
  let worker = await start();
  const end = async (): Promise<void> => {
    await worker.terminate();
  };
  return {
    name: "a thread behind a socket",
    port,
    kill: end,
    restart: async () => {
      worker = await start();
    },
    stop: end,
  };
}
