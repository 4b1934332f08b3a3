/** One load in the cluster: nodes that ask at once, holders that die, messages that get lost, in simulated time. */
import { beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "#dist/harness/cluster/index.js";
import { CALM, MemoryCluster, type MemoryEngine, type MemoryNetwork, Replica } from "#dist/src/cluster/index.js";
import { LoadOnce } from "#dist/src/cluster/load-once.js";

let time: SimulatedClock;
let network: MemoryNetwork;
let cluster: MemoryCluster;
let loaded: string[];

beforeEach(() => {
  time = new SimulatedClock();
  network = { ...CALM, delayMs: () => 1 };
  cluster = new MemoryCluster({ clock: time.clockOf(), network, timeoutMs: 200 });
  loaded = [];
});

class Node {
  readonly replica: Replica;
  readonly once: LoadOnce;

  private constructor(
    readonly name: string,
    readonly engine: MemoryEngine,
  ) {
    this.replica = new Replica({ node: name, incarnation: "1", engine, clock: time.clockOf() });
    this.once = new LoadOnce(engine, time.clockOf(), name, this.replica);
  }

  /** @param lateMs after it the node hears of what was written in the log */
  static async join(name: string, lateMs = 0): Promise<Node> {
    const engine = await cluster.open({ name: "d" }, name);
    const hears = engine.onChange.bind(engine);
    engine.onChange = (listener) => hears((...told) => void time.after(lateMs, () => listener(...told)));
    return new Node(name, engine);
  }

  /** Its value says who has loaded it. */
  get(key: string, tookMs = 10, fails?: Error): Promise<string> {
    const look = (): string | undefined => {
      const value = this.replica.peek(key)?.value;
      return value == null ? undefined : Buffer.from(value).toString();
    };
    return this.once.run(key, look, async () => {
      loaded.push(this.name);
      await new Promise<void>((go) => time.after(tookMs, go));
      if (fails !== undefined) throw fails;
      this.replica.put(key, Buffer.from(this.name));
      return this.name;
    });
  }

  die(): void {
    this.replica.close();
    void this.engine.close();
  }
}

const three = () => Promise.all(["a", "b", "c"].map((name) => Node.join(name)));

describe("a value that many nodes ask for at once", () => {
  it("is loaded by one of them, and given to all", async () => {
    const nodes = await three();
    const got = await time.until(Promise.all(nodes.flatMap((node) => [node.get("k"), node.get("k")])));
    expect(loaded.length).toBe(1);
    expect(new Set(got)).toEqual(new Set(loaded));
    expect(nodes.reduce((sum, { once }) => sum + once.awaited, 0)).toBe(2);
    await time.runUntil(time.timeMs + 5000);
    expect(cluster.log("d").read("lk")).toBeNull();
  });

  it("is loaded once also when it takes many times as long as a lease stands", async () => {
    const nodes = await three();
    await time.until(Promise.all(nodes.map((node) => node.get("k", 20_000))));
    expect(loaded.length).toBe(1);
  });

  it("is loaded once also when nobody hears of it but by the log, and that late", async () => {
    const [a, b] = [await Node.join("a"), await Node.join("b", 30)];
    network.reaches = () => false;
    const first = a.get("k", 10);
    await time.runUntil(time.timeMs + 5);
    expect(await time.until(Promise.all([first, b.get("k")]))).toEqual(["a", "a"]);
    // the same for who comes when the lease has just been given back
    const again = a.get("l", 10);
    await time.until(again);
    await time.runUntil(time.timeMs + 8);
    expect(cluster.log("d").read("ll")).toBeNull();
    expect(b.replica.peek("l")).toBeNull();
    expect(await time.until(b.get("l"))).toBe("a");
    expect(loaded).toEqual(["a", "a"]);
  });

  it("is in the log before its lease is given back, however long that takes", async () => {
    const [a, b] = [await Node.join("a"), await Node.join("b")];
    network.reaches = () => false;
    const append = a.engine.append.bind(a.engine);
    a.engine.append = async (key, entry, options) => {
      if (key === "kk") await new Promise<void>((go) => time.after(500, go));
      return append(key, entry, options);
    };
    expect(await time.until(a.get("k", 10))).toBe("a");
    expect(await time.until(b.get("k", 10))).toBe("a");
    expect(loaded).toEqual(["a"]);
  });

  it.each([1000, 1001, 1002, 2000])(
    "has its lease given back also when the load of %d ms ends while that is renewed",
    async (tookMs) => {
      const [a, b] = await three();
      await time.until(a.get("k", tookMs));
      await time.runUntil(time.timeMs + 20);
      expect(cluster.log("d").read("lk")).toBeNull();
      a.replica.put("k", null);
      await time.runUntil(time.timeMs + 20);
      const began = time.timeMs;
      expect(await time.until(b.get("k"))).toBe("b");
      expect(time.timeMs - began).toBeLessThan(100);
    },
  );

  it("has its lease given back when its node closes right after, loaded or not", async () => {
    const [a, b] = await three();
    await time.until(a.get("k"));
    const failed = expect(a.get("l", 1, new Error("no source"))).rejects.toThrow("no source");
    await time.until(failed);
    await time.until(a.once.close());
    a.die();
    await time.runUntil(time.timeMs + 20);
    expect(["lk", "ll"].map((key) => cluster.log("d").read(key))).toEqual([null, null]);
    expect(await time.until(b.get("l"))).toBe("b");
  });

  it("is loaded by the next one when the first one dies, once its lease has run out, and not before", async () => {
    const [a, b] = await three();
    void a.get("k", 1e6);
    await time.runUntil(time.timeMs + 100);
    const began = time.timeMs;
    const next = b.get("k");
    a.die();
    expect(await time.until(next)).toBe("b");
    expect(time.timeMs - began).toBeGreaterThan(2900);
    expect(time.timeMs - began).toBeLessThan(3500);
    expect(loaded).toEqual(["a", "b"]);
  });

  it("is loaded by the next one at once when the loader throws, which is told to those who wait at its node", async () => {
    const [a, b] = await three();
    const error = new Error("no source");
    const failing = [a.get("k", 50, error), a.get("k", 50, error)].map((get) => expect(get).rejects.toBe(error));
    await time.runUntil(time.timeMs + 20);
    const next = b.get("k");
    await time.until(Promise.all(failing));
    expect(await time.until(next)).toBe("b");
    expect(time.timeMs).toBeLessThan(1000);
  });

  it("is loaded by everybody where the log does not answer: twice is better than not at all", async () => {
    const [a, b] = await three();
    network.reachesLog = () => false;
    expect(await time.until(Promise.all([a.get("k"), b.get("k")]))).toEqual(["a", "b"]);
  });
});
