/**
 * `npm run soak`: two workers on one store for minutes, without eviction, so that a leak cannot hide behind it. At the end
 * nothing may be wrong (verify) and memory must have stopped growing. Figures on the last line; exit code 1 when it falls short.
 */
import { setTimeout } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { Command } from "commander";
import { Store } from "../../../src/index.js";
import { minutesFrom } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import type { SoakTask } from "./agent.js";
import { judgeFlatness, type Sample } from "./flatness.js";

const SAMPLES = 60;
const WORKERS = 2;

interface SoakResult {
  samples: Sample[];
  operations: number;
  violations: string[];
  entries: number;
}

/** Shorter ones have too few samples to tell flat from growing. */
const LEAST_MINUTES = 0.02;

/** What the worker did when it was told to stop; rejects when it ends in any other way. */
function report(worker: Worker): Promise<number> {
  return new Promise((done, fail) => {
    worker.once("message", done);
    worker.once("error", fail);
    worker.once("exit", (code) => fail(new Error(`a worker ended early, with code ${code}`)));
  });
}

async function sampleUntil(end: number, every: number, start: number, store: Store): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (performance.now() < end) {
    await setTimeout(Math.max(1, Math.min(every, end - performance.now())));
    const { slabBytes, usedBytes } = store.stats().memory;
    samples.push({ at: performance.now() - start, slabBytes, usedBytes });
    if (process.stderr.isTTY) process.stderr.write(`\r${((performance.now() - start) / 60_000).toFixed(1)} min `);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
  return samples;
}

/** The workers are at work, both of them. */
async function untilBegun(state: Int32Array): Promise<void> {
  while (Atomics.load(state, 1) < WORKERS) await setTimeout(5);
}

async function soak(duration: number): Promise<SoakResult> {
  const store = await Store.create({ capacity: "128MiB", maxWorkers: WORKERS, eviction: "none" });
  const stop = new SharedArrayBuffer(8);
  const workers = Array.from({ length: WORKERS }, (_, i) => {
    const task: Omit<SoakTask, "store"> = { seed: i + 1, stop };
    return store.spawn(new URL("./agent.js", import.meta.url), { workerData: task });
  });
  const reports = Promise.all(workers.map(report));
  // a busy machine may take as long to start them as a short soak lasts
  await Promise.race([untilBegun(new Int32Array(stop)), reports]);
  const start = performance.now();
  // a worker that fails ends the soak at once
  const samples = await Promise.race([
    sampleUntil(start + duration, duration / SAMPLES, start, store),
    reports.then(() => []),
  ]);
  Atomics.store(new Int32Array(stop), 0, 1);
  const operations = (await reports).reduce((sum, n) => sum + n, 0);
  const { violations } = await store.verify();
  const { entries } = store.stats();
  await store.close();
  return { samples, operations, violations, entries };
}

const program = new Command("soak")
  .description("two workers on one store: afterwards nothing leaked, nothing wrong, memory flat")
  .option("--minutes <n>", "how long", (text) => minutesFrom(LEAST_MINUTES, text), 5);
const { minutes } = optionsOf<{ minutes: number }>(program);

try {
  const { samples, operations, violations, entries } = await soak(minutes * 60_000);
  const { flat, slabGrowth, usedRatio } = judgeFlatness(samples, minutes * 60_000);
  for (const violation of violations) process.stdout.write(`violation: ${violation}\n`);
  const last = samples[samples.length - 1];
  const kib = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
  const passed = flat && violations.length === 0;
  process.stdout.write(
    `soak ${passed ? "passed" : "FELL SHORT"}: ${minutes} min, ${operations} operations, ${entries} entries; slabs ${kib(last.slabBytes)}, ` +
      `${kib(slabGrowth)} cut in the second half; use at the end ${usedRatio.toFixed(2)} of that after warm-up; ${violations.length} violations\n`,
  );
  process.exit(passed ? 0 : 1);
} catch (error) {
  process.stdout.write(`soak FELL SHORT: ${(error as Error).message}\n`);
  process.exit(1);
}
