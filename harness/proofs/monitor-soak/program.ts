/**
 * The program that is watched: a store, eight workers on it, and a monitor with a history file, in a process whose memory is nobody else's.
 * It begins with a full hour of history, so that what is bounded has no room left to grow in.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { Store } from "../../../src/index.js";
import { Histogram } from "../../../src/metrics/index.js";
import { FIGURE_NAMES, type Figures, HistoryFile, type Interval } from "../../../src/monitor/index.js";
import type { AgentTask } from "./agent.js";
import type { Account, FromProgram, ToProgram } from "./messages.js";

const WORKERS = 8;
const HOUR_OF_TICKS = 3600;
const SECOND = 1000;
const SAMPLED = ["get", "set", "delete", "increment"] as const;

const send = (message: FromProgram) => process.send?.(message);
process.on("message", (message: ToProgram) => {
  if (message.type === "begin") run(message.folder, message.readEveryMs).catch(fail);
});
process.on("disconnect", () => process.exit(3)); // nobody is watching any more

function fail(error: Error): void {
  send({ type: "failed", message: error.message });
  process.disconnect();
  process.exit(1);
}

async function run(folder: string, readEveryMs: number): Promise<void> {
  const history = join(folder, "history.jsonl");
  writeAnHour(history);
  const written = ticksIn(history);
  const store = await Store.create({ capacity: "128MiB", maxWorkers: WORKERS + 1, eviction: "lru" });
  const monitor = await store.monitor({ history, listen: true });
  const before = store.stats();
  const told = { ticks: 0, covered: 0, longest: 0, operations: 0, samples: 0 };
  monitor.on("tick", (interval) => {
    told.ticks++;
    told.covered += interval.ms;
    told.longest = Math.max(told.longest, interval.ms);
    told.operations += ((interval.figures.operations ?? 0) * interval.ms) / SECOND;
    for (const { count } of interval.latencies.values()) told.samples += count;
  });
  const stop = new SharedArrayBuffer(4);
  const workers = Array.from({ length: WORKERS }, (_, i) =>
    store.spawn(new URL("./agent.js", import.meta.url), {
      workerData: { seed: i + 1, stop } satisfies Omit<AgentTask, "store">,
    }),
  );
  const done = Promise.all(workers.map(operationsOf));
  const began = performance.now();
  const readings = setInterval(() => {
    global.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    send({ type: "reading", reading: { at: performance.now() - began, rss, heap: heapUsed, external } });
  }, readEveryMs);
  send({ type: "ready", url: monitor.url as string });
  await Promise.race([ended(), done]);
  Atomics.store(new Int32Array(stop), 0, 1);
  const operations = (await done).reduce((sum, n) => sum + n, 0);
  // of two ticks the second began after the last operation
  for (let i = 0; i < 2; i++) await once(monitor, "tick");
  clearInterval(readings);
  const latencies = store.latencies();
  const counted = SAMPLED.reduce((sum, operation) => sum + latencies[operation].count, 0);
  const after = store.stats();
  const since = (name: "gets" | "sets" | "deletes") => after.operations[name] - before.operations[name];
  await monitor.close();
  const account: Account = {
    ...told,
    elapsed: after.uptimeMs - before.uptimeMs,
    written: ticksIn(history) - written,
    operations: {
      told: Math.round(told.operations),
      counted: since("gets") + since("sets") + since("deletes"),
      done: operations,
    },
    samples: { told: told.samples, counted },
    violations: (await store.verify()).violations,
  };
  await store.close();
  send({ type: "account", account });
  process.disconnect();
}

function ended(): Promise<void> {
  return new Promise((resolve) => {
    process.on("message", (message: ToProgram) => {
      if (message.type === "end") resolve();
    });
  });
}

/** What a worker did; rejects when it ends before it was told to. */
function operationsOf(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a worker ended early, with code ${code}`)));
  });
}

/** Lines of the file that are ticks. It is not written anew within some hours. */
function ticksIn(path: string): number {
  return readFileSync(path, "utf8").split('"of":"tick"').length - 1;
}

/** As if it had been at work for an hour: seconds that say nothing in particular, with some eighty samples each. */
function writeAnHour(path: string): void {
  const now = Date.now();
  const file = HistoryFile.open(path, now - HOUR_OF_TICKS * SECOND);
  const figures = Object.fromEntries(FIGURE_NAMES.map((name, i) => [name, 100.5 + i])) as unknown as Figures;
  const latencies = new Map(
    ["get", "set", "delete"].map((operation) => {
      const histogram = new Histogram();
      for (let i = 0; i < 50; i++) histogram.record(100 + i * i);
      return [operation, histogram] as const;
    }),
  );
  const ticks = Array.from({ length: HOUR_OF_TICKS }, (_, i): ["tick", Interval] => {
    return ["tick", { at: now - (HOUR_OF_TICKS - i) * SECOND, ms: SECOND, figures, latencies }];
  });
  file.append(ticks);
  file.close();
}
