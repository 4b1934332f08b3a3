/** Replicas on one log without faults, and with the faults of a program: what each promise is, one at a time. The simulation draws the rest. */
import { beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "#dist/harness/cluster/index.js";
import {
  CALM,
  type ClusterEntry,
  encodeEntry,
  MemoryCluster,
  type MemoryEngine,
  type MemoryNetwork,
  Replica,
  type ReplicaOptions,
  readAt,
  StaleError,
  UnavailableError,
  UnknownOutcomeError,
  type Version,
  type Versions,
  writeAt,
} from "#dist/src/cluster/index.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | null | undefined): string | null =>
  value == null ? null : Buffer.from(value).toString();

let time: SimulatedClock;
let network: MemoryNetwork & { apart: Set<string>; deaf: Set<string>; mute: Set<string> };
let cluster: MemoryCluster;

beforeEach(() => {
  time = new SimulatedClock();
  const apart = new Set<string>();
  network = { ...CALM, delayMs: () => 1, apart, deaf: new Set(), mute: new Set() };
  network.reachesLog = (node) => !apart.has(node);
  network.reaches = (from, to) => apart.has(from) === apart.has(to);
  cluster = new MemoryCluster({ clock: time.clockOf(), network, timeoutMs: 200 });
});

async function join(
  node: string,
  options: Partial<ReplicaOptions> = {},
): Promise<{ replica: Replica; engine: MemoryEngine }> {
  const engine = await cluster.open({ name: "shared" }, node);
  const replica = new Replica({ node, incarnation: "1", engine, clock: time.clockOf(), ...options });
  return { replica, engine };
}

let writes = 0;
const entryOf = (value: string): Uint8Array =>
  encodeEntry({
    stamp: { ms: 1_700_000_000_000 + ++writes, counter: 0 },
    node: "writer",
    count: writes,
    clock: new Map([["writer", writes]]),
    expiresAt: 0,
    tags: [],
    value: bytes(value),
  });

const read = (replica: Replica, key: string): string | null => text(replica.peek(key)?.value);

/** As a strong read does. */
async function readStrongly(replica: Replica, key: string): Promise<string | null> {
  await replica.flush(key, 1000);
  await replica.pass(1000);
  return text(replica.confirmed(key)?.entry?.value);
}

describe("replicas", () => {
  it("show a write at once where it was made, soon at the others, and have it in the log", async () => {
    const [a, b] = [await join("a"), await join("b")];
    a.replica.put("k", bytes("one"));
    expect(read(a.replica, "k")).toBe("one");
    expect(read(b.replica, "k")).toBeNull();
    expect(a.replica.outboxSize).toBe(1);
    await time.runUntil(1.5);
    expect(read(b.replica, "k")).toBe("one"); // the cast
    expect(b.replica.isPending("k")).toBe(true);
    await time.runUntil(50);
    for (const { replica } of [a, b]) {
      expect([replica.outboxSize, replica.overlaySize, replica.applied]).toEqual([0, 0, 1]);
      expect(text(replica.confirmed("k")?.entry?.value)).toBe("one");
    }
  });

  it("read strongly what was acknowledged elsewhere, whether or not the feed told it", async () => {
    const [a, b] = [await join("a"), await join("b")];
    const committed = await time.until(a.replica.commit("k", bytes("one"), { timeoutMs: 1000 }));
    expect(committed?.seq).toBe(1);
    network.loses = () => false;
    expect(await time.until(readStrongly(b.replica, "k"))).toBe("one");
  });

  it("let one of those win that expect the same version", async () => {
    const [a, b] = [await join("a"), await join("b")];
    const first = (await time.until(a.replica.commit("k", bytes("0"), { timeoutMs: 1000 })))!;
    const both = Promise.all(
      [a, b].map(({ replica }) => replica.commit("k", bytes(replica.node), { expect: first.seq, timeoutMs: 1000 })),
    );
    expect((await time.until(both)).filter((won) => won !== null)).toHaveLength(1);
    expect(await time.until(a.replica.commit("new", bytes("x"), { expect: 0, timeoutMs: 1000 }))).not.toBeNull();
    expect(await time.until(a.replica.commit("new", bytes("x"), { expect: 0, timeoutMs: 1000 }))).toBeNull();
  });

  it("count a conflict where both sides of a cut wrote, and keep the later one everywhere", async () => {
    const [a, b] = [await join("a"), await join("b")];
    network.apart.add("a");
    a.replica.put("k", bytes("from a"));
    await time.runUntil(100);
    b.replica.put("k", bytes("from b"));
    await time.runUntil(3000);
    expect([read(a.replica, "k"), read(b.replica, "k")]).toEqual(["from a", "from b"]);
    network.apart.clear();
    cluster.reconnect("a");
    const healed = await time.until(a.replica.heal());
    expect(healed).toEqual({ merged: true, conflictsResolved: 1 });
    await time.runUntil(time.timeMs + 100);
    expect([read(a.replica, "k"), read(b.replica, "k")]).toEqual(["from b", "from b"]);
    expect([a.replica.conflicts, a.replica.dropped, b.replica.conflicts]).toEqual([1, 1, 0]);
  });
});

describe("a log that is read while it is written", () => {
  /** A node that is told of no change, and so reads the log. */
  async function joinDeaf(node: string): Promise<Replica> {
    const engine = await cluster.open({ name: "shared" }, node);
    const deaf = Object.assign(Object.create(engine), { onChange: () => {} });
    return new Replica({ node, incarnation: "1", engine: deaf, clock: time.clockOf() });
  }

  it("has for each key a version that stood at one moment: what was written over before its turn came is not absent", async () => {
    const { engine } = await join("a");
    const deaf = await joinDeaf("b");
    const write = (key: string, value: string) => engine.append(`k${key}`, entryOf(value), { id: `${key} ${value}` });
    await time.until(Promise.all([write("k", "one"), write("gone", "one")]));
    await time.until(deaf.reload());
    await time.until(engine.forget("kgone", 2));
    const seen: (string | null)[] = [];
    deaf.onApply((key, entry) => seen.push(`${key} ${text(entry?.value)}`));
    // Where the log ends is asked 1 ms from now, what stands there 3 ms from now.
    const reloading = deaf.reload();
    await time.runUntil(time.timeMs + 1.5);
    const writing = write("k", "two");
    expect(await time.until(reloading)).toBe(true);
    await time.until(writing);
    expect([read(deaf, "k"), read(deaf, "gone")]).toEqual(["two", null]);
    expect(seen.sort()).toEqual(["gone null", "k two"]);
  });

  it("is no answer to a strong read until what came meanwhile is here too", async () => {
    const { engine } = await join("a");
    const deaf = await joinDeaf("b");
    const write = (value: string) => engine.append("kk", entryOf(value), { id: value });
    await time.until(write("one"));
    await time.until(deaf.repair());
    await time.until(write("two"));
    // A quarter of the time that the barrier may take goes by until the log is read for it: its end after 1 ms more, what stands there after 3.
    const reading = deaf.pass(1000).then(() => text(deaf.confirmed("k")?.entry?.value));
    await time.runUntil(time.timeMs + 2 + 250 + 1.5);
    const writing = write("three");
    expect(await time.until(reading)).toBe("three");
    await time.until(writing);
  });
});

describe("a deletion that was swept", () => {
  it("stays one, though the answer to the write before it comes after all", async () => {
    const [a, b] = [await join("a"), await join("b")];
    const append = a.engine.append.bind(a.engine);
    const answers: (() => void)[] = [];
    a.engine.append = async (...asked) => {
      const appended = await append(...asked);
      await new Promise<void>((answer) => answers.push(answer));
      return appended;
    };
    const writing = a.replica.commit("k", bytes("one"), { timeoutMs: 1000 });
    await time.runUntil(time.timeMs + 10);
    a.engine.append = append;
    const deleted = await time.until(b.replica.commit("k", null, { timeoutMs: 1000 }));
    await time.until(b.replica.forget("k", deleted!.seq, 1000));
    await time.until(a.replica.pass(1000));
    a.replica.forgetHere("k", deleted!.seq);
    expect(answers.length).toBe(1);
    answers[0]();
    await time.until(writing);
    expect(read(a.replica, "k")).toBeNull();
  });

  it("is learned of before a strong read is answered, by a node that did not see it", async () => {
    const [a, b] = [await join("a"), await join("b")];
    await time.until(a.replica.commit("k", bytes("one"), { timeoutMs: 1000 }));
    await time.until(b.replica.pass(1000));
    network.apart.add("b");
    const deleted = await time.until(a.replica.commit("k", null, { timeoutMs: 1000 }));
    await time.until(a.replica.forget("k", deleted!.seq, 1000));
    network.apart.delete("b");
    expect(read(b.replica, "k")).toBe("one");
    const seen: (string | null)[] = [];
    await time.until(b.replica.pass(1000).then(() => seen.push(text(b.replica.confirmed("k")?.entry?.value))));
    expect(seen).toEqual([null]);
  });
});

describe("a copy that is kept for another life", () => {
  it("says from where that has to read on, while it is not known what the log has lost", async () => {
    const [a, b] = [await join("a"), await join("b")];
    await time.until(a.replica.commit("k", bytes("one"), { timeoutMs: 1000 }));
    await time.until(b.replica.pass(1000));
    network.apart.add("b");
    const deleted = await time.until(a.replica.commit("k", null, { timeoutMs: 1000 }));
    await time.until(a.replica.forget("k", deleted!.seq, 1000));
    network.apart.delete("b");
    const before = b.replica.applied;
    const repairing = b.replica.repair();
    await time.runUntil(time.timeMs + 4.5); // what came since has been read, all that stands has not
    expect([b.replica.applied > before, b.replica.isWhole, b.replica.resumesAt]).toEqual([true, false, before]);
    const versions = new Map(b.replica.copy());
    const { resumesAt } = b.replica;
    b.replica.close();
    await time.until(repairing);
    const { replica } = await join("c", { versions });
    replica.resumeAt(resumesAt);
    expect(read(replica, "k")).toBe("one");
    await time.until(replica.pass(1000));
    expect(read(replica, "k")).toBeNull();
    expect(replica.resumesAt).toBe(replica.applied);
  });
});

describe("deletions that make room", () => {
  it("are done where the outbox has none, and forgotten with the process if they do not come to the log", async () => {
    const outbox = new Map<string, ClusterEntry>();
    const full = {
      set: (): void => {
        throw new Error("no room");
      },
      delete: (key: string) => void outbox.delete(key),
      entries: () => outbox,
    };
    const { replica } = await join("a", { outbox: full });
    await time.until(replica.commit("k", bytes("one"), { timeoutMs: 1000 }));
    await time.until(replica.commit("l", bytes("one"), { timeoutMs: 1000 }));
    expect(() => replica.put("m", bytes("one"))).toThrow("no room");
    replica.evict("k");
    expect(replica.deleteAsOf("l", replica.hybrid.issue(), "a")).toBe(true);
    expect([read(replica, "k"), read(replica, "l"), read(replica, "m")]).toEqual([null, null, null]);
    await time.runUntil(time.timeMs + 100);
    expect([replica.outboxSize, replica.confirmed("k")?.entry?.value, replica.confirmed("l")?.entry?.value]).toEqual([
      0,
      null,
      null,
    ]);
  });
});

describe("a strong write", () => {
  it("that cannot have been sent says so, and has changed nothing", async () => {
    const { replica } = await join("a");
    network.apart.add("a");
    await expect(time.until(replica.commit("k", bytes("x"), { timeoutMs: 500 }))).rejects.toThrow(UnavailableError);
    network.apart.clear();
    await time.runUntil(5000);
    expect(cluster.log("shared").last).toBe(0);
  });

  it("whose answers are lost is unknown; asked again by its attempt it is one write", async () => {
    const { replica } = await join("a");
    // the request arrives, and nothing after it
    network.loses = () => cluster.log("shared").last > 0;
    const error: unknown = await time
      .until(replica.commit("k", bytes("x"), { timeoutMs: 500 }))
      .catch((failure) => failure);
    expect(error).toBeInstanceOf(UnknownOutcomeError);
    network.loses = () => false;
    const { attempt } = error as UnknownOutcomeError;
    const again = await time.until(replica.commit("k", bytes("x"), { timeoutMs: 500, attempt }));
    expect(again?.seq).toBe(1);
    expect(cluster.log("shared").last).toBe(1);
  });
});

describe("how old a copy may be", () => {
  it("is counted from when the barrier was begun, not from when it came back", async () => {
    const { replica } = await join("a");
    expect(replica.staleMs()).toBe(Number.POSITIVE_INFINITY);
    await time.until(replica.pass(1000));
    expect(time.timeMs).toBe(2); // there and back
    expect(replica.staleMs()).toBe(2);
    await time.runUntil(500);
    expect(replica.staleMs()).toBe(500);
  });

  it("is told where it is older than asked for, and the log does not answer; strong says so too, and nothing hangs", async () => {
    const { replica } = await join("a");
    const wishes = { windowMs: 100, timeoutMs: 300 };
    await time.until(readAt(replica, "k", { ...wishes, consistency: "bounded_stale" }));
    network.apart.add("a");
    await time.runUntil(50);
    expect(await time.until(readAt(replica, "k", { ...wishes, consistency: "bounded_stale" }))).toMatchObject({
      staleMs: 50,
    });
    await time.runUntil(400);
    const late = await time.until(
      readAt(replica, "k", { ...wishes, consistency: "bounded_stale" }).catch((error) => error),
    );
    expect(late).toBeInstanceOf(StaleError);
    expect((late as StaleError).staleMs).toBeGreaterThan(400);
    const strong = readAt(replica, "k", { ...wishes, consistency: "strong" });
    await expect(time.until(strong)).rejects.toThrow(UnavailableError);
    expect(await readAt(replica, "k", { ...wishes, consistency: "eventual" })).toMatchObject({ entry: null });
  });

  it("holds bounded writes back while an earlier one is unsent for longer than the window", async () => {
    const { replica } = await join("a");
    const wishes = { consistency: "bounded_stale", windowMs: 100, timeoutMs: 300 } as const;
    network.apart.add("a");
    await time.until(writeAt(replica, "k", bytes("1"), {}, wishes));
    await time.runUntil(150);
    await expect(time.until(writeAt(replica, "k", bytes("2"), {}, wishes))).rejects.toThrow(UnavailableError);
    const waits = time.until(writeAt(replica, "k", bytes("3"), {}, wishes));
    network.apart.clear();
    cluster.reconnect("a");
    await waits;
    expect(read(replica, "k")).toBe("3");
  });

  it("reads its own unsent write strongly, which goes to the log first", async () => {
    const { replica } = await join("a");
    replica.put("k", bytes("mine"));
    const reading = await time.until(readAt(replica, "k", { consistency: "strong", windowMs: 0, timeoutMs: 300 }));
    expect([text(reading.entry?.value), reading.seq]).toEqual(["mine", 1]);
  });
});

describe("what was taken out of the log", () => {
  it("is gone from a node too that was away meanwhile", async () => {
    const [a, b] = [await join("a"), await join("b")];
    await time.until(a.replica.commit("k", bytes("x"), { timeoutMs: 1000 }));
    await time.until(b.replica.pass(1000));
    network.apart.add("b");
    const gone = (await time.until(a.replica.commit("k", null, { timeoutMs: 1000 })))!;
    await time.until(a.replica.forget("k", gone.seq, 1000));
    expect(cluster.log("shared").read("kk")).toBeNull();
    expect(read(b.replica, "k")).toBe("x");
    network.apart.clear();
    cluster.reconnect("b");
    await time.runUntil(time.timeMs + 500);
    expect(b.replica.confirmed("k")).toBeUndefined();
    expect(a.replica.confirmed("k")).toBeUndefined();
  });
});

describe("what is no version", () => {
  it("reads as absent, is counted, and can be written over", async () => {
    const { replica, engine } = await join("a");
    await time.until(engine.append("kk", bytes("rubbish"), { id: "foreign" }));
    await time.until(replica.pass(1000));
    expect([replica.peek("k"), replica.corrupt]).toEqual([null, 1]);
    replica.put("k", bytes("mine"));
    await time.runUntil(time.timeMs + 500);
    expect([replica.outboxSize, text(replica.confirmed("k")?.entry?.value)]).toEqual([0, "mine"]);
  });
});

describe("a copy that has no room", () => {
  it("stands still and says why, and goes on when there is some", async () => {
    let room = false;
    const held = new Map<string, Version>();
    const versions: Versions = Object.assign(Object.create(held), {
      get: (key: string) => held.get(key),
      set: (key: string, version: Version) => {
        if (!room) throw new Error("no room");
        held.set(key, version);
      },
      delete: (key: string) => held.delete(key),
      keys: () => held.keys(),
    });
    const [a, b] = [await join("a"), await join("b", { versions })];
    await time.until(a.replica.commit("k", bytes("x"), { timeoutMs: 1000 }));
    await expect(time.until(b.replica.pass(500))).rejects.toThrow();
    expect(b.replica.fault?.message).toBe("no room");
    room = true;
    await time.until(b.replica.pass(3000));
    expect([read(b.replica, "k"), b.replica.fault]).toEqual(["x", null]);
  });
});
