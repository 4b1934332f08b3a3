/**
 * Readings of the log beside all else that happens: a change that is told late, an answer that is late, a sweep, another reading. Each is played by
 * hand; whatever comes when, what was deleted stays deleted, and what is kept for another life is right there.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "#dist/harness/cluster/index.js";
import {
  CALM,
  CastLanes,
  encodeEntry,
  MemoryCluster,
  type MemoryEngine,
  type MemoryLog,
  type MemoryNetwork,
  PeerCopies,
  Replica,
  type ReplicaOptions,
} from "#dist/src/cluster/index.js";

const WAIT = { timeoutMs: 1000 };
const bytes = (words: string): Uint8Array => new Uint8Array(Buffer.from(words));
const text = (value: Uint8Array | null | undefined): string | null =>
  value == null ? null : Buffer.from(value).toString();

let time: SimulatedClock;
let network: MemoryNetwork;
let cluster: MemoryCluster;
let log: MemoryLog;
let a: Node;

class Node {
  readonly replica: Replica;
  readonly copies: PeerCopies;
  word = "the log";

  constructor(
    name: string,
    readonly engine: MemoryEngine,
    options: Partial<ReplicaOptions>,
  ) {
    const [lanes, clock] = [new CastLanes(engine), time.clockOf()];
    this.replica = new Replica({ node: name, incarnation: "1", engine: lanes.engineOf("entries"), clock, ...options });
    this.copies = new PeerCopies(this.replica, lanes.lane("recovery"), clock, () => this.word);
  }

  static async join(name: string, over: Partial<MemoryEngine> = {}, options: Partial<ReplicaOptions> = {}) {
    return new Node(name, Object.assign(await cluster.open({ name: "d" }, name), over), options);
  }

  async commit(key: string, value: Uint8Array | null): Promise<number> {
    return (await time.until(this.replica.commit(key, value, WAIT)))!.seq;
  }

  read(key: string): string | null {
    return text(this.replica.confirmed(key)?.entry?.value);
  }

  async readStrongly(key: string): Promise<string | null> {
    await time.until(this.replica.pass(3000));
    return this.read(key);
  }

  /** Deleted, and taken out of the log. */
  async sweep(key: string): Promise<number> {
    const seq = await this.commit(key, null);
    await time.until(this.replica.forget(key, seq, 1000));
    return seq;
  }

  /** What a checkpoint has of it: no deletions. */
  live() {
    return new Map([...this.replica.copy()].filter(([, { entry }]) => entry !== null && entry.value !== null));
  }
}

const deaf: Partial<MemoryEngine> = { onChange: () => {} };

function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

beforeEach(async () => {
  time = new SimulatedClock();
  network = { ...CALM, delayMs: () => 1 };
  cluster = new MemoryCluster({ clock: time.clockOf(), network, timeoutMs: 200 });
  log = cluster.log("d");
  a = await Node.join("a");
});

describe("a key that was deleted and swept stays so at a node", () => {
  it("that is told late of what it was, while it asks for keys that it has not found", async () => {
    let tell: Parameters<MemoryEngine["onChange"]>[0] = () => {};
    const b = await Node.join("b", {
      onChange: (listener) => {
        tell = listener;
      },
    });
    await a.commit("busy", bytes("1"));
    await a.commit("z", bytes("1"));
    await time.until(b.replica.reload());
    const seq = await a.commit("k", bytes("one"));
    const { entry } = log.read("kk")!;
    await a.sweep("k");
    const reading = b.replica.reload();
    await time.runUntil(time.timeMs + 1.5);
    const over = a.replica.commit("busy", bytes("2"), WAIT);
    await time.runUntil(time.timeMs + 3.2);
    tell(seq, "kk", entry);
    await time.until(Promise.all([reading, over]));
    expect(await b.readStrongly("k")).toBeNull();
  });

  it.each([3.2, 6])("whose write before it is answered late, %d ms after a reading had begun", async (afterMs) => {
    const held = gate();
    let holds = false;
    const b = await Node.join("b", deaf);
    const append = b.engine.append.bind(b.engine);
    b.engine.append = async (...asked) => {
      const appended = await append(...asked);
      if (holds && asked[0] === "kk") await held.passed;
      return appended;
    };
    await a.commit("busy", bytes("1"));
    await a.commit("z", bytes("1"));
    await time.until(b.replica.reload());
    holds = true;
    const writing = b.replica.commit("k", bytes("one"), WAIT);
    await time.runUntil(time.timeMs + 5);
    await time.until(a.replica.pass(1000));
    await a.sweep("k");
    const reading = b.replica.reload();
    await time.runUntil(time.timeMs + 1.5);
    const over = a.replica.commit("busy", bytes("2"), WAIT);
    await time.runUntil(time.timeMs + afterMs);
    held.open();
    await time.until(Promise.all([writing, reading, over]));
    expect(await b.readStrongly("k")).toBeNull();
  });

  it("that has swept it while the answer of a whole reading was on its way", async () => {
    const held = gate();
    const holds: (Promise<void> | undefined)[] = [undefined];
    const b = await Node.join("b");
    const since = b.engine.since.bind(b.engine);
    b.engine.since = async (from, visit) => {
      const found: Parameters<typeof visit>[] = [];
      const read = await since(from, (...told) => found.push(told));
      await holds.shift();
      for (const told of found) visit(...told);
      return read;
    };
    await a.commit("k", bytes("one"));
    await time.until(b.replica.pass(1000));
    holds[0] = held.passed;
    const reading = b.replica.reload();
    await time.runUntil(time.timeMs + 6);
    const seq = await a.commit("k", null);
    await time.until(b.replica.pass(1000));
    await time.until(b.replica.forget("k", seq, 1000));
    held.open();
    expect(await time.until(reading)).toBe(true);
    expect(b.read("k")).toBeNull();
  });

  it("whose question for it is answered when another reading has dropped it", async () => {
    const held = gate();
    let holds: Promise<void> | null = held.passed;
    const b = await Node.join("b", deaf);
    const read = b.engine.read.bind(b.engine);
    b.engine.read = async (key) => {
      const found = await read(key);
      const hold = holds;
      if (key === "kk") holds = null;
      if (key === "kk" && hold !== null) await hold;
      return found;
    };
    await a.commit("k", bytes("one"));
    await time.until(b.replica.pass(2000));
    const asking = b.replica.refetch("k");
    await time.runUntil(time.timeMs + 3);
    await a.sweep("k");
    await time.until(b.replica.repair());
    held.open();
    await time.until(asking);
    expect(await b.readStrongly("k")).toBeNull();
  });

  it("and in its next life, when the log was read on while all of it was being read", async () => {
    const [first, third] = [gate(), gate()];
    const holds: (Promise<void> | undefined)[] = [];
    const b = await Node.join("b", deaf);
    const since = b.engine.since.bind(b.engine);
    b.engine.since = async (from, visit) => {
      const found: Parameters<typeof visit>[] = [];
      const read = await since(from, (...told) => found.push(told));
      await holds.shift();
      for (const told of found) visit(...told);
      return read;
    };
    await a.commit("k", bytes("one"));
    await time.until(b.replica.pass(2000));
    holds.push(first.passed, undefined, third.passed);
    const reloading = b.replica.reload();
    await time.runUntil(time.timeMs + 6);
    await a.sweep("k");
    void b.replica.repair();
    await time.runUntil(time.timeMs + 6);
    first.open();
    await time.until(reloading);
    const next = await Node.join("b2", {}, { versions: b.live() });
    next.replica.resumeAt(b.replica.resumesAt);
    await time.until(next.replica.repair());
    expect(await next.readStrongly("k")).toBeNull();
    third.open();
  });
});

