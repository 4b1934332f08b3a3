/** Copies of a domain that are lost, old, damaged or cut off, and how each mode brings them back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CastLanes } from "#dist/src/cluster/cast-lanes.js";
import { MemoryCluster } from "#dist/src/cluster/engine-memory.js";
import { UnavailableError } from "#dist/src/cluster/errors.js";
import { CALM } from "#dist/src/cluster/memory-network.js";
import { PeerCopies } from "#dist/src/cluster/peer-copies.js";
import { type Ask, decodePeerMessage, encodePeerMessage, type Part } from "#dist/src/cluster/peer-message.js";
import { type CheckpointCopy, type RecoverOptions, Recovery } from "#dist/src/cluster/recovery.js";
import { Replica } from "#dist/src/cluster/replica.js";
import type { Version } from "#dist/src/cluster/versions.js";
import { Time } from "./tiny-cluster.js";

const bytes = (text: string) => new TextEncoder().encode(text);

class World {
  readonly time = new Time();

  /** @param log its word */
  constructor(readonly log = "the first") {}

  logUp = true;
  losing = false;
  readonly apart = new Set<string>();
  cluster = new MemoryCluster({
    clock: this.time.clock(),
    network: {
      ...CALM,
      loses: () => this.losing,
      reachesLog: (node) => this.logUp && !this.apart.has(node),
      reaches: (a, b) => this.apart.has(a) === this.apart.has(b),
    },
  });
  readonly nodes: Node[] = [];

  async node(name: string, versions = new Map<string, Version>()): Promise<Node> {
    const engine = await this.cluster.open({ name: "shared" }, name);
    const node = new Node(this, name, engine, versions);
    this.nodes.push(node);
    return node;
  }
}

class Node {
  readonly replica: Replica;
  readonly copies: PeerCopies;
  readonly recovery: Recovery;
  readonly progress: string[] = [];
  checkpoint: CheckpointCopy | null = null;
  announced = 0;

  constructor(
    readonly world: World,
    readonly name: string,
    readonly engine: Awaited<ReturnType<MemoryCluster["open"]>>,
    readonly versions: Map<string, Version>,
  ) {
    const lanes = new CastLanes(engine);
    const clock = world.time.clock();
    this.replica = new Replica({ node: name, incarnation: "1", engine: lanes.engineOf("entries"), clock, versions });
    this.copies = new PeerCopies(this.replica, lanes.lane("recovery"), clock, () => world.log);
    const live = () => world.nodes.filter((node) => node !== this).map((node) => node.name);
    const checkLog = async () => {
      await engine.read("kwhatever"); // it answers, or not
      return world.log;
    };
    this.recovery = new Recovery({
      clock,
      domains: () => [{ name: "shared", replica: this.replica, engine, copies: this.copies, checkLog, live }],
      openCheckpoint: async () =>
        this.checkpoint && { copyOf: (name) => (name === "shared" ? this.checkpoint : null), close: async () => {} },
      announce: () => {
        this.announced++;
      },
    });
    this.recovery.onProgress(({ step, percent, note }) => this.progress.push(`${percent} ${step}: ${note}`));
  }

  async recover(options: RecoverOptions = {}) {
    const state: { done?: Awaited<ReturnType<Recovery["recover"]>>[0]; error?: Error } = {};
    this.recovery.recover(options).then(
      ([done]) => {
        state.done = done;
      },
      (error) => {
        state.error = error;
      },
    );
    await this.world.time.pass(20_000);
    return state;
  }

  contents(): string {
    const lines = [...this.replica.keys()].map((key) => {
      const value = this.replica.peek(key)?.value ?? new Uint8Array();
      return `${key}=${value.length > 100 ? value.length : Buffer.from(value).toString()}`;
    });
    return lines.sort().join(" ");
  }

  async write(key: string, value: string | Uint8Array | null): Promise<void> {
    this.replica.put(key, typeof value === "string" ? bytes(value) : value);
    await this.world.time.pass(1);
  }

  snapshot(): CheckpointCopy {
    const versions = [...this.replica.copy()];
    const { log } = this.world;
    return { checkpoint: "old", applied: this.replica.applied, log, isWhole: true, versions: () => versions };
  }
}

