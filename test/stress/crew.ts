import { Worker } from "node:worker_threads";
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

/** Threads without a task: to start one takes longer than most tasks do, for each loads the store. */
const idle: Worker[] = [];

function newThread(): Worker {
  const worker = new Worker(PROGRAM, { workerData: {} });
  // Nobody waits for it but those who gave it a task.
  worker.unref();
  return worker;
}

/** Gives it a task: what it says of it, or why it could not. */
function resultOf<T>(worker: Worker, task: object): Promise<T> {
  return new Promise<T>((done, fail) => {
    const said = (message: object) => {
      if (!("result" in message)) return;
      worker.off("message", said).off("error", fail).off("exit", ended);
      done(message.result as T);
    };
    const ended = (code: number) => fail(new Error(`the agent ended with code ${code} and said nothing`));
    worker.on("message", said).on("error", fail).on("exit", ended);
    worker.postMessage(task);
  });
}

/** Runs agents side by side, started together, each in a thread of its own; their results in the same order. */
export async function runTogether<T>(store: Store, agents: Agent[]): Promise<T[]> {
  const start = new SharedArrayBuffer(8);
  const gate = new Int32Array(start);
  const workers = agents.map(() => idle.pop() ?? newThread());
  const results = Promise.all(
    agents.map((agent, i) => resultOf<T>(workers[i], { ...agent, store: store.handle, start })),
  );
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
    const all = await results;
    idle.push(...workers);
    return all;
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
}
