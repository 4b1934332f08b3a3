/**
 * Pools under drawn histories, on a false clock, beside a model: who holds what, who waits since when. What must hold is looked at after every
 * step, and in the end everything comes to its end.
 */
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AcquireTimeoutError, ConnectionFailedError, type Lease, Pool } from "#dist/src/resources/index.js";
import { countedManager, hangs, type Thing, takes } from "./counted-manager.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

const CREATE_MS = 60;
const CREATES = ["at once", "slow", "too slow", "hangs", "fails"] as const;
const DESTROYS = ["at once", "slow", "fails"] as const;

interface User {
  readonly number: number;
  readonly deadline: number;
  readonly abort: AbortController;
  lease: Lease<Thing> | null;
  state: "waits" | "holds" | "gone" | "done";
}

/** What the pool should be doing, and the world around it. */
class World {
  create: (typeof CREATES)[number] = "at once";
  destroy: (typeof DESTROYS)[number] = "at once";
  users: User[] = [];
  closed = false;
  /** What went wrong in a callback, where nobody looks. */
  readonly faults: string[] = [];
  /** Opened in time and not yet closed. */
  openInTime = 0;
  peak = 0;
  readonly destroyed = new Map<number, number>();
  readonly made: number[] = [];
  readonly pool: Pool<Thing>;
  private readonly inTime = new Set<Thing>();

  constructor(
    readonly max: number,
    readonly min: number,
    checks: boolean,
  ) {
    const manager = countedManager({
      isAlive: (thing) => thing.alive,
      recycle: checks ? takes(1) : undefined,
      isValid: checks ? (thing) => takes(1)().then(() => thing.alive) : undefined,
    });
    const { create, destroy } = manager;
    manager.create = async (signal) => {
      await this.untilMade();
      const thing = await create.call(manager, signal);
      this.made.push(thing.id);
      if (signal.aborted) return thing; // its time is over: the pool counts it no more
      this.inTime.add(thing);
      this.peak = Math.max(this.peak, ++this.openInTime);
      return thing;
    };
    manager.destroy = async (thing) => {
      this.destroyed.set(thing.id, (this.destroyed.get(thing.id) ?? 0) + 1);
      if (this.destroy === "slow") await takes(40)();
      await destroy?.call(manager, thing);
      if (this.inTime.delete(thing)) this.openInTime--;
      if (this.destroy === "fails") throw new Error("cannot close");
    };
    this.pool = new Pool(manager, {
      min,
      max,
      acquireTimeout: 200,
      createTimeout: CREATE_MS,
      checkAfter: 30,
      idleTimeout: 300,
    });
  }

  acquire(timeout: number): void {
    const abort = new AbortController();
    const user: User = {
      number: this.users.length,
      deadline: performance.now() + timeout,
      abort,
      lease: null,
      state: "waits",
    };
    this.users.push(user);
    this.pool.acquire({ timeout, signal: abort.signal }).then(
      (lease) => {
        if (user.state !== "waits") this.faults.push(`user ${user.number} has gone and was given ${lease.value.id}`);
        const before = this.users.find(({ state, number }) => state === "waits" && number < user.number);
        if (before !== undefined) this.faults.push(`user ${user.number} came before ${before.number}`);
        if (this.holding().some(({ lease: other }) => other?.value === lease.value))
          this.faults.push(`${lease.value.id} twice`);
        if (!lease.value.alive) this.faults.push(`a dead one: ${lease.value.id}`);
        user.state = "holds";
        user.lease = lease;
      },
      (error) => {
        const expected = error instanceof AcquireTimeoutError || error instanceof ConnectionFailedError;
        if (!expected && !abort.signal.aborted && !this.closed) this.faults.push(String(error));
        user.state = "gone";
      },
    );
  }

  holding(): User[] {
    return this.users.filter(({ state }) => state === "holds");
  }

  waiting(): User[] {
    return this.users.filter(({ state }) => state === "waits");
  }

  private untilMade(): Promise<unknown> {
    if (this.create === "slow") return takes(CREATE_MS - 20)();
    if (this.create === "too slow") return takes(CREATE_MS + 50)();
    if (this.create === "hangs") return hangs();
    return this.create === "fails" ? Promise.reject(new Error("refused")) : Promise.resolve();
  }

  look(): void {
    expect(this.faults).toEqual([]);
    const stats = this.pool.stats();
    const { size, idle, inUse, creating, checking, ending, waiting } = stats;
    expect(this.peak).toBeLessThanOrEqual(this.max);
    expect(size).toBeLessThanOrEqual(this.max);
    expect(size).toBe(idle + inUse + creating + checking + ending);
    expect(inUse).toBe(this.holding().length);
    expect(waiting).toBe(this.waiting().length);
    expect(waiting === 0 || idle === 0 || creating + checking >= waiting, "nobody waits beside an idle one").toBe(true);
    for (const { deadline, number } of this.waiting()) {
      expect(deadline + 2, `user ${number} waits longer than it said`).toBeGreaterThan(performance.now());
    }
    for (const [id, times] of this.destroyed) expect(times, `${id} was closed`).toBe(1);
  }
}