describe("recovery", () => {
  it("goes through the five steps, whatever the mode, and tells how far it is", async () => {
    const world = new World();
    const a = await world.node("a");
    await a.write("x", "1");
    const b = await world.node("b");
    expect(b.recovery.status()).toMatchObject({ status: "idle", progress: 0 });
    const { done } = await b.recover();
    expect(done).toMatchObject({ mode: "full", because: "the copy is new", taken: 1, faults: [], merged: true });
    expect(b.contents()).toBe("x=1");
    const steps = b.progress.map((line) => line.split(" ")[1].slice(0, -1));
    expect([...new Set(steps)]).toEqual([
      ...["detection", "assessment", "reconstruction", "validation", "reintegration"],
    ]);
    const percents = b.progress.map((line) => Number.parseInt(line, 10));
    expect(percents).toEqual(percents.toSorted((one, other) => one - other));
    expect(percents.at(-1)).toBe(100);
    expect(b.recovery.status()).toMatchObject({ status: "done", progress: 100 });
    expect(b.announced).toBe(1);
  });

  it("by itself fetches what is missing since, or all where deletions were forgotten since", async () => {
    const world = new World();
    const [a, b] = [await world.node("a"), await world.node("b")];
    await a.write("x", "1");
    await a.write("gone", "1");
    world.losing = true;
    world.losing = false;
    world.apart.add("b");
    await a.write("y", "2");
    world.apart.clear();
    const { done } = await b.recover();
    expect(done).toMatchObject({ mode: "delta", taken: 1, removed: 0 });
    world.apart.add("b");
    await a.write("gone", null);
    const tombstone = a.replica.confirmed("gone")?.seq ?? 0;
    await a.engine.forget("kgone", tombstone);
    const horizon = new Uint8Array(8);
    new DataView(horizon.buffer).setFloat64(0, tombstone, true);
    await a.engine.append("h", horizon, { id: "horizon" });
    world.apart.clear();
    const again = await b.recover({ mode: "full" });
    expect(again.done).toMatchObject({ mode: "full", removed: 1 });
    expect(b.contents()).toBe("x=1 y=2");
    expect((await b.recover({ mode: "delta" })).done).toMatchObject({ mode: "delta", taken: 0 });
    b.replica.horizon = b.replica.applied + 1;
    expect((await b.recover({ mode: "delta" })).done).toMatchObject({
      mode: "full",
      because: "deletions since have been taken out of the log",
    });
  });

  it("takes another node's copy when the log does not answer, and that of its log when it does", async () => {
    const world = new World();
    const a = await world.node("a");
    for (let i = 0; i < 50; i++) await a.write(`k${i}`, "v".repeat(9));
    await a.write("gone", "1");
    await a.write("gone", null);
    world.logUp = false;
    const b = await world.node("b");
    const { done } = await b.recover();
    expect(done).toMatchObject({ mode: "peer", taken: 51, merged: true });
    expect(done?.because).toContain('node "a" at');
    expect(b.contents()).toBe(a.contents());
    expect(b.replica.applied).toBe(a.replica.applied);
    world.logUp = true;
    await a.write("later", "1");
    await b.recover({ mode: "peer", peer: "a" });
    expect(b.contents()).toBe(a.contents());
    expect(b.contents()).toContain("later=1");
  });

  it("takes what a peer has forgotten out of the own copy too", async () => {
    const world = new World();
    const [a, b] = [await world.node("a"), await world.node("b")];
    await a.write("x", "1");
    await a.write("gone", "1");
    world.apart.add("b");
    await a.write("gone", null);
    await a.engine.forget("kgone", a.replica.confirmed("gone")?.seq ?? 0);
    await a.recover({ mode: "full" });
    expect([a.contents(), b.contents()]).toEqual(["x=1", "gone=1 x=1"]);
    world.apart.clear();
    world.logUp = false;
    expect((await b.recover()).done).toMatchObject({ mode: "peer", removed: 1 });
    expect(b.contents()).toBe("x=1");
  });

  it("takes a copy in parts, of which any may be lost, and what is too large for one from the log", async () => {
    const world = new World();
    const a = await world.node("a");
    for (let i = 0; i < 40; i++) await a.write(`k${i}`, new Uint8Array(20_000).fill(i));
    await a.write("large", new Uint8Array(300_000));
    const b = await world.node("b");
    let turn = 0;
    const lossy = a.engine.cast.bind(a.engine);
    a.engine.cast = (message) => {
      if (turn++ % 2 === 1) lossy(message);
    };
    const { done } = await b.recover({ mode: "peer" });
    expect(done).toMatchObject({ mode: "peer", taken: 41 });
    expect(b.contents()).toBe(a.contents());
    expect(turn).toBeGreaterThan(10);
    const shares = b.progress.filter((line) => line.includes('from "a"'));
    expect(shares.length).toBeGreaterThan(5);
  });

  it("says that a peer fell silent, or that nobody is there", async () => {
    const world = new World();
    const a = await world.node("a");
    await a.write("x", "1");
    const b = await world.node("b");
    a.copies.stop();
    a.engine.cast = () => {};
    const { error } = await b.recover({ mode: "peer" });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(String(error)).toContain('node "a" did not hand over its copy');
    expect(b.recovery.status()).toMatchObject({ status: "failed", error: error?.message });
    const alone = new World();
    const c = await alone.node("c");
    expect(String((await c.recover({ mode: "peer" })).error)).toContain("no other node is alive");
    alone.logUp = false;
    expect(String((await c.recover()).error)).toContain("there is no checkpoint");
    expect(String((await c.recover({ mode: "full" })).error)).toContain("did not give all it has");
  });

  it("restores a checkpoint alone, and goes on from there when the log is back", async () => {
    const world = new World();
    const a = await world.node("a");
    await a.write("x", "1");
    await a.write("y", "1");
    const checkpoint = a.snapshot();
    await a.write("x", "2");
    await a.write("y", null);
    world.logUp = false;
    world.nodes.length = 0;
    const b = await world.node("b");
    b.checkpoint = checkpoint;
    const { done } = await b.recover();
    expect(done).toMatchObject({ mode: "snapshot", taken: 2 });
    expect(done?.because).toContain('checkpoint "old"');
    expect(b.contents()).toBe("x=1 y=1");
    world.logUp = true;
    expect((await b.recover()).done).toMatchObject({ mode: "delta", taken: 2 });
    expect(b.contents()).toBe("x=2");
  });

  it("gives a log that lost everything what a checkpoint has, and overwrites nothing that it has again", async () => {
    const world = new World();
    const a = await world.node("a");
    for (const key of ["x", "y", "z"]) await a.write(key, "1");
    const checkpoint = a.snapshot();
    const after = new World("another");
    const c = await after.node("c");
    await c.write("y", "new");
    for (let i = 0; i < 9; i++) await c.write("grown", "beyond where the other was");
    await c.write("grown", null);
    const b = await after.node("b");
    b.checkpoint = checkpoint;
    const { done } = await b.recover({ mode: "snapshot" });
    expect(done?.because).toContain("had lost 2 of its keys");
    expect(b.contents()).toBe("x=1 y=new z=1");
    expect(c.contents()).toBe(b.contents());
  });

  it("goes on from an incomplete checkpoint only by all that the log has", async () => {
    const world = new World();
    const a = await world.node("a");
    for (const key of ["x", "evicted"]) await a.write(key, "1");
    const whole = a.snapshot();
    world.logUp = false;
    world.nodes.length = 0;
    const b = await world.node("b");
    b.checkpoint = { ...whole, isWhole: false, versions: () => [...whole.versions()].filter(([key]) => key === "x") };
    expect((await b.recover()).done).toMatchObject({ mode: "snapshot", taken: 1, applied: 0 });
    world.logUp = true;
    expect((await b.recover()).done).toMatchObject({ mode: "full" });
    expect(b.contents()).toBe("evicted=1 x=1");
  });

  it("finds what is damaged and fetches it from the log", async () => {
    const world = new World();
    const versions = new Map<string, Version>();
    const a = await world.node("a", versions);
    for (const key of ["x", "y", "z"]) await a.write(key, "1");
    const [x, y] = ["x", "y"].map((key) => versions.get(key) as Version);
    versions.set("x", { ...x, entry: null });
    versions.set("y", { ...y, entry: y.entry && { ...y.entry, count: 99 } });
    const { done } = await a.recover();
    expect(done?.faults.map(({ key }) => key)).toEqual(["x", "y"]);
    expect(done?.faults[1].why).toContain('knows 2 writes of "a", and it is number 99');
    expect(done?.repaired).toBe(2);
    expect(a.contents()).toBe("x=1 y=1 z=1");
    expect((await a.recover()).done?.faults).toEqual([]);
  });

  it("brings every copy to what the log has, whatever was lost, cut off and written meanwhile", async () => {
    const step = fc.oneof(
      fc.record({ put: fc.constantFrom("x", "y", "z"), at: fc.nat(1), value: fc.constantFrom("1", "2", null) }),
      fc.constantFrom("cut", "back", "loses", "hears", "log down", "log up"),
    );
    const mode = fc.constantFrom("auto" as const, "full" as const, "delta" as const, "peer" as const);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), mode, async (steps, how) => {
        const world = new World();
        const [a, b] = [await world.node("a"), await world.node("b")];
        for (const what of steps) {
          if (typeof what === "object") await [a, b][what.at].write(what.put, what.value);
          else if (what === "cut") world.apart.add("b");
          else if (what === "back") world.apart.clear();
          else if (what === "loses" || what === "hears") world.losing = what === "loses";
          else world.logUp = what === "log up";
        }
        world.apart.clear();
        world.losing = false;
        world.logUp = true;
        await a.recover({ mode: "full" });
        const { done, error } = await b.recover({ mode: how });
        expect(error).toBe(undefined);
        expect(done?.merged).toBe(true);
        await a.recover();
        expect(a.contents()).toBe(b.contents());
        const fresh = await world.node("c");
        await fresh.recover();
        expect(fresh.contents()).toBe(b.contents());
      }),
      { numRuns: 40 },
    );
  });

  it("refuses what it cannot mean", async () => {
    const { recovery } = await new World().node("a");
    const bad: [object, RegExp][] = [
      [{ mode: "fast" }, /option mode is "fast"; expected one of full, delta, peer, snapshot, auto/],
      [{ domain: "sesion" }, /option domain is "sesion"; replicated domains here: shared/],
      [{ peer: 3 }, /option peer is 3/],
      [{ timeout: -1 }, /option timeout/],
      [{ mod: "full" }, /did you mean "mode"/],
    ];
    for (const [options, message] of bad) await expect(recovery.recover(options)).rejects.toThrow(message);
  });

  it("ends with an error when the memory is closed meanwhile", async () => {
    const world = new World();
    const a = await world.node("a");
    world.logUp = false;
    const done = a.recovery.recover().catch((error) => error);
    a.recovery.close();
    await world.time.pass(5000);
    expect(await done).toMatchObject({ code: "CLOSED" });
  });
});

