/**
 * Answers of a model, kept for whoever asks the same again: filled and read by several threads, each answer for a minute, the least useful ones
 * evicted when memory is short. However many tasks ask the same at once, on however many threads, the model is asked once. The model is a
 * stand-in that takes its time.
 */
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { isMainThread, workerData } from "node:worker_threads";
import { Store } from "engram";

const THREADS = 2;
const TASKS = 4;
const QUESTIONS = 50;
const DIFFERENT = 40;

if (isMainThread) await main();
else await ask(workerData.seed);

async function main() {
  const store = await Store.create({ capacity: "16MiB", eviction: "s3-fifo", maxEntries: 1000 });
  const threads = Array.from({ length: THREADS }, (_, seed) =>
    store.spawn(new URL(import.meta.url), { workerData: { seed } }),
  );
  await Promise.all(threads.map((thread) => once(thread, "exit")));
  const counters = store.namespace("counters");
  console.log(`${counters.readCounter("answered")} questions were answered`);
  console.log(`the model was asked ${counters.readCounter("asked")} times, once for each that differs`);
  await store.close();
}

async function ask(seed) {
  const store = await Store.attach(workerData.store);
  const answers = store.namespace("answers", { encoding: "json" });
  const counters = store.namespace("counters");
  async function task(first) {
    for (let i = 0; i < QUESTIONS; i++) {
      const question = `how many are ${(i * 7 + first) % DIFFERENT}?`; // a few questions again and again
      const load = async () => {
        counters.increment("asked");
        return model(question);
      };
      const answer = await answers.getOrSet(question, load, { ttl: "1m" });
      if (answer.to !== question) throw new Error(`the answer to another question: ${answer.to}`);
      counters.increment("answered");
    }
  }
  await Promise.all(Array.from({ length: TASKS }, (_, i) => task(seed * TASKS + i)));
  await store.close();
}

async function model(question) {
  await setTimeout(2);
  return { to: question, text: "as many as there are", tokens: question.length };
}
