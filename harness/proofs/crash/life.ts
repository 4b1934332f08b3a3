/**
 * The process that is killed: goes on from what the directory holds, writes from several threads, and backs up without a
 * pause; after some backups it ends the store in good order, restores it and goes on, as programs do from day to day. Tells each
 * finished backup in one line, with how far each writer had certainly come before it began, and each life that it ended.
 */
import { once } from "node:events";
import { writeSync } from "node:fs";
import { findGenerations, inspectHeader } from "../../../src/backup/index.js";
import { BackupError, restore, Store } from "../../../src/index.js";

export interface LifeOptions {
  readonly directory: string;
  readonly writers: number;
  /** Each so many steps of a writer writes a large value; 0: none does. */
  readonly largeEvery: number;
  readonly durability: "process" | "disk";
  readonly writing: "mapped" | "positioned";
}

/** A line of the child's output. */
export interface Committed {
  readonly generation: number;
  readonly steps: readonly number[];
}

const { directory, writers, largeEvery, durability, writing } = JSON.parse(process.argv[2]) as LifeOptions;
/** A word for each writer's steps, and one that tells them to end. */
const progress = new SharedArrayBuffer(4 * (writers + 1));
const words = new Int32Array(progress);
const steps = () => Array.from({ length: writers }, (_, i) => Atomics.load(words, i));

/** A store with its writers under way. */
async function begin() {
  const begun = findGenerations(directory).some((file) => inspectHeader(file) !== null);
  const store = begun
    ? (await restore(directory)).store
    : await Store.create({ capacity: largeEvery === 0 ? "8MiB" : "24MiB", maxWorkers: writers, eviction: "none" });
  Atomics.store(words, writers, 0);
  const threads = Array.from({ length: writers }, (_, me) =>
    store.spawn(new URL("./writer.js", import.meta.url), { workerData: { me, writers, largeEvery, progress } }),
  );
  await Promise.all(threads.map((thread) => once(thread, "message")));
  return { store, threads };
}

/** Ends the writers, then the store. */
async function end({ store, threads }: Awaited<ReturnType<typeof begin>>): Promise<void> {
  const exits = Promise.all(threads.map((thread) => once(thread, "exit")));
  Atomics.store(words, writers, 1);
  await exits;
  await store.close();
}

/** A backup gives way to writers that need its memory, which large values do at times: then it is tried again, as programs do. */
async function tried<T>(backUp: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await backUp();
    } catch (error) {
      if (!(error instanceof BackupError) || error.failure !== "gave-way" || tries === MOST_TRIES) throw error;
    }
  }
}

const MOST_TRIES = 100;
/** A busy machine may hold a writer up in the middle of a write for seconds. */
const PATIENCE_MS = 120_000;

/** Backups of a life: few enough that many lives end before the process is killed. */
const backupsOf = (life: number) => 2 + ((life * 5) % 7);

for (let life = 0; ; life++) {
  const lived = await begin();
  const backups = await tried(() => lived.store.backup({ directory, durability, writing, patienceMs: PATIENCE_MS }));
  if (life === 0) writeSync(1, "ready\n");
  for (let i = 0; i < backupsOf(life); i++) {
    const before = steps();
    if (i % 5 === 4) await tried(() => backups.createCheckpoint(`c${life % 3}`));
    const { generation } = await tried(() => backups.now(i % 3 === 2 ? "full" : "incremental"));
    writeSync(1, `${JSON.stringify({ generation, steps: before } satisfies Committed)}\n`);
  }
  await end(lived);
  writeSync(1, `${JSON.stringify({ life })}\n`);
}
