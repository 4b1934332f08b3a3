import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AgentCell, type AgentHandle, Agents, type AgentsOptions, type Block } from "#dist/src/agents/index.js";
import { Store } from "#dist/src/index.js";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function make(options: AgentsOptions = {}, shared = true): Promise<{ store: Store; agents: Agents }> {
  const store = await Store.create({ capacity: "4MiB", shared });
  open.push(store);
  const agents = await Agents.create(store, { arenaBytes: "8MiB", pools: { state: [256, 8] }, ...options });
  return { store, agents };
}

/** Another connection of this thread: to the agents it is another thread. */
async function another({ store, agents }: { store: Store; agents: Agents }): Promise<Agents> {
  const second = await Store.attach(store.handle);
  open.push(second);
  return Agents.attach(second, agents.handle);
}

async function tell(
  store: Store,
  agents: Agents,
  what: string,
  argument: unknown,
): Promise<{ said: unknown; worker: Worker }> {
  const worker = new Worker(new URL("./owner.mjs", import.meta.url), {
    workerData: { store: store.handle, agents: agents.handle },
  });
  store.watch(worker);
  await once(worker, "message");
  worker.postMessage({ what, argument });
  const [said] = await once(worker, "message");
  return { said, worker };
}

const SHAPE = { states: 4, actions: 2 };
const notOwner = expect.objectContaining({ code: "NOT_OWNER" });

describe("an agent has one owner", () => {
  it("goes to one adopter, once, and is dead to who sent it", async () => {
    const here = await make();
    const there = await another(here);
    const agent = here.agents.create("a", { ...SHAPE, replay: { capacity: 8 } });
    agent.table.set(1, 1, 3);
    const handle = agent.handOver();
    expect(() => agent.table.set(1, 1, 4)).toThrow();
    expect(() => agent.handOver()).toThrow(notOwner);
    expect(() => there.claim("a")).toThrow(/under way/);
    const moved = there.adopt(structuredClone(handle));
    expect(moved.table.get(1, 1)).toBe(3);
    moved.table.set(1, 1, 4);
    expect(here.agents.table("a").get(1, 1)).toBe(4);
    expect(() => here.agents.adopt(handle)).toThrow(notOwner);
    expect(() => here.agents.claim("a")).toThrow(notOwner);
    moved.release();
    here.agents.claim("a").freeze();
    expect(() => there.claim("a")).toThrow(/frozen/);
    expect(() => there.create("a")).toThrow(/already/);
  });

  it("refuses handles of another store, and what is none", async () => {
    const one = await make();
    const two = await make();
    const handle = one.agents.create("a").handOver();
    expect(() => two.agents.adopt(handle)).toThrow(/another store/);
    expect(() => one.agents.adopt({ ...handle, ticket: 5 })).toThrow(/handOver/);
    expect(() => one.agents.adopt({ ...handle, generation: handle.generation + 1 })).toThrow(/no agent/);
    expect(() => one.agents.claim("b")).toThrow(/no agent "b"/);
    expect(one.agents.adopt(handle).owned).toBe(true);
  });

  it("is claimed again when its owner dies, with all that it had; its blocks and its budget are right", async () => {
    const { store, agents } = await make();
    const { worker } = await tell(store, agents, "own", "a");
    expect(() => agents.claim("a")).toThrow(/living thread/);
    expect(agents.pools.state.stats().inUse).toBe(1);
    await worker.terminate();
    expect(agents.pools.state.stats().inUse).toBe(0);
    expect(agents.list()).toMatchObject([{ name: "a", ownership: "dead", poisoned: false }]);
    const agent = agents.claim("a");
    expect(agent.table.get(1, 1)).toBe(5);
    expect(await agents.verify()).toMatchObject({ ok: true });
  });

  it("is claimed when its sender dies, and then its handle is worth nothing; a living sender's is not", async () => {
    const { store, agents } = await make();
    const { worker, said } = await tell(store, agents, "send", "a");
    expect(() => agents.claim("a")).toThrow(/under way/);
    await worker.terminate();
    expect(agents.list()[0].ownership).toBe("lost-in-transit");
    agents.claim("a").table.set(0, 0, 1);
    expect(() => agents.adopt(said as AgentHandle)).toThrow(notOwner);
  });

  it("is poisoned when its owner dies inside a change", async () => {
    const { store, agents } = await make();
    const { worker } = await tell(store, agents, "change", "a");
    await worker.terminate();
    expect(() => agents.claim("a")).toThrow(expect.objectContaining({ code: "POISONED" }));
    expect(agents.list()[0].poisoned).toBe(true);
    const agent = agents.claim("a", { recover: true });
    agent.release();
    expect(agents.claim("a").owned).toBe(true);
  });

  it("is adopted by a real thread", async () => {
    const { store, agents } = await make();
    const { worker } = await tell(store, agents, "adopt", agents.create("a", SHAPE).handOver());
    expect(agents.table("a").get(2, 0)).toBe(9);
    await worker.terminate();
    expect(agents.claim("a").table.get(2, 0)).toBe(9);
  });
});

