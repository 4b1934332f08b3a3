import type { Worker } from "node:worker_threads";
import type { Store } from "#dist/src/index.js";

export interface Agent {
  task: string;
  seed: number;
  options?: object;
}

const PROGRAM = new URL("./threads/agent.mjs", import.meta.url);

/** One agent's thread, watched by the store. */
export function spawnAgent(store: Store, agent: Agent, start?: SharedArrayBuffer): Worker {
  return store.spawn(PROGRAM, { workerData: { ...agent, start } });
}

/** What an agent said, or why it could not. */
export function resultOf<T>(worker: Worker): Promise<T> {
  return new Promise((done, fail) => {
    worker.on("message", (message) => {
      if ("result" in message) done(message.result);
    });
    worker.once("error", fail);
    worker.once("exit", (code) => fail(new Error(`the agent ended with code ${code} and said nothing`)));
  });
}

/** Runs agents side by side, started together, each in a thread of its own; their results in the same order. */
export async function runTogether<T>(store: Store, agents: Agent[]): Promise<T[]> {
  const start = new SharedArrayBuffer(8);
  const gate = new Int32Array(start);
  const workers = agents.map((agent) => spawnAgent(store, agent, start));
  const exits = workers.map((worker) => new Promise((done) => worker.once("exit", done)));
  const results = Promise.all(workers.map((worker) => resultOf<T>(worker)));
  const failed = results.then(
    () => false,
    () => true,
  );
  while (Atomics.load(gate, 0) < agents.length) {
    const some = Atomics.waitAsync(gate, 0, Atomics.load(gate, 0), 50);
    if (await Promise.race([some.value, failed])) if ((await Promise.race([failed, false])) === true) break;
  }
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
  try {
    return await results;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    await Promise.all(exits);
  }
}