describe("what nodes say while one takes over another's copy", () => {
  it("comes out as it went in, and is refused when it is cut", () => {
    const number = fc.maxSafeNat();
    const version = fc.record({ seq: number, key: fc.string({ unit: "grapheme" }), entry: fc.uint8Array() });
    const message: fc.Arbitrary<Ask | Part> = fc.oneof(
      fc.record({ kind: fc.constant("ask" as const), transfer: number, to: fc.string(), at: number, log: fc.string() }),
      fc.record({
        kind: fc.constant("part" as const),
        ...{ transfer: number, at: number, next: number, keys: number, applied: number },
        versions: fc.array(version, { maxLength: 5 }),
      }),
    );
    fc.assert(
      fc.property(message, fc.uint8Array({ maxLength: 30 }), (sent, noise) => {
        const encoded = encodePeerMessage(sent);
        expect(decodePeerMessage(encoded)).toEqual(sent);
        expect(decodePeerMessage(encoded.subarray(0, -1))).toBe(null);
        expect(decodePeerMessage(Uint8Array.of(...encoded, 0))).toBe(null);
        const read = decodePeerMessage(Uint8Array.of(2, ...noise));
        if (read !== null) expect(decodePeerMessage(encodePeerMessage(read))).toEqual(read);
      }),
    );
  });
});