it("the same agents open twice in one thread: closing one leaves the other's blocks, and what nobody has is given back with the last", async () => {
  const here = await make({ pools: { state: [256, 8], spare: { bytes: 256, count: 1, whenExhausted: "fallback" } } });
  const first = await Agents.attach(here.store, here.agents.handle);
  const kept = here.agents.pools.state.acquire();
  kept.bytes.fill(7);
  const agent = first.create("a", SHAPE);
  agent.acquire(first.pools.state);
  const fallen = [agent.acquire(first.pools.spare), agent.acquire(first.pools.spare)];
  expect(fallen[1].bytes.byteLength).toBe(256);
  first.pools.state.acquire();
  await first.close();
  const stats = () => Object.values(here.agents.stats().pools).map(({ inUse }) => inUse);
  // what was charged to the agent is back; a block that is charged to nobody may be of either
  expect(stats()).toEqual([2, 0]);
  expect(await here.agents.verify()).toMatchObject({ ok: true });
  const others = Array.from({ length: 6 }, () => here.agents.pools.state.acquire());
  for (const other of others) other.bytes.fill(1);
  expect(kept.bytes.every((byte) => byte === 7)).toBe(true);
  kept.release();
  for (const other of others) other.release();
  const second = await another(here);
  expect(second.claim("a").used).toBe(second.list()[0].used);
  await here.agents.close();
  expect(second.pools.state.stats().inUse).toBe(0);
  expect(await second.verify()).toMatchObject({ ok: true });
});

it("what was kept of closed agents is refused, and writes into nobody's memory", async () => {
  const here = await make();
  const agents = await Agents.attach(here.store, here.agents.handle);
  const shape = { states: 4, actions: 2, replay: { capacity: 8 } } as const;
  const agent = agents.create("a", shape);
  const { table, replay } = agent;
  const reader = agents.table("a");
  const sums = agents.accumulator("sums", { states: 4, actions: 2 });
  const index = await agents.buildIndex("i", { dimensions: 2 }, new Float32Array([1, 0, 0, 1]));
  const block = agent.acquire(agents.pools.state);
  const row = new Float32Array(2);
  table.setRow(1, [1, 2], [1, 1]);
  reader.row(1, row);
  replay.push({ state: 1, action: 0, reward: 1, next: 2, terminal: false });
  await agents.close();

  const again = await Agents.attach(here.store, here.agents.handle);
  const mine = again.claim("a");
  expect(mine.used).toBe(again.list()[0].used);
  const filled = again.pools.state.acquire();
  filled.bytes.fill(7);
  const closed = expect.objectContaining({ code: "CLOSED" });
  const uses: (() => unknown)[] = [
    () => table.update(1, 1, 1, 2, false),
    () => table.setRow(1, [9, 9], [9, 9]),
    () => reader.row(1, row),
    () => reader.get(1, 1),
    () => replay.push({ state: 1, action: 0, reward: 1, next: 2, terminal: false }),
    () => replay.sample(1, new Uint32Array(1)),
    () => sums.add(mine.table),
    () => sums.round(),
    () => index.search([1, 0], { k: 1 }),
    () => block.bytes,
    () => agent.memory.take(64, "more"),
    () => again && agents.pools.state.acquire(),
  ];
  for (const use of uses) expect(use, String(use)).toThrow(closed);
  expect(agent.owned).toBe(false);
  expect(block.release()).toBe(false);
  expect(filled.bytes.every((byte) => byte === 7)).toBe(true);
  expect([mine.table.get(1, 0), mine.table.get(1, 1)]).toEqual([1, 2]);
  filled.release();
  expect(await again.verify()).toMatchObject({ ok: true });
  await again.close();
});

describe("a budget", () => {
  it("beyond all bytes there can be is refused, and none is changed", async () => {
    const { store, agents } = await make();
    const agent = agents.create("a", { budget: 20_000 });
    for (const budget of [2 ** 64, 1e300]) {
      expect(() => agent.setBudget(budget)).toThrow(/budget is/);
      expect(() => agents.create("b", { budget })).toThrow(/budget is/);
      await expect(Agents.create(store, { budget })).rejects.toThrow(/budget is/);
    }
    expect(agent.budget).toBe(20_000);
  });

  it("is charged before anything is taken, and refused below what there is", async () => {
    const { agents } = await make({ budget: 20_000 });
    const agent = agents.create("a", SHAPE);
    const { used } = agent;
    expect(() => agent.memory.take(20_000, "much")).toThrow(
      expect.objectContaining({ code: "BUDGET_EXCEEDED", agent: "a", asked: 20_480, used, limit: 20_000 }),
    );
    expect(agent.used).toBe(used);
    const block = agent.acquire(agents.pools.state);
    expect(agent.used).toBe(used + 256);
    expect(() => agent.release()).toThrow(/blocks charged to it are out/);
    block.release();
    expect(() => agent.setBudget(used - 1)).toThrow(/has .* already/);
    agent.setBudget("1MiB");
    agent.memory.take(20_000, "much");
    expect(() => agents.create("b", { budget: 1500, ...SHAPE })).toThrow(
      expect.objectContaining({ code: "BUDGET_EXCEEDED" }),
    );
    expect(agents.list().map(({ name }) => name)).toEqual(["a"]);
    expect(await agents.verify()).toMatchObject({ ok: true });
    agents.drop(agent);
    expect(agents.list()).toEqual([]);
    expect(await agents.verify()).toMatchObject({ ok: true });
  });

  it("counts 64 bits", async () => {
    const { agents } = await make({ budget: 2 ** 40 });
    const agent = agents.create("a");
    expect(agent.budget).toBe(2 ** 40);
    for (let i = 0; i < 100; i++) agent.metrics.note(0.5);
    expect([agent.metrics.actions, agent.metrics.rewardSum]).toEqual([100, 50]);
  });
});