interface Model {
  steps: number;
}

class Step implements fc.AsyncCommand<Model, World> {
  constructor(
    private readonly text: string,
    private readonly act: (world: World) => void | Promise<void>,
  ) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, world: World): Promise<void> {
    model.steps++;
    await this.act(world);
    await vi.advanceTimersByTimeAsync(0);
    world.look();
  }

  toString(): string {
    return this.text;
  }
}

const nth = fc.nat({ max: 7 });
const steps = [
  fc.integer({ min: 0, max: 250 }).map((ms) => new Step(`acquire ${ms}`, (world) => world.acquire(ms))),
  fc.integer({ min: 0, max: 250 }).map((ms) => new Step(`acquire ${ms}`, (world) => world.acquire(ms))),
  fc.tuple(nth, fc.boolean()).map(
    ([n, broken]) =>
      new Step(`${broken ? "discard" : "release"} ${n}`, (world) => {
        const user = world.holding()[n % Math.max(1, world.holding().length)];
        if (user === undefined) return;
        user.state = "done";
        if (broken) user.lease?.discard();
        user.lease?.release();
        user.lease?.release();
      }),
  ),
  nth.map(
    (n) =>
      new Step(`abort ${n}`, (world) => {
        const user = world.waiting()[n % Math.max(1, world.waiting().length)];
        if (user !== undefined) user.abort.abort(new Error("aborted"));
      }),
  ),
  fc.integer({ min: 1, max: 120 }).map((ms) => new Step(`pass ${ms}`, (world) => pass(world, ms))),
  fc.constantFrom(...CREATES).map(
    (how) =>
      new Step(`create ${how}`, (world) => {
        world.create = how;
      }),
  ),
  fc.constantFrom(...DESTROYS).map(
    (how) =>
      new Step(`destroy ${how}`, (world) => {
        world.destroy = how;
      }),
  ),
  nth.map(
    (n) =>
      new Step(`die ${n}`, (world) => {
        const user = world.holding()[n % Math.max(1, world.holding().length)];
        if (user?.lease) user.lease.value.alive = false;
      }),
  ),
];

async function pass(world: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    await vi.advanceTimersByTimeAsync(Math.min(10, ms - passed));
    world.look();
  }
}

it("never opens more than max, hands nothing out twice or out of turn, lets nobody wait in vain, and ends", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.nat({ max: 2 }),
      fc.boolean(),
      fc.commands(steps, { maxCommands: 60, size: "max" }),
      fc.constantFrom(0, 20, 1000),
      async (max, min, checks, commands, deadline) => {
        const world = new World(max, Math.min(min, max), checks);
        await fc.asyncModelRun(() => ({ model: { steps: 0 }, real: world }), commands);
        // the weather clears: whoever waits is served or has been told
        world.create = "at once";
        world.destroy = "at once";
        for (let round = 0; world.waiting().length > 0 && round < 100; round++) {
          for (const user of world.holding()) {
            user.state = "done";
            user.lease?.release();
          }
          await pass(world, 20);
        }
        expect(world.waiting()).toEqual([]);
        // whatever failed before, who comes now is served: a second is the longest pause
        for (const user of world.holding()) {
          user.state = "done";
          user.lease?.release();
        }
        world.acquire(2000);
        await pass(world, 1500);
        expect(world.holding().length).toBe(1);
        world.acquire(2000);
        world.acquire(2000);
        world.closed = true;
        const holders = world.holding().length;
        const closing = world.pool.close({ deadline });
        await vi.advanceTimersByTimeAsync(3000);
        const { forced } = await closing;
        if (deadline === 1000) expect(forced).toBe(world.holding().length);
        expect(forced).toBeGreaterThanOrEqual(holders > 0 ? 1 : 0);
        for (const { lease } of world.holding()) lease?.release(); // of what was taken by force
        expect(world.waiting()).toEqual([]);
        expect(world.openInTime).toBe(0);
        expect([...world.destroyed.keys()].sort((a, b) => a - b)).toEqual(world.made.sort((a, b) => a - b));
        for (const [id, times] of world.destroyed) expect(times, `${id} was closed`).toBe(1);
        expect(world.pool.stats()).toMatchObject({ size: 0, waiting: 0 });
      },
    ),
    { numRuns: 40 },
  );
});
