/** buffer() views that a program forgot: the store says who holds what, and goes on. */
import { threadId } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { OutOfMemoryError, Store } from "#dist/src/index.js";
import { temporaryDirectories } from "../backup/directory.js";
import { openStore } from "./fixture.js";

const temporary = temporaryDirectories();

/** Takes buffers until the store gives no more: what it says then, and the views, which keep them from being collected. */
function takeAll(store: Store): { error: Error; views: Uint8Array[] } {
  const views: Uint8Array[] = [];
  for (;;) {
    try {
      views.push(store.buffer(16_000));
    } catch (error) {
      return { error: error as Error, views };
    }
  }
}

describe("buffers that are not given back", () => {
  it("take seven eighths of the pool at most, and errors and statistics say which thread holds them", async () => {
    const store = await openStore({ capacity: "8MiB", eviction: "none" });
    const ns = store.namespace("n");
    expect(store.stats().memory).toMatchObject({ bufferBytes: 0, buffers: [] });
    const { error, views } = takeAll(store);
    expect(error).toBeInstanceOf(OutOfMemoryError);
    const { poolBytes, bufferBytes, buffers } = store.stats().memory;
    expect(bufferBytes).toBeGreaterThan(0.85 * poolBytes);
    expect(bufferBytes).toBeLessThanOrEqual(0.875 * poolBytes);
    expect(buffers).toEqual([{ thread: threadId, buffers: views.length, bytes: bufferBytes }]);
    expect(error.message).toContain(`thread ${threadId} holds`);
    expect(error.message).toContain(`${views.length} buffers`);
    const fill = () => {
      for (let i = 0; ; i++) ns.set(`k${i}`, new Uint8Array(1000));
    };
    expect(fill).toThrow(OutOfMemoryError);
    expect(fill).toThrow(new RegExp(`thread ${threadId} holds .* in ${views.length} buffers`));
    for (const view of views) store.returnBuffer(view);
    expect(store.stats().memory.buffers).toEqual([]);
    ns.set("one more", new Uint8Array(1000));
  });

  it("of several threads count together, and end with the thread", async () => {
    const store = await openStore({ capacity: "8MiB" });
    const other = await Store.attach(store.handle);
    const { views } = takeAll(store);
    expect(() => other.buffer(16_000)).toThrow(/thread \d+ holds/);
    store.returnBuffer(views[0]);
    other.buffer(16_000);
    expect(store.stats().memory.buffers).toHaveLength(2);
    await other.close();
    expect(store.stats().memory.buffers).toHaveLength(1);
    expect(views.length).toBeGreaterThan(10);
  });

  it("let backups of a full cache through, while it is written to", async () => {
    const store = await openStore({ capacity: "8MiB", maxWorkers: 4 });
    const ns = store.namespace("n");
    const { views } = takeAll(store);
    const value = new Uint8Array(1000);
    for (let i = 0; i < 8000; i++) ns.set(`k${i}`, value);
    const backups = await store.backup({ directory: temporary() });
    for (let round = 0; round < 4; round++) {
      let done = false;
      const backup = backups.now().finally(() => {
        done = true;
      });
      for (let i = 0; !done; i++) {
        for (let k = 0; k < 50; k++) ns.set(`k${(i * 50 + k) % 9000}`, value);
        await new Promise<void>((turn) => setImmediate(turn));
      }
      expect((await backup).generation).toBe(round + 1);
    }
    expect(views.length).toBeGreaterThan(10);
  });
});
