/**
 * Four agents on worker threads refine one plan on a blackboard. Whoever writes says which version it has read; who was slower reads again.
 * One agent is ended in the middle: what it held is taken back, and the others go on.
 */
import { once } from "node:events";
import { isMainThread, workerData } from "node:worker_threads";
import { Store } from "engram";

const AGENTS = 4;
const STEPS = 25;

if (isMainThread) await main();
else await work(workerData.name);

async function main() {
  const store = await Store.create({ capacity: "16MiB", maxWorkers: AGENTS + 1, eviction: "none" });
  const board = store.namespace("board", { encoding: "json" });
  board.set("plan", { steps: [] });
  const agents = Array.from({ length: AGENTS }, (_, i) =>
    store.spawn(new URL(import.meta.url), { workerData: { name: `agent ${i}` } }),
  );
  const ends = agents.map((agent) => once(agent, "exit"));
  const ill = store.spawn(new URL(import.meta.url), { workerData: { name: "ill" } });
  const illEnds = once(ill, "exit");
  await once(ill, "message");
  await ill.terminate();
  await Promise.all([...ends, illEnds]);

  const { steps } = board.get("plan");
  const conflicts = store.namespace("counters").increment("conflicts", 0n);
  console.log(
    `${steps.length} steps by ${new Set(steps.map(({ by }) => by)).size} agents, ${conflicts} times another was faster`,
  );
  const { ok, violations } = await store.verify();
  console.log(ok ? "the store is whole" : violations.join("\n"));
  await store.close();
}

async function work(name) {
  const { parentPort } = await import("node:worker_threads");
  const store = await Store.attach(workerData.store);
  const board = store.namespace("board", { encoding: "json" });
  const counters = store.namespace("counters");
  if (name === "ill") {
    parentPort.postMessage("I hold a buffer");
    store.buffer(1000);
    for (;;) board.get("plan"); // until it is ended from outside
  }
  for (let step = 0; step < STEPS; ) {
    const { value, version } = board.getEntry("plan");
    const steps = [...value.steps, { by: name, step }];
    if (board.set("plan", { steps }, { ifVersion: version })) step++;
    else counters.increment("conflicts");
  }
  await store.close();
}
