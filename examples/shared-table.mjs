/**
 * A table that agents learn in: 64 states by 4 actions, as a region that every thread sees. Its owner changes it in place. The first owner is
 * ended in the middle; the next one is told that it inherits, looks at what is half done, and goes on.
 */
import { once } from "node:events";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { Store } from "engram";

const STATES = 64;
const ACTIONS = 4;
const ROUNDS = 1000;

if (isMainThread) await main();
else await learn();

async function main() {
  const store = await Store.create({ capacity: "16MiB" });
  const region = store.region("q", { bytes: 4 * (1 + STATES * ACTIONS) });
  const words = new Int32Array(region.bytes.buffer, region.bytes.byteOffset, 1);
  const first = store.spawn(new URL(import.meta.url), { workerData: { rounds: Number.POSITIVE_INFINITY } });
  const [said] = await once(first, "message");
  const ended = once(first, "exit");
  await first.terminate();
  await ended;
  const second = store.spawn(new URL(import.meta.url), { workerData: { rounds: ROUNDS } });
  const [then] = await once(second, "message");
  await once(second, "exit");
  console.log(`the first owner: ${said}; the second: ${then}`);
  console.log(Atomics.load(words, 0) >= ROUNDS ? "the table has learned" : "the table is empty");
  await store.close();
}

async function learn() {
  const store = await Store.attach(workerData.store);
  const region = store.region("q");
  const { buffer, byteOffset } = region.bytes;
  const rounds = new Int32Array(buffer, byteOffset, 1);
  const values = new Float32Array(buffer, byteOffset + 4, STATES * ACTIONS);
  parentPort.postMessage(region.claim());
  for (let round = 0; round < workerData.rounds; round++) {
    const at = (round * 31) % values.length;
    values[at] += 0.1 * (1 - values[at]);
    Atomics.add(rounds, 0, 1);
  }
  await store.close();
}