describe("a pool of blocks", () => {
  it.each([true, false])("does what a set does; shared: %s", async (shared) => {
    const { agents } = await make({}, shared);
    const pool = agents.pools.state;
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 60 }), (steps) => {
        const held: Block[] = [];
        for (const step of steps) {
          if (step < 8) {
            const block = pool.tryAcquire();
            expect(block === undefined).toBe(held.length === 8);
            if (block === undefined) continue;
            expect(held.some(({ bytes }) => bytes.byteOffset === block.bytes.byteOffset)).toBe(false);
            block.f32.fill(held.length);
            held.push(block);
          } else held.splice(step % Math.max(1, held.length), 1)[0]?.release();
          expect(pool.stats().inUse).toBe(held.length);
        }
        for (const block of held) block.release();
        expect(pool.stats().inUse).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("says who has its blocks when all are out, and counts it", async () => {
    const { agents } = await make();
    const blocks = Array.from({ length: 8 }, () => agents.pools.state.acquire());
    expect(() => agents.pools.state.acquire()).toThrow(/8 by worker/);
    expect(agents.pools.state.stats()).toMatchObject({ inUse: 8, peak: 8, exhausted: 1, utilisation: 1 });
    expect(blocks[0].release()).toBe(true);
    expect(blocks[0].release()).toBe(false);
    expect(() => blocks[0].bytes).toThrow(/after it was released/);
    expect(agents.pools.state.stats()).toMatchObject({ inUse: 7, doubleReleases: 1 });
  });

  it("falls back to the arena when it is made so", async () => {
    const { agents } = await make({ pools: { small: { bytes: 64, count: 1, whenExhausted: "fallback" } } });
    const agent = agents.create("a");
    const { used } = agent;
    const blocks = [agent.acquire(agents.pools.small), agent.acquire(agents.pools.small)];
    blocks[1].u32.fill(7);
    expect(agent.used).toBe(used + 64 + 1024);
    expect(agents.pools.small.stats()).toMatchObject({ fallbacks: 1, exhausted: 1 });
    expect(await agents.verify()).toMatchObject({ ok: true });
    for (const block of blocks) block.release();
    expect(agent.used).toBe(used);
    expect(await agents.verify()).toMatchObject({ ok: true });
  });
});

it("accumulators and indexes are found by name in every thread", async () => {
  const here = await make();
  const there = await another(here);
  const agent = here.agents.create("a", SHAPE);
  agent.table.update(0, 1, 1, 1, true, { rate: 1 });
  here.agents.accumulator("navigation", SHAPE).add(agent);
  expect(there.accumulator("navigation").round()).toMatchObject({ contributors: 1 });
  expect(() => there.accumulator("navigation", { states: 5, actions: 2 })).toThrow(/4 states/);
  expect(() => there.accumulator("other")).toThrow(/no accumulator/);
  await here.agents.buildIndex("knowledge", { dimensions: 2 }, [Float32Array.of(1, 0), Float32Array.of(0, 1)]);
  expect(there.index("knowledge").search(Float32Array.of(0, 2), { k: 1 })).toMatchObject([{ id: 1 }]);
  await expect(there.buildIndex("knowledge", { dimensions: 2 }, [Float32Array.of(1, 0)])).rejects.toThrow(/already/);
  expect(await here.agents.verify()).toMatchObject({ ok: true });
});

it("a cell is changed by one task at a time, and says where the other one has it", async () => {
  const cell = new AgentCell({ n: 0 }, { trace: true });
  let go = () => {};
  const changing = cell.borrowMut(async (value) => {
    await new Promise<void>((done) => {
      go = done;
    });
    value.n++;
  });
  expect(() => cell.borrow(({ n }) => n)).toThrow(/ownership.test.*here:.*ownership.test/s);
  go();
  await changing;
  expect(cell.borrow((value) => cell.borrow(() => value.n))).toBe(1);
  expect(() => cell.borrow(() => cell.replace({ n: 2 }))).toThrow(expect.objectContaining({ code: "BORROWED" }));
  expect(cell.borrowed).toBe(false);
});
