/**
 * Answers of a model, kept for whoever asks the same again: filled and read by several threads, each answer for a minute, the least useful ones
 * evicted when memory is short. The model is a stand-in that takes its time.
 */
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { isMainThread, workerData } from "node:worker_threads";
import { Store } from "engram";

const THREADS = 2;
const QUESTIONS = 200;

if (isMainThread) await main();
else await ask(workerData.seed);

async function main() {
  const store = await Store.create({ capacity: "16MiB", eviction: "s3-fifo", maxEntries: 1000 });
  const threads = Array.from({ length: THREADS }, (_, seed) =>
    store.spawn(new URL(import.meta.url), { workerData: { seed } }),
  );
  await Promise.all(threads.map((thread) => once(thread, "exit")));
  const { hits, misses } = store.stats().operations;
  const asked = Number(store.namespace("counters").increment("asked", 0n));
  console.log(`${hits + misses >= THREADS * QUESTIONS ? "every" : "not every"} question was looked up`);
  console.log(
    `the model was asked ${asked < (THREADS * QUESTIONS) / 2 ? "for less than half of them" : `${asked} times`}`,
  );
  await store.close();
}

async function ask(seed) {
  const store = await Store.attach(workerData.store);
  const answers = store.namespace("answers", { encoding: "json" });
  const counters = store.namespace("counters");
  for (let i = 0; i < QUESTIONS; i++) {
    const question = `how many are ${(i * 7 + seed) % 40}?`; // a few questions again and again
    let answer = answers.get(question);
    if (answer === undefined) {
      answer = await model(question);
      counters.increment("asked");
      answers.set(question, answer, { ttl: 60_000 });
    }
    if (answer.to !== question) throw new Error(`the answer to another question: ${answer.to}`);
  }
  await store.close();
}

async function model(question) {
  await setTimeout(1);
  return { to: question, text: "as many as there are", tokens: question.length };
}
