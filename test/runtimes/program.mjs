/**
 * What a program does with a store, each part by itself: run by Node, Bun and Deno (runtimes.test.ts). Prints a line of JSON: what each part came
 * to, "ok" or the error.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

const { restore, Store } = await import(process.argv[2]);
const parts = {};
const store = await Store.create({ capacity: "16MiB", maxWorkers: 6 });
const folder = await mkdtemp(join(tmpdir(), "engram-runtime-"));

async function part(name, run) {
  try {
    await run();
    parts[name] = "ok";
  } catch (error) {
    parts[name] = `${error?.name}: ${error?.message}`;
  }
}

function equal(found, expected) {
  const as = (value) => JSON.stringify(value instanceof Uint8Array ? [...value] : value);
  if (as(found) !== as(expected)) throw new Error(`${as(found)} instead of ${as(expected)}`);
}

/** A worker that does what the text of a function says with the store. */
function inWorker(name, run) {
  const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
    workerData: { engram: process.argv[2], handle: store.handle, run: run.toString() },
  });
  store.watch(worker);
  return new Promise((resolve, reject) => {
    worker.once("message", ({ value, error }) =>
      error === undefined ? resolve(value) : reject(new Error(`${name}: ${error}`)),
    );
    worker.once("error", reject);
  });
}

await part("values", () => {
  const bytes = store.namespace("bytes");
  bytes.set("a", Uint8Array.of(1, 2, 3));
  equal(bytes.get("a"), Uint8Array.of(1, 2, 3));
  const target = store.buffer(8);
  equal(bytes.getInto("a", target), 3);
  equal(
    bytes.borrow("a", (view) => view[1]),
    2,
  );
  const json = store.namespace("json", { encoding: "json" });
  json.set("é", { list: [1, "zwei", null] });
  equal(json.get("é"), { list: [1, "zwei", null] });
  const packed = store.namespace("packed", { encoding: "msgpack" });
  packed.set("m", new Map([[1, new Date(5)]]));
  equal(packed.get("m").get(1).getTime(), 5);
});

await part("threads", async () => {
  const counts = store.namespace("counts");
  await Promise.all(
    [1, 2].map((i) =>
      inWorker(`worker ${i}`, (its) => {
        const ns = its.namespace("counts");
        for (let n = 0; n < 1000; n++) ns.increment("n");
      }),
    ),
  );
  equal(Number(counts.readCounter("n")), 2000);
});

await part("waiting", async () => {
  const ns = store.namespace("waiting", { encoding: "string" });
  const waits = ns.waitFor("answer", { timeout: "2m" });
  await inWorker("writer", (its) => its.namespace("waiting", { encoding: "string" }).set("answer", "42"));
  equal((await waits)?.value, "42");
  const blocked = inWorker(
    "blocked",
    (its) => its.namespace("waiting").waitForSync("question", { timeout: "2m" })?.value,
  );
  ns.set("question", "6 x 7");
  equal(await blocked, "6 x 7");
});

await part("messages", async () => {
  const channel = store.channel("in", { encoding: "json" });
  const queue = store.queue("tasks", { encoding: "json" });
  const answer = channel.receiveWait({ timeout: "2m" });
  queue.trySend({ n: 20 });
  await inWorker("taker", (its) => {
    const task = its.queue("tasks", { encoding: "json" }).receiveSync({ timeout: "2m" });
    its.channel("in", { encoding: "json" }).trySend({ n: task.value.n + 1 });
    task.ack();
  });
  equal(await answer, { n: 21 });
});

await part("a worker that dies", async () => {
  const before = store.stats().workers.attached;
  const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
    workerData: { engram: process.argv[2], handle: store.handle, run: null },
  });
  store.watch(worker);
  await new Promise((resolve) => worker.once("message", resolve));
  await worker.terminate();
  for (let i = 0; i < 6000 && store.stats().workers.attached > before; i++)
    await new Promise((turn) => setTimeout(turn, 10));
  equal(store.stats().workers.attached, before);
});

await part("backups", async () => {
  const backups = await store.backup({ directory: folder });
  await backups.now();
  await backups.close();
  const { store: restored } = await restore(folder);
  equal(restored.namespace("bytes").get("a"), Uint8Array.of(1, 2, 3));
  await restored.close();
});

await part("recordings", async () => {
  const recording = store.record(join(folder, "operations.log"));
  store.namespace("bytes").get("a");
  const { operations } = await recording.stop();
  equal(operations, 1);
});

await part("whole", async () => {
  equal((await store.verify()).violations, []);
  await store.close();
});

await rm(folder, { recursive: true, force: true });
console.log(JSON.stringify(parts));
process.exit(0);
