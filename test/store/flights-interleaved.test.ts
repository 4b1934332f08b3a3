/**
 * getOrSet's protocol, step by step: several threads' flights of one key over one real store, by turns drawn at random. Threads die between any two
 * steps, leases end, somebody else sets the value, callers give up. Each thread is a connection of its own, and their clock is in the test's hand.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import { flightKey, removeDeadFlights } from "#dist/src/store/flights.js";
import { ownNames } from "#dist/src/store/listing.js";
import { FAULT_NO_SECOND_LOOK, flight } from "#dist/src/store/namespace/load.js";
import { SEED } from "../core/seeded-random.js";
import { runsOr } from "../given.js";
import { inside } from "./fixture.js";

const THREADS = 3;
const LEASE = 1000;
const RUNS = runsOr(200);
/** More turns than any flight needs once nobody disturbs it. */
const PATIENCE = 50;

type Connection = Parameters<typeof removeDeadFlights>[0];

interface Turn {
  thread: number;
  what: "step" | "step" | "die" | "give up" | "lease ends" | "set by another" | "load fails";
}

let store: Store;
let now = 1000;
const attached: Store[] = [];
let keys = 0;

const connectionOf = (of: Store) => inside(of) as unknown as Connection;

async function attach(): Promise<Store> {
  const one = await Store.attach(store.handle);
  inside(one).elapsed = () => now;
  attached.push(one);
  return one;
}

beforeAll(async () => {
  store = await Store.create({ capacity: "8MiB", maintenance: false });
  inside(store).elapsed = () => now;
});

afterAll(async () => {
  for (const one of attached) await one.close();
  expect((await store.verify()).violations).toEqual([]);
  await store.close();
});

/** One thread's call: what `fly` does, one step at a turn. */
class Caller {
  done = false;
  dead = false;
  result: number | undefined;
  loads = 0;
  private at: string | undefined;
  private readonly aborter = new AbortController();
  private readonly steps: ReturnType<typeof flight<number>>;

  constructor(
    readonly store: Store,
    key: string,
    fault: number,
    private readonly load: () => number,
  ) {
    const ns = store.namespace<number>("n", { encoding: "json" });
    const { made } = (ns as unknown as { record: { made: number } }).record;
    const loading = {
      worker: connectionOf(store),
      flight: flightKey(made, Buffer.from(key)),
      where: "here",
      look: () => ns.get(key),
      load,
      put: (value: number) => void ns.set(key, value, { ifAbsent: true }),
    };
    this.steps = flight(loading, this.aborter.signal, LEASE, fault);
  }

  turn(fails: boolean): void {
    if (this.done || this.dead) return;
    try {
      if (this.at === "load" && fails) this.steps.throw(new Error("load failed"));
      const step = this.steps.next(this.at === "load" ? this.load() : undefined);
      this.done = step.done === true;
      if (step.done) this.result = step.value;
      else this.at = step.value;
      if (this.at === "load" && !this.done) this.loads++;
    } catch (error) {
      this.done = true;
      if (!/load failed|gave up/.test(String(error))) throw error;
    }
  }

  giveUp(): void {
    this.aborter.abort(new Error("gave up"));
  }

  /** Its thread ends here, whatever it held; another takes its slot back. */
  die(reaper: Store): void {
    if (this.done || this.dead) return;
    this.dead = true;
    const { slotNumber } = inside(this.store);
    (inside(reaper).engine as unknown as { reap(slot: number): void }).reap(slotNumber);
    attached.splice(attached.indexOf(this.store), 1);
  }
}

async function run(turns: readonly Turn[], fault = 0): Promise<void> {
  const key = `k${keys++}`;
  const ns = store.namespace<number>("n", { encoding: "json" });
  while (attached.length < THREADS) await attach();
  let loaded = 0;
  let excuses = 0; // each lets one more load begin
  const callers = attached.slice(0, THREADS).map((one) => new Caller(one, key, fault, () => ++loaded));
  let first: number | undefined;
  const check = () => {
    const value = ns.get(key);
    if (first === undefined) first = value;
    expect(value, "what is there once stays").toBe(first);
    const loads = callers.reduce((sum, caller) => sum + caller.loads, 0);
    expect(loads, "loads that began").toBeLessThanOrEqual(1 + excuses);
  };
  for (const { thread, what } of turns) {
    const caller = callers[thread];
    if (what === "die") {
      if (!caller.done && !caller.dead) excuses++;
      caller.die(store);
    } else if (what === "give up") caller.giveUp();
    else if (what === "lease ends") {
      now += LEASE + 1;
      excuses++;
    } else if (what === "set by another") ns.set(key, 1000 + thread, { ifAbsent: true });
    else {
      if (what === "load fails") excuses++;
      caller.turn(what === "load fails");
    }
    check();
  }
  // nobody disturbs them any more: all come to an end, without a lease having to
  for (let i = 0; i < PATIENCE; i++) for (const caller of callers) caller.turn(false);
  check();
  removeDeadFlights(connectionOf(store));
  const living = callers.filter((caller) => !caller.dead);
  expect(living.map((caller) => caller.done)).toEqual(living.map(() => true));
  expect(ownNames(connectionOf(store), "flight:")).toEqual([]);
  for (const { result } of living) if (result !== undefined) expect(first).toBeDefined();
}

const turn: fc.Arbitrary<Turn> = fc.record({
  thread: fc.nat(THREADS - 1),
  what: fc.oneof(
    { weight: 24, arbitrary: fc.constant("step" as const) },
    { weight: 1, arbitrary: fc.constantFrom("die", "give up", "lease ends", "set by another", "load fails") },
  ),
});
const turns = fc.array(turn, { maxLength: 60, size: "max" });
const undisturbed = fc.array(fc.record({ thread: fc.nat(THREADS - 1), what: fc.constant("step" as const) }), {
  maxLength: 40,
  size: "max",
});

describe("flights of one key, step by step", () => {
  it(`load once, but for deaths, leases and failures, and all end (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(turns, (drawn) => run(drawn)),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("are found out when whoever takes off does not look for the value once more", async () => {
    const { failed, errorInstance } = await fc.check(
      fc.asyncProperty(undisturbed, (drawn) => run(drawn, FAULT_NO_SECOND_LOOK)),
      { seed: 1, numRuns: 500 },
    );
    expect([failed, String(errorInstance)]).toEqual([true, expect.stringContaining("loads that began")]);
  });
});
