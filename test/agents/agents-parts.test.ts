import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AgentCell,
  Agents,
  BudgetExceededError,
  encoder,
  NotOwnerError,
  PoisonedError,
  QTable,
  TileCoding,
  Trajectory,
} from "#dist/src/agents/index.js";
import { InvalidArgumentError, Store } from "#dist/src/index.js";

let store: Store;
let agents: Agents;

beforeEach(async () => {
  store = await Store.create({ capacity: "8MiB" });
  agents = await Agents.create(store, { arenaBytes: "64MiB", pools: {} });
});
afterEach(() => store.close());

/** Runs a program in a thread that has the agents, and ends it where it says so: by `await dead()`, without giving anything back. */
async function inThread(program: string): Promise<unknown> {
  const dist = new URL("../../dist/src/", import.meta.url).href;
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     (async () => {
       const { Store } = await import(${JSON.stringify(dist)} + "index.js");
       const { Agents } = await import(${JSON.stringify(dist)} + "agents/index.js");
       const store = await Store.attach(workerData.store);
       const agents = await Agents.attach(store, workerData.agents);
       parentPort.postMessage(await (async () => { ${program} })());
       setInterval(() => {}, 1000);
     })();`,
    { eval: true, workerData: { store: store.handle, agents: agents.handle } },
  );
  store.watch(worker);
  const answer = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  return answer;
}

describe("an agent with a table", () => {
  it("learns in it, and any thread reads it by the agent's name", async () => {
    const agent = agents.create("scout", { states: 500, actions: 6, rate: 0.5, replay: { capacity: 8 } });
    agent.table.update(7, 2, 10, 8, true);
    agent.replay.push({ state: 7, action: 2, reward: 10, next: 8, terminal: true });
    expect(await inThread('const t = agents.table("scout"); return [t.get(7, 2), t.best(7), t.states]')).toEqual([
      5, 2, 500,
    ]);
    expect(agents.table("scout").get(7, 2)).toBe(5);
    expect(agent.replay.size).toBe(1);
  });

  it("is written by its owner alone", async () => {
    const agent = agents.create("scout", { states: 4, actions: 2 });
    expect(
      await inThread('try { agents.table("scout").set(0, 0, 1); return "written" } catch (e) { return e.code }'),
    ).not.toBe("written");
    const { table } = agent;
    agent.release();
    expect(() => table.set(0, 0, 1)).toThrow(/only its owner writes it/);
    expect(agents.table("scout").get(0, 0)).toBe(0);
  });

  it("goes with the agent: handed over, claimed, its step size with it", () => {
    const agent = agents.create("scout", { states: 4, actions: 2, rate: 0.25, discount: 0.5, replay: { capacity: 4 } });
    agent.table.set(1, 1, 8);
    const adopted = agents.adopt(agent.handOver());
    expect([adopted.table.get(1, 1), adopted.table.rate, adopted.table.discount]).toEqual([8, 0.25, 0.5]);
    adopted.table.update(0, 0, 4, 1, false);
    expect(adopted.table.get(0, 0)).toBe(2);
    adopted.release();
    expect(agents.claim("scout").table.get(0, 0)).toBe(2);
  });

  it("is charged for it before it is taken, and nothing is left of one that may not have it", () => {
    const before = agents.stats().arenas[0].used;
    expect(() => agents.create("scout", { states: 10_000, actions: 6, budget: "64KiB" })).toThrow(BudgetExceededError);
    expect(agents.stats().arenas[0].used).toBe(before);
    expect(agents.list()).toEqual([]);
    const agent = agents.create("scout", { states: 100, actions: 6, budget: "64KiB" });
    const { used } = agent;
    agents.table("scout").row(3, new Float32Array(6));
    agent.table.row(3, new Float32Array(6));
    expect(agent.used).toBe(used); // copies are the thread's own
  });

  it("refuses what it has not, by name", () => {
    const agent = agents.create("scout");
    expect(() => agent.table).toThrow(/has no table: make it with actions/);
    expect(() => agent.replay).toThrow(/has no replay/);
    expect(() => agents.table("scout")).toThrow(InvalidArgumentError);
    expect(() => agents.table("nobody")).toThrow(/there is no agent "nobody"/);
    expect(() => agents.create("other", { state: 4 } as object)).toThrow(
      /unknown option "state"; did you mean "states"/,
    );
    expect(() => agents.create("other", { states: 4, actions: 0 })).toThrow(InvalidArgumentError);
    expect(agents.list().map(({ name }) => name)).toEqual(["scout"]);
  });

  it("of a thread that died is claimed with what it learned; one inside a change is told to be so", async () => {
    await inThread(
      'const a = agents.create("one", { states: 4, actions: 2 }); a.table.set(1, 0, 3); agents.create("two", { states: 4, actions: 2 }); return 0',
    );
    const one = agents.claim("one");
    expect(one.table.get(1, 0)).toBe(3);
    one.table.set(1, 0, 4);
    await inThread(
      'const a = agents.create("three", { states: 4, actions: 2 }); a.change(() => { a.table.set(0, 0, 1); parentPort.postMessage(0); for (;;); })',
    );
    expect(() => agents.claim("three")).toThrow(PoisonedError);
    expect(agents.claim("three", { recover: true }).table.get(0, 0)).toBe(1);
    expect(() => one.table.get(0, 0)).not.toThrow();
    expect((await agents.verify()).violations).toEqual([]);
  });

  it("is poisoned by a row that its owner left half written, and whole again for who recovers it", async () => {
    await inThread(`const a = agents.create("scout", { states: 4, actions: 2 });
      a.table.set(2, 1, 5);
      // what a thread that dies between the first and the last store of a row leaves: an odd version
      const { memory, kernels } = a.memory;
      const piece = kernels.tablePiece(a.table.address) >>> 0;
      // behind the piece's line of counts: rows of 32 bytes, the version first
      const versions = new Int32Array(memory.buffer, piece + 64);
      if (versions[2 * 8] !== 2) throw new Error("rows lie otherwise: " + versions[2 * 8]);
      versions[2 * 8]++;
      return 0;`);
    expect(() => agents.claim("scout")).toThrow(PoisonedError);
    expect(() => agents.claim("scout")).toThrow(PoisonedError);
    expect(agents.claim("scout", { recover: true }).table.get(2, 1)).toBe(5);
  });
});

describe("what all agents share", () => {
  it("is an accumulator by its name, of one shape", async () => {
    const merged = agents.accumulator("navigation", { states: 4, actions: 2 });
    const agent = agents.create("scout", { states: 4, actions: 2, rate: 1 });
    agent.table.update(0, 1, 6, 0, true);
    merged.add(agent);
    await inThread(`const a = agents.create("other", { states: 4, actions: 2, rate: 1 });
      a.table.update(0, 1, 2, 0, true); a.table.update(0, 1, 2, 0, true);
      agents.accumulator("navigation", { states: 4, actions: 2 }).add(a); return 0`);
    expect(merged.round()).toMatchObject({ round: 1, contributors: 2, weight: 3 });
    agent.table.load(merged);
    expect(agent.table.get(0, 1)).toBeCloseTo((6 + 2 * 2) / 3, 5);
    expect(() => agents.accumulator("navigation", { states: 5, actions: 2 })).toThrow(
      /was made for 4 states and 2 actions, not 5 and 2/,
    );
  });

  it("is a vector index by its name, searched in place by every thread", async () => {
    const vectors = Array.from({ length: 50 }, (_, i) =>
      Float32Array.from({ length: 4 }, (_, d) => (i + 1) * (d + 1) + (d === i % 4 ? 9 : 0)),
    );
    const index = await agents.buildIndex("knowledge", { dimensions: 4, metric: "l2" }, vectors);
    expect(index.search(vectors[7], { k: 1 })[0].id).toBe(7);
    const found = await inThread(
      `return agents.index("knowledge").search(new Float32Array(${JSON.stringify([...vectors[7]])}), { k: 3 }).map(({ id }) => id)`,
    );
    expect(found).toEqual(index.search(vectors[7], { k: 3 }).map(({ id }) => id));
    await expect(agents.buildIndex("knowledge", { dimensions: 4 }, vectors)).rejects.toThrow(
      /there is an index "knowledge" already/,
    );
    const before = agents.stats().arenas[0].used;
    await expect(agents.buildIndex("other", { dimensions: 5 }, vectors)).rejects.toThrow(InvalidArgumentError);
    expect(agents.stats().arenas[0].used).toBe(before);
    expect(() => agents.index("other")).toThrow(/there is no index "other"/);
  });

  it("cannot be taken by a wrong owner: an agent another thread has", async () => {
    agents.create("mine", { states: 1, actions: 1 });
    expect(await inThread('try { agents.claim("mine"); return "claimed" } catch (e) { return e.code }')).toBe(
      new NotOwnerError("").code,
    );
  });
});

describe("wrong arguments", () => {
  const bad = (value: unknown) => value as never;

  it("are refused by name, and nothing has changed then", async () => {
    const agent = agents.create("scout", { states: 4, actions: 2, replay: { capacity: 4 } });
    const merged = agents.accumulator("navigation", { states: 4, actions: 2 });
    const { table, replay } = agent;
    table.set(0, 0, 5);
    const { used } = agents.stats().arenas[0];
    const refused: [() => unknown, RegExp][] = [
      [() => agents.accumulator("other", bad(null)), /takes \{ states, actions \}, not null/],
      [() => agents.create("other", { actions: 2, states: 2, sparse: bad(null) }), /sparse takes an object of options/],
      [
        () => agents.create("other", { actions: 2, sparse: bad({ row: 4 }) }),
        /unknown option "row"; did you mean "rows"/,
      ],
      [() => agents.create("other", { replay: bad({ capacity: 4, prioritized: true }) }), /did you mean "prioritised"/],
      [() => agents.create("other", { replay: { capacity: 4, prioritised: bad("yes") } }), /prioritised/],
      [() => agents.create("other", { rate: 0.5 }), /an agent with rate needs to know how many actions it has/],
      [() => agents.drop(bad(null)), /drop takes an agent that this thread has of these agents, not null/],
      [() => agents.drop(bad({ name: "scout" })), /drop takes an agent/],
      [() => agent.acquire(bad(null)), /acquire takes a pool/],
      [() => agent.change(bad(null)), /change takes a function/],
      [() => agent.change(async () => 1), /what goes on after an await is none of it/],
      [() => table.row(0, bad(null)), /into must be a Float32Array, not null/],
      [() => table.row(0, bad(new Float64Array(2))), /into must be a Float32Array/],
      [() => table.row(0, new Float32Array(2), bad([0, 0])), /visits must be a Uint32Array/],
      [() => table.load(bad(null)), /load takes the bytes of a table, or an accumulator, not null/],
      [() => table.load(bad({})), /load takes the bytes of a table/],
      [() => table.act(0, { epsilon: 0.5, random: bad(5) }), /random must be a function/],
      [() => table.update(0, 0, 1, 9, false), /next must be a whole number from 0 to 3, not 9/],
      [() => table.update(0, 0, 1, 1, bad(undefined)), /terminal must be true or false/],
      [() => table.update(0, 0, Number.NaN, 1, false), /reward must be a finite number/],
      [() => replay.sample(1, bad([0])), /into must be a Uint32Array/],
      [() => merged.add(bad(null)), /add takes a table, or an agent that has one, not null/],
      [() => table.update(0, 0, 1, 1, false, bad(null)), /update takes an object of options, not null/],
      [() => table.sarsa(0, 0, 1, 1, 0, false, bad(7)), /sarsa takes an object of options, not 7/],
      [() => table.expectedSarsa(0, 0, 1, 1, false, bad(null)), /expectedSarsa takes an object of options/],
      [() => table.act(0, bad(null)), /act takes an object of options, not null/],
      [() => table.setRow(0, bad(null), [0, 0]), /values must be 2 numbers, one an action, not null/],
      [() => table.forEach(bad(null)), /forEach takes a function, not null/],
      [() => QTable.make(agent.memory, bad(null)), /a table takes an object of options, not null/],
      [() => replay.sample(1, new Uint32Array(1), bad(null)), /sample takes an object of options, not null/],
      [() => replay.append(bad(null)), /append takes a trajectory, not null/],
      [() => new AgentCell(1, bad(null)), /AgentCell takes an object of options, not null/],
      [() => encoder(bad(null)), /an encoder takes an object of options, not null/],
      [() => encoder({ speed: bad(null) }), /the field speed is none/],
      [() => new TileCoding(bad(null)), /tile coding takes a list of \{ min, max, tiles \}, not null/],
      [() => new TileCoding([bad(null)]), /a dimension takes an object of options, not null/],
      [() => new Trajectory(bad(null)), /a trajectory is written into a Uint8Array, not null/],
      [() => agents.create("half \ud800"), /the name of an agent has half of a surrogate pair/],
      [() => agents.create("a\0b"), /the name of an agent has a NUL/],
      [() => agents.claim("\udc00"), /half of a surrogate pair/],
      [() => agents.table(bad(null)), /the name of an agent is text, not null/],
      [() => agents.index("\ud800"), /the name of an index has half of a surrogate pair/],
    ];
    for (const [call, message] of refused) expect(call).toThrow(message);
    for (const [call] of refused) expect(call).toThrow(InvalidArgumentError);
    await expect(agents.buildIndex("i", bad(null), [[1]])).rejects.toThrow(/buildIndex takes an object of options/);
    for (const name of ["\0settings", "\ud800"])
      await expect(Agents.create(store, { pools: { [name]: [64, 1] } })).rejects.toThrow(/the name of a pool has/);
    await expect(Agents.create(bad(null))).rejects.toThrow(/Agents.create takes a store/);
    await expect(Agents.attach(bad({}), agents.handle)).rejects.toThrow(/Agents.attach takes a store/);
    expect([table.get(0, 0), agents.stats().arenas[0].used, agents.list().length]).toEqual([5, used, 1]);
    expect((await agents.verify()).violations).toEqual([]);
  });

  it("to other agents' drop is another agent", async () => {
    const others = await Agents.create(store, { arenaBytes: "4MiB", pools: {} });
    others.create("theirs");
    const agent = agents.create("mine");
    expect(() => others.drop(agent)).toThrow(/drop takes an agent that this thread has of these agents/);
    expect(others.list().map(({ name }) => name)).toEqual(["theirs"]);
    agents.drop(agent);
    expect(agents.list()).toEqual([]);
  });
});
