/**
 * `npm run recording:cost -- [--rounds N]`: what recording costs a program, off and on, as ratios within one run. Keys of about 16 bytes,
 * values of 100; the same operations in turn, a round each: on a store of a thread that nothing is ever recorded in (never), on one that was
 * recorded and is no more (off), and while it is recorded (on). Medians of the rounds' ratios, since what else the machine does slows the
 * rounds next to each other alike.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { Command } from "commander";
import { Store } from "../../src/index.js";
import { EXIT } from "../command-line/exit-codes.js";
import { wholeNumber } from "../command-line/option-values.js";
import { optionsOf } from "../command-line/program-options.js";
import { median } from "../statistics/index.js";

const KEYS = 20_000;
const OPERATIONS = 100_000;
const WARM_UP = 5;
const OPERATIONS_MEASURED = ["get", "set"] as const;

type Operation = (typeof OPERATIONS_MEASURED)[number];

/** Nanoseconds an operation, of one round each. */
interface Round {
  readonly never: number;
  readonly off: number;
  readonly on: number;
}

/** Two threads alike: a recording changes the namespace's methods in its own thread alone. */
interface Threads {
  readonly never: Worker;
  readonly recorded: Worker;
}

interface Cost {
  readonly operation: Operation;
  readonly rounds: number;
  /** Median ns an operation where nothing is ever recorded. */
  readonly ns: number;
  /** After a recording has stopped, over never: median. */
  readonly off: number;
  /** While recording, over off: median. */
  readonly on: number;
  /** The difference of these, ns an operation: median. */
  readonly addedNs: number;
}

async function main(): Promise<void> {
  const program = new Command("recording:cost")
    .option("--rounds <n>", "of each operation", (text) => wholeNumber("--rounds", text, 3, 10_000), 31)
    .option("--json", "print the figures as JSON, alone on stdout");
  const { rounds, json } = optionsOf<{ rounds: number; json?: boolean }>(program);
  const folder = mkdtempSync(join(tmpdir(), "engram-recording-cost-"));
  const threads = { never: new Worker(new URL(import.meta.url)), recorded: new Worker(new URL(import.meta.url)) };
  try {
    const all: Cost[] = [];
    for (const operation of OPERATIONS_MEASURED) {
      all.push(costOf(operation, await measure(operation, rounds, folder, threads)));
    }
    process.stdout.write(json ? `${JSON.stringify(all)}\n` : all.map(render).join(""));
  } finally {
    await Promise.all([threads.never.terminate(), threads.recorded.terminate()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a thread is asked for: a round, recorded in that file or not at all. */
interface Ask {
  readonly operation: Operation;
  readonly log: string | null;
}

/** A thread: its store, and a round whenever it is asked for one. */
async function answerRounds(): Promise<void> {
  const { store, round } = await prepare();
  parentPort?.on("message", async ({ operation, log }: Ask) => {
    const recording = log === null ? null : store.record(log);
    const ns = round(operation);
    await recording?.stop();
    parentPort?.postMessage(ns);
  });
}

async function prepare() {
  const store = await Store.create({ capacity: "32MiB" });
  const keys = Array.from({ length: KEYS }, (_, i) => `user:${i}:session`);
  const value = Buffer.alloc(100, 1);
  const entries = store.namespace("entries", { encoding: "binary" });
  for (const key of keys) entries.set(key, value);
  const round = (operation: Operation): number => {
    const start = performance.now();
    if (operation === "get") for (let i = 0; i < OPERATIONS; i++) entries.get(keys[(i * 7919) % KEYS]);
    else for (let i = 0; i < OPERATIONS; i++) entries.set(keys[(i * 7919) % KEYS], value);
    return ((performance.now() - start) * 1e6) / OPERATIONS;
  };
  return { store, round };
}

/** Between two rounds of one thread the other has one, so that each finds the processor's caches filled by the other. */
async function measure(operation: Operation, rounds: number, folder: string, threads: Threads): Promise<Round[]> {
  const log = join(folder, `${operation}.oplog`);
  const measured: Round[] = [];
  for (let i = 0; i < WARM_UP + rounds; i++) {
    await ask(threads.never, { operation, log: null });
    const on = await ask(threads.recorded, { operation, log });
    const never = await ask(threads.never, { operation, log: null });
    const off = await ask(threads.recorded, { operation, log: null });
    measured.push({ never, off, on });
  }
  return measured.slice(WARM_UP);
}

async function ask(thread: Worker, what: Ask): Promise<number> {
  thread.postMessage(what);
  const [ns] = (await once(thread, "message")) as [number];
  return ns;
}

function costOf(operation: Operation, measured: readonly Round[]): Cost {
  return {
    operation,
    rounds: measured.length,
    ns: median(measured.map(({ never }) => never)),
    off: median(measured.map(({ off, never }) => off / never)),
    on: median(measured.map(({ on, off }) => on / off)),
    addedNs: median(measured.map(({ on, off }) => on - off)),
  };
}

function render({ operation, rounds, ns, off, on, addedNs }: Cost): string {
  return `${operation}: ${ns.toFixed(0)} ns; not recorded any more: x ${off.toFixed(2)}; recorded: x ${on.toFixed(2)} (${addedNs.toFixed(0)} ns more), medians of ${rounds} rounds\n`;
}

if (!isMainThread) await answerRounds();
else
  await main().catch((error: Error) => {
    process.stderr.write(`recording:cost: ${error.message.split("\n")[0]}\n`);
    process.exitCode = EXIT.failed;
  });
