/**
 * The process that is killed: goes on from what the directory holds, writes from several threads, and backs up without a
 * pause. Tells each finished backup in one line, with how far each writer had certainly come before it began.
 */
import { once } from "node:events";
import { writeSync } from "node:fs";
import { findGenerations, inspectHeader } from "../../src/backup/index.js";
import { restore, Store } from "../../src/index.js";

export interface ChildOptions {
  readonly directory: string;
  readonly writers: number;
  readonly durability: "process" | "disk";
  readonly writing: "mapped" | "positioned";
}

/** One line of the child's output. */
export interface Committed {
  readonly generation: number;
  readonly steps: readonly number[];
}

const { directory, writers, durability, writing } = JSON.parse(process.argv[2]) as ChildOptions;
const progress = new SharedArrayBuffer(4 * writers);
const steps = () => Array.from(new Int32Array(progress), (_, i) => Atomics.load(new Int32Array(progress), i));

const begun = findGenerations(directory).some((file) => inspectHeader(file) !== null);
const store = begun
  ? (await restore(directory)).store
  : await Store.create({ capacity: "8MiB", maxWorkers: writers, eviction: "none" });
const threads = Array.from({ length: writers }, (_, me) =>
  store.spawn(new URL("./writer.js", import.meta.url), { workerData: { me, progress } }),
);
await Promise.all(threads.map((thread) => once(thread, "message")));
const backups = await store.backup({ directory, durability, writing });
writeSync(1, "ready\n");
for (let i = 0; ; i++) {
  const before = steps();
  if (i % 11 === 10) await backups.createCheckpoint(`c${i % 3}`);
  const { generation } = await backups.now(i % 3 === 2 ? "full" : "incremental");
  writeSync(1, `${JSON.stringify({ generation, steps: before } satisfies Committed)}\n`);
}
