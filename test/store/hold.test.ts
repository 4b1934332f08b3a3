import { once } from "node:events";
import { expect, it, vi } from "vitest";
import { LiveMemory } from "#dist/src/backup/snapshot.js";
import { layout } from "#dist/src/core/index.js";
import { BackupError, Store } from "#dist/src/index.js";
import { whileHeld } from "#dist/src/store/hold.js";
import { ownEntries } from "#dist/src/store/listing.js";
import type { WorkerConnection } from "#dist/src/store/worker.js";

const workerOf = (store: Store) => (store as unknown as { connection: { worker: WorkerConnection } }).connection.worker;

it.each([
  ["the maintenance thread takes its claim away", false],
  ["who waits to look takes its claim over", true],
])("a thread that dies while it holds the maintenance thread lets go of it: %s", async (_, looks) => {
  const store = await Store.create({ capacity: "3MiB", maxWorkers: 1 });
  const words = new Int32Array((store.handle.memory as WebAssembly.Memory).buffer, 0, layout.HEADER_SIZE / 4);
  const thread = store.spawn(new URL("threads/hold.mjs", import.meta.url));
  await once(thread, "message");
  expect(Atomics.load(words, layout.H_HELD / 4)).toBe(1);
  await expect(whileHeld(workerOf(store), () => 0, 5)).rejects.toThrow("is looking at it");
  const verified = looks ? store.verify() : null;
  await thread.terminate();
  if (verified !== null) expect((await verified).violations).toEqual([]);
  await vi.waitFor(() => expect(Atomics.load(words, layout.H_HELD / 4)).toBe(0), { timeout: 60_000 });
  await store.close();
});

it("a pool longer than the memory is an error of the backup, not a wait", async () => {
  const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, maintenance: false });
  const memory = new LiveMemory(store.handle.memory as WebAssembly.Memory);
  expect(() => memory.poolBytes(60_000, 5)).toThrow(BackupError);
  await store.close();
});

it("a bucket of more entries than a listing has room for is listed, and the walk ends", async () => {
  const store = await Store.create({
    capacity: "3MiB",
    maxWorkers: 0,
    maintenance: false,
    expectedEntries: 1,
    maxNamespaces: 4000,
  });
  for (let i = 0; i < 3000; i++) store.namespace(`n${i}`);
  expect([...ownEntries(workerOf(store), layout.DIRECTORY_ID, 1)]).toHaveLength(3000);
  expect(store.namespaces()).toHaveLength(3000);
  await store.close();
});
