/** The checkpointer: what the peer's own suite does not ask. That suite is run whole in langgraph-suite.test.ts. */
import { Worker } from "node:worker_threads";
import type { RunnableConfig } from "@langchain/core/runnables";
import { type Checkpoint, emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngramSaver } from "#dist/src/adapters/langgraph.js";
import { ClosedError, InvalidArgumentError, ValueTooLargeError } from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";
import { runsOr } from "../given.js";
import { openStore } from "../store/fixture.js";

const META = { source: "loop" as const, step: 0, parents: {} };
let clock = 0;

function checkpointOf(values: Record<string, unknown>, versions: Record<string, number | string> = {}): Checkpoint {
  return { ...emptyCheckpoint(), id: uuid6(clock++), channel_values: values, channel_versions: versions };
}

function at(thread_id: string, checkpoint_ns = "", checkpoint_id?: string): RunnableConfig {
  return { configurable: { thread_id, checkpoint_ns, checkpoint_id } };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const part = fc.oneof(
  fc.constantFrom("a", "a/b", "a%2Fb", "a%b", "%25", "c", "head", "__proto__"),
  fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }),
);

describe("EngramSaver", () => {
  it(`keeps threads and namespaces apart, whatever their names are (seed ${SEED})`, async () => {
    const store = await openStore();
    const saver = new EngramSaver(store);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(part, fc.oneof(fc.constant(""), part)), {
          selector: (place) => place.join("\0"),
          minLength: 2,
          maxLength: 6,
        }),
        async (places) => {
          store.namespace("langgraph:checkpoints", { encoding: "msgpack" }).clear();
          for (const [thread, space] of places) {
            const config = await saver.put(at(thread, space), checkpointOf({ x: [thread, space] }, { x: 1 }), META, {
              x: 1,
            });
            await saver.putWrites(config, [["w", [space, thread]]], "task/1");
          }
          for (const [thread, space] of places) {
            const tuple = await saver.getTuple(at(thread, space));
            expect(tuple?.checkpoint.channel_values).toEqual({ x: [thread, space] });
            expect(tuple?.pendingWrites).toEqual([["task/1", "w", [space, thread]]]);
            expect((await all(saver.list(at(thread, space)))).length).toBe(1);
          }
          expect((await all(saver.list({}))).length).toBe(places.length);
          const [[gone]] = places;
          await saver.deleteThread(gone);
          for (const [thread, space] of places) {
            expect((await saver.getTuple(at(thread, space))) === undefined).toBe(thread === gone);
          }
        },
      ),
      { numRuns: runsOr(40), seed: SEED },
    );
  });

  it("gives the branches of a thread different versions, so that neither has the other's values", async () => {
    const saver = new EngramSaver(await openStore());
    const one = saver.getNextVersion(undefined);
    const root = await saver.put(at("t"), checkpointOf({ x: "root" }, { x: one }), META, { x: one });
    const branches = [];
    for (const name of ["left", "right"]) {
      const version = saver.getNextVersion(one);
      expect(version).toBeGreaterThan(one);
      branches.push([
        name,
        await saver.put(root, checkpointOf({ x: name }, { x: version }), META, { x: version }),
      ] as const);
    }
    for (const [name, config] of branches) {
      const tuple = await saver.getTuple(config);
      expect(tuple?.checkpoint.channel_values).toEqual({ x: name });
      expect(tuple?.parentConfig).toEqual(root);
    }
  });

  it("writes a value once for all checkpoints that have its version", async () => {
    const store = await openStore();
    const saver = new EngramSaver(store);
    let config = at("t");
    const long = "l".repeat(8000);
    for (let step = 0; step < 30; step++) {
      const versions = { long: 1, step: step + 1 };
      config = await saver.put(
        config,
        checkpointOf({ long, step }, versions),
        META,
        step === 0 ? versions : { step: step + 1 },
      );
    }
    expect((await saver.getTuple(at("t")))?.checkpoint.channel_values).toEqual({ long, step: 29 });
    expect(store.namespace("langgraph:checkpoints", { encoding: "msgpack" }).usage().bytes).toBeLessThan(30 * 8000);
    expect((await all(saver.list(at("t")))).map(({ checkpoint }) => checkpoint.channel_values.step)).toEqual(
      Array.from({ length: 30 }, (_, i) => 29 - i),
    );
  });

  it("keeps what a task has written when it is tried again, but for what has an index of its own", async () => {
    const saver = new EngramSaver(await openStore());
    const config = await saver.put(at("t"), checkpointOf({}), META, {});
    await saver.putWrites(
      config,
      [
        ["a", 1],
        ["b", 2],
      ],
      "task",
    );
    await saver.putWrites(
      config,
      [
        ["a", 10],
        ["b", 20],
        ["c", 30],
      ],
      "task",
    );
    await saver.putWrites(config, [["__error__", "first"]], "task");
    await saver.putWrites(config, [["__error__", "second"]], "task");
    await saver.putWrites(config, [["z", "input"]], "another", "");
    await saver.putWrites(config, [["y", "pathed"]], "a task", "~path");
    expect((await saver.getTuple(config))?.pendingWrites).toEqual([
      ["another", "z", "input"],
      ["task", "__error__", "second"],
      ["task", "a", 1],
      ["task", "b", 2],
      ["task", "c", 30],
      ["a task", "y", "pathed"],
    ]);
  });

  it("finds the latest checkpoint that is whole where something was evicted", async () => {
    const store = await openStore({ eviction: "lru" });
    const saver = new EngramSaver(store);
    const entries = store.namespace("langgraph:checkpoints", { encoding: "msgpack" });
    const ids: string[] = [];
    for (const x of [1, 2, 3]) {
      const { configurable } = await saver.put(at("t"), checkpointOf({ x }, { x }), META, { x });
      ids.push(configurable?.checkpoint_id);
    }
    const latest = async () => (await saver.getTuple(at("t")))?.checkpoint.channel_values.x;
    expect(await latest()).toBe(3);
    expect(entries.delete("t//head")).toBe(true);
    expect(await latest()).toBe(3);
    expect(entries.delete("t//v/x/3")).toBe(true);
    expect(await latest()).toBe(2);
    expect(await saver.getTuple(at("t", "", ids[2]))).toBeUndefined();
    expect(entries.delete(`t//c/${ids[1]}`)).toBe(true);
    expect(await latest()).toBe(1);
    expect((await all(saver.list(at("t")))).length).toBe(1);
  });

  it("refuses what is no thread, no id, no store, and leaves nothing of what is too large", async () => {
    const store = await openStore();
    const saver = new EngramSaver(store);
    for (const thread of [5, "", null] as never[]) {
      await expect(saver.put(at(thread), checkpointOf({}), META, {})).rejects.toThrow(InvalidArgumentError);
      await expect(saver.getTuple(at(thread))).rejects.toThrow(InvalidArgumentError);
      await expect(saver.deleteThread(thread)).rejects.toThrow(InvalidArgumentError);
    }
    await expect(
      saver.put(at("t"), checkpointOf({ x: "x".repeat(20 * 2 ** 20) }, { x: 1 }), META, { x: 1 }),
    ).rejects.toThrow(ValueTooLargeError);
    expect(await saver.getTuple(at("t"))).toBeUndefined();
    expect(() => new EngramSaver({} as never)).toThrow("EngramSaver is over a store");
    expect(() => new EngramSaver(store, { nam: "x" } as never)).toThrow('did you mean "name"?');
    await store.close();
    await expect(saver.getTuple(at("t"))).rejects.toThrow(ClosedError);
  });

  it("is shared by threads that put and write at once: nothing of any is lost, and the latest is the greatest", async () => {
    const store = await openStore();
    const saver = new EngramSaver(store);
    const base = await saver.put(at("shared"), checkpointOf({ x: "base" }, { x: 1 }), META, { x: 1 });
    const go = new Int32Array(new SharedArrayBuffer(4));
    const threads = [0, 1, 2].map(
      (thread) =>
        new Worker(new URL("./saver-worker.mjs", import.meta.url), {
          workerData: { store: store.handle, base, thread, go },
        }),
    );
    const put = (await Promise.all(
      threads.map((thread) => new Promise((done, fail) => thread.once("message", done).once("error", fail))),
    )) as string[][];
    await Promise.all(threads.map((thread) => thread.terminate()));
    const ids = put.flat().sort();
    const listed = (await all(saver.list(at("shared")))).map(({ checkpoint }) => checkpoint.id);
    expect(listed).toEqual([...ids, base.configurable?.checkpoint_id].sort().reverse());
    const tuple = await saver.getTuple(at("shared"));
    expect(tuple?.checkpoint.id).toBe(ids.at(-1));
    const pending = (await saver.getTuple(base))?.pendingWrites ?? [];
    expect(pending.length).toBe(3 * 40);
    expect(pending.map(([task]) => task)).toEqual(pending.map(([task]) => task).sort());
  });
});
