import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { QTable } from "#dist/src/agents/index.js";
import { bareMemory } from "./bare-memory.js";

const FILE = new URL("table-worker.mjs", import.meta.url);

/** Reads that a reader has made at least: it may get its first turn when the writer has had its last. */
const READS = 1000;

/** Writers and readers of one table, until so many rows were written, and read meanwhile: what the readers found. */
async function run(
  table: QTable,
  roles: string[],
  writes: number,
): Promise<{ reads: number; torn: number; absent: number }[]> {
  const { memory } = table;
  const go = new SharedArrayBuffer(16);
  const words = new Int32Array(go);
  const workers = roles.map((role) => {
    const room = memory.take(8 << 20, "a thread's copies");
    const claim = role.startsWith("read") ? undefined : 0;
    return new Worker(FILE, { workerData: { memory: memory.memory, address: table.address, go, role, claim, room } });
  });
  const told = workers.map(
    (worker) =>
      new Promise<{ reads: number; torn: number; absent: number }>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      }),
  );
  for (let at = 0; at < roles.length; at = Atomics.load(words, 1)) await changed(words, 1, at);
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  while (Atomics.load(words, 2) < writes || Atomics.load(words, 3) < READS)
    await Promise.race([new Promise(setImmediate), ...told.map((all) => all.then(() => {}))]);
  Atomics.store(words, 0, 2);
  const found = await Promise.all(told);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return found;
}

async function changed(words: Int32Array, index: number, from: number): Promise<void> {
  const waiting = Atomics.waitAsync(words, index, from);
  if (waiting.async) await waiting.value;
}

it("rows that a thread reads while another writes them are of one write, values and visits", async () => {
  const table = QTable.make(bareMemory(), { states: 8, actions: 16 });
  const [, reader] = await run(table, ["write", "read"], 50_000);
  expect(reader.reads).toBeGreaterThanOrEqual(READS);
  expect(reader.torn).toBe(0);
});

it("and are of the state that was asked for while rows of a sparse table are given to other states", async () => {
  const table = QTable.make(bareMemory(), { actions: 16, sparse: { rows: 16, whenFull: "replace" } });
  const [, reader] = await run(table, ["replace", "read-replaced"], 50_000);
  expect(reader.reads).toBeGreaterThan(reader.absent);
  expect(reader.torn).toBe(0);
});

it("and are whole, and all there, while a sparse table moves from piece to piece and what it has left becomes another's", async () => {
  // large rows, which take long to copy; as many places as four states need, and then twice as many
  const actions = 1024;
  const table = QTable.make(bareMemory(), { actions, sparse: { rows: 8 } });
  for (let state = 0; state < 4; state++) {
    table.setRow(state, Array(actions).fill(state + 1), Array(actions).fill(state + 1));
  }
  const [, reader] = await run(table, ["move", "read-moved"], 6_000);
  expect(reader.reads).toBeGreaterThanOrEqual(READS);
  expect(reader.absent).toBe(0);
  expect(reader.torn).toBe(0);
});
