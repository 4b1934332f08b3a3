import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { Agents, type AgentsOptions } from "#dist/src/agents/index.js";
import { type Store, Store as Stores } from "#dist/src/index.js";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function make(options: AgentsOptions = {}, shared = true): Promise<{ store: Store; agents: Agents }> {
  const store = await Stores.create({ capacity: "4MiB", shared });
  open.push(store);
  const agents = await Agents.create(store, { arenaBytes: "4MiB", pools: { state: [256, 8] }, ...options });
  open.push(agents);
  return { store, agents };
}

it("pieces never overlap, are zero when taken, and go back whole: against a model", async () => {
  const { agents } = await make();
  const { memory } = agents.create("a", { budget: "1GiB" });
  const bytes = new Uint8Array(memory.memory.buffer);
  const before = agents.stats().arenas[0].used;
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 40_000 }), fc.constant(0)), { maxLength: 60 }), (steps) => {
      const held: { address: number; size: number; mark: number }[] = [];
      for (const [n, size] of steps.entries()) {
        if (size === 0) {
          const gone = held.shift();
          if (gone !== undefined) memory.give(gone.address);
          continue;
        }
        const address = memory.take(size, "model");
        expect(address % 64).toBe(0);
        const mark = (n % 255) + 1;
        expect(bytes.subarray(address, address + size).every((byte) => byte === 0)).toBe(true);
        bytes.fill(mark, address, address + size);
        held.push({ address, size, mark });
      }
      for (const { address, size, mark } of held) {
        expect(bytes.subarray(address, address + size).every((byte) => byte === mark)).toBe(true);
        memory.give(address);
      }
      expect(agents.stats().arenas[0].used).toBe(before);
    }),
    { numRuns: 30 },
  );
  expect((await agents.verify()).violations).toEqual([]);
});

it.each([true, false])("refuses what has no room by name, and gives back nothing twice; shared: %s", async (shared) => {
  const { agents } = await make({}, shared);
  const { memory } = agents.create("a", { budget: "8GiB" });
  expect(() => memory.take(2 ** 33, "vast")).toThrow(expect.objectContaining({ failure: "overflow" }));
  expect(() => memory.take(5 << 20, "large")).toThrow(
    expect.objectContaining({ code: "OUT_OF_MEMORY", failure: "exceeds-limit" }),
  );
  const address = memory.take(100, "piece");
  memory.give(address);
  expect(() => memory.give(address)).toThrow(/given back before/);
  expect(() => memory.give(address + 1)).toThrow(/no piece/);
  expect((await agents.verify()).ok).toBe(true);
});

it("grows by raising its limit, up to the last unit of it", async () => {
  const { agents } = await make();
  const { memory } = agents.create("a", { budget: "1GiB" });
  const [{ limit }] = agents.stats().arenas;
  let taken = 0;
  expect(() => {
    for (;;) {
      memory.take(65_536, "fill");
      taken++;
    }
  }).toThrow(/side by side/);
  expect(taken).toBeGreaterThan(50);
  expect(agents.stats().arenas[0].limit).toBeGreaterThan(limit);
});

it("an arena of 4 GiB is used to its end", async () => {
  const { agents } = await make({ arenaBytes: 2 ** 32, pools: {} });
  const { memory } = agents.create("a", { budget: "8GiB" });
  const most = 2 ** 32 - (64 << 20);
  const address = memory.take(most, "most");
  const last = memory.take(20 << 20, "last");
  expect(last).toBeGreaterThan(address);
  new Uint8Array(memory.memory.buffer, last, 20 << 20)[(20 << 20) - 1] = 7;
  memory.give(last);
  expect(new Uint8Array(memory.memory.buffer, last, 20 << 20)[(20 << 20) - 1]).toBe(0);
});

it("says what is where: as data and as a picture", async () => {
  const { agents } = await make({ arenas: 2 });
  const a = agents.create("scout-17");
  const address = a.memory.take(5000, "table's rows");
  const piece = agents
    .layout()
    .arenas.flatMap(({ pieces }) => pieces)
    .find((each) => each.address === address);
  expect(piece).toMatchObject({ bytes: 5000, taken: 5120, purpose: "table's rows", owner: 'agent "scout-17"' });
  expect(String(agents.layout())).toMatch(/arena 0: 4 MiB.*\n\+-+\+\n\|[+#].*\|/);
});

it("a handle of another store is refused, and what is no handle", async () => {
  const one = await make();
  const two = await make();
  await expect(Agents.attach(two.store, one.agents.handle)).rejects.toThrow(/another store/);
  await expect(Agents.attach(two.store, {} as never)).rejects.toThrow(/Agents.attach/);
  await expect(make({ arenaBytes: 100 })).rejects.toThrow(/arenaBytes/);
  await expect(make({ pools: { odd: [100, 1] } })).rejects.toThrow(/multiple of 8/);
});

it("threads that are killed while they take and give leave nothing behind and take nothing twice", async () => {
  const { store, agents } = await make({ pools: { state: [256, 64] } });
  const keep = agents.create("keep");
  const file = new URL("./taker.mjs", import.meta.url);
  for (let round = 0; round < 2; round++) {
    const workers = [0, 1].map(() => new Worker(file, { workerData: { store: store.handle, agents: agents.handle } }));
    for (const worker of workers) store.watch(worker);
    await Promise.all(workers.map((worker) => new Promise((begun) => worker.once("message", begun))));
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(await agents.verify()).toMatchObject({ violations: [], leaks: [] });
    expect(agents.pools.state.stats().inUse).toBe(0);
  }
  expect(keep.owned).toBe(true);
  expect(agents.layout().arenas[0].pieces.filter(({ owner }) => owner.startsWith("worker"))).toEqual([]);
});