describe("a copy from elsewhere", () => {
  it("brings nothing back that was deleted before this life began, and what it has not seen yet", async () => {
    const b = await Node.join("b");
    const seq = await a.commit("k", bytes("one"));
    const { entry } = log.read("kk")!;
    await a.commit("k", null);
    await time.until(b.replica.pass(1000));
    const next = await Node.join("b2", {}, { versions: b.live() });
    next.replica.resumeAt(b.replica.resumesAt);
    await time.until(next.replica.repair());
    next.replica.takeOver(seq, "k", entry);
    expect([next.read("k"), await next.readStrongly("k")]).toEqual([null, null]);
    const fresh = await Node.join("c", deaf);
    fresh.replica.takeOver(seq, "k", entry);
    expect(fresh.read("k")).toBe("one");
  });

  it("is no copy of another log: who has not noticed yet that it is another one does not answer, and who notices stops asking", async () => {
    const b = await Node.join("b");
    await a.commit("k", bytes("one"));
    await time.until(a.replica.repair());
    b.word = "a log that was made anew";
    await expect(time.until(b.copies.pull("a"))).rejects.toThrow("it has been silent");
    const pulling = expect(b.copies.pull("a")).rejects.toThrow("the log is another one by now");
    b.copies.stop("the log is another one by now");
    await pulling;
    expect(b.replica.applied).toBe(1);
  });

  it("is asked for until the node that has it has read the log in this life", async () => {
    await a.commit("k", bytes("one"));
    const fresh = await Node.join("c", deaf, { versions: a.live() });
    fresh.replica.resumeAt(1);
    const b = await Node.join("b", deaf);
    const pulling = b.copies.pull("c");
    await time.runUntil(time.timeMs + 1000);
    expect(b.read("k")).toBeNull();
    await time.until(fresh.replica.repair());
    await time.until(pulling);
    expect(b.read("k")).toBe("one");
  });
});

describe("a strong read of a log that is always written, by a node that misses one change in fifty", () => {
  it("is answered in its time", async () => {
    let told = 0;
    const b = await Node.join("b");
    const entry = (i: number): Uint8Array =>
      encodeEntry({
        ...{ stamp: { ms: 1_767_225_600_000 + i, counter: 0 }, node: "w", count: i, clock: new Map([["w", i]]) },
        ...{ expiresAt: 0, tags: [], value: bytes(String(i)) },
      });
    network.delayMs = () => 10;
    network.loses = () => ++told % 50 === 0;
    let writes = 0;
    let writing = true;
    const write = (): void => {
      if (!writing) return;
      writes++;
      log.append("khot", entry(writes), `w${writes}`, undefined, time.timeMs);
      time.after(0.5, write);
    };
    write();
    let answered = 0;
    for (let i = 0; i < 40; i++) await time.until(b.replica.pass(2000).then(() => answered++));
    writing = false;
    expect(answered).toBe(40);
  });
});
