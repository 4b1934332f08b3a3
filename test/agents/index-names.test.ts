import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { Agents, type BuildIndexOptions } from "#dist/src/agents/index.js";
import { Store } from "#dist/src/index.js";
import { clustered, vectorAt } from "./index-vectors.js";

const D = 16;
const COUNT = 600;
const base = clustered(COUNT, D, 11);
const ids = Array.from({ length: COUNT }, (_, i) => `note ${i}`);
const graph: BuildIndexOptions = { dimensions: D, graph: true, efConstruction: 40, ids };

async function withAgents<T>(use: (agents: Agents, store: Store) => Promise<T>, shared = true): Promise<T> {
  const store = await Store.create({ capacity: "8MiB", maintenance: false, shared });
  const agents = await Agents.create(store, { arenas: 2, arenaBytes: "8MiB", pools: {} });
  try {
    return await use(agents, store);
  } finally {
    await agents.close();
    await store.close();
  }
}

describe("an index of the agents", () => {
  it.each([true, false])("is found by its name, searched, and leaks nothing, with shared: %s", (shared) =>
    withAgents(async (agents) => {
      const built = await agents.buildIndex("knowledge", { ...graph, threads: shared ? 2 : 0 }, base);
      expect(agents.index("knowledge")).toBe(built);
      expect(built.search(vectorAt(base, 7, D), { k: 1 })[0].id).toBe("note 7");
      expect((await agents.verify()).leaks).toEqual([]);
      expect(
        agents.layout().arenas.flatMap(({ pieces }) => pieces.map(({ owner, purpose }) => `${purpose}: ${owner}`)),
      ).toEqual(
        expect.arrayContaining(['vector index: index "knowledge"', expect.stringMatching(/^index scratch: worker/)]),
      );
    }, shared),
  );

  it("is searched in place by another thread, which attaches to the agents", () =>
    withAgents(async (agents, store) => {
      const index = await agents.buildIndex("knowledge", graph, base);
      const queries = Array.from({ length: 10 }, (_, i) => Float32Array.from(vectorAt(base, i, D)));
      const workerData = { store: store.handle, agents: agents.handle, queries };
      const worker = new Worker(new URL("index-names-worker.mjs", import.meta.url), { workerData });
      const [found] = await once(worker, "message");
      expect(found).toEqual(queries.map((query) => index.search(query, { k: 3 })));
      await worker.terminate();
    }));

  it("goes into a file, and into other agents from there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "engram-index-names-"));
    const path = join(folder, "knowledge.index");
    await withAgents(async (agents) => (await agents.buildIndex("knowledge", graph, base)).save(path));
    await withAgents(async (agents) => {
      await agents.openIndex("again", path);
      expect(agents.index("again").search(vectorAt(base, 9, D), { k: 1 })[0].id).toBe("note 9");
      await expect(agents.openIndex("none", join(folder, "none"))).rejects.toThrow(/no such file/);
      expect(() => agents.index("none")).toThrow(/no index "none".*there are "again"/);
    });
    await rm(folder, { recursive: true });
  });

  it("that cannot be built leaves neither name nor bytes", () =>
    withAgents(async (agents) => {
      const before = agents.layout().arenas.map(({ pieces }) => pieces.length);
      await expect(agents.buildIndex("bad", { dimensions: D }, [[1, Number.NaN]])).rejects.toMatchObject({
        code: "INVALID_VECTOR",
      });
      await expect(
        agents.buildIndex("large", { dimensions: D }, new Float32Array(D << 17).fill(1)),
      ).rejects.toMatchObject({ code: expect.stringMatching(/ARENA|MEMORY/) });
      await expect(agents.buildIndex("", { dimensions: D }, base)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(agents.layout().arenas.map(({ pieces }) => pieces.length)).toEqual(before);
      await agents.buildIndex("bad", { dimensions: D }, base);
      await expect(agents.buildIndex("bad", { dimensions: D }, base)).rejects.toThrow(
        /there is an index "bad" already/,
      );
    }));

  it("that is still being built is given up when the agents are closed", async () => {
    await withAgents(async (agents) => {
      const end = agents.buildIndex("slow", { ...graph, ids: undefined, threads: 2, efConstruction: 2_000 }, base);
      expect(() => agents.index("slow")).toThrow(/still being built/);
      const ended = expect(end).rejects.toMatchObject({ code: "CLOSED" });
      await agents.close();
      await ended;
    });
  });

  it("leaves nothing when the thread that builds it is killed, with the threads that it has started; the name is free then", () =>
    withAgents(async (agents, store) => {
      for (const threads of [0, 2, 1]) {
        const workerData = { store: store.handle, agents: agents.handle, threads };
        const worker = new Worker(new URL("index-builder.mjs", import.meta.url), { workerData });
        store.watch(worker);
        await once(worker, "message"); // some of it is there
        await worker.terminate();
        expect(await agents.verify()).toMatchObject({ violations: [], leaks: [] });
        expect(
          agents.layout().arenas.flatMap(({ pieces }) => pieces.filter(({ purpose }) => /index|vector/.test(purpose))),
        ).toEqual([]);
      }
      const index = await agents.buildIndex("knowledge", graph, base);
      expect(index.search(vectorAt(base, 3, D), { k: 1 })[0].id).toBe("note 3");
    }));
});
