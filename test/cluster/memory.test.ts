/** Nodes of one process on shared logs, and one that is alone: what programs are promised. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as join_ } from "node:path";
import { BroadcastChannel, Worker } from "node:worker_threads";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  CALM,
  DistributedMemory,
  DOMAINS,
  type Engine,
  type EngineSource,
  EngineUnknown,
  type JoinOptions,
  MemoryCluster,
  type MemoryNetwork,
  MemoryTier,
  RECOVERY_MODES,
  reportOf,
  StaleError,
  UnavailableError,
} from "#dist/src/cluster/index.js";
import { Store } from "#dist/src/index.js";

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function store(): Promise<Store> {
  const made = await Store.create({ capacity: "16MiB", maintenance: false });
  ends.push(() => made.close());
  return made;
}

async function join(node: string, options: Partial<JoinOptions> = {}): Promise<DistributedMemory> {
  const memory = await DistributedMemory.join({ store: await store(), node, ...options });
  ends.push(() => memory.close({ timeout: 0 }));
  return memory;
}

const USE = { dataSize: "1MiB", readRatio: 0.5, topology: "multi_node" } as const;

function apartable(): { network: MemoryNetwork; apart: Set<string> } {
  const apart = new Set<string>();
  const reaches = (from: string, to: string) => apart.has(from) === apart.has(to);
  return { network: { ...CALM, reachesLog: (node) => !apart.has(node), reaches }, apart };
}

describe("a node that is alone", () => {
  it("has the five domains, and everything that a domain can do", async () => {
    const memory = await join("a1");
    for (const name of Object.keys(DOMAINS)) expect(memory.domain(name).name).toBe(name);
    const shared = memory.domain<{ step: number }>("shared");
    expect(await shared.get("plan")).toBeUndefined();
    const put = await shared.put("plan", { step: 1 }, { consistency: "strong" });
    expect(shared.peek("plan")).toEqual({ step: 1 });
    const entry = (await shared.getEntry("plan", { consistency: "strong" }))!;
    expect(entry).toMatchObject({ value: { step: 1 }, version: put.version, source: "a1", clock: { a1: 1 } });
    expect(await shared.compareAndSet("plan", { step: 2 }, { version: entry.version! })).toMatchObject({
      clock: { a1: 2 },
    });
    expect(await shared.compareAndSet("plan", { step: 3 }, { version: entry.version! })).toBe(false);
    expect(await shared.delete("plan")).toBe(true);
    expect(shared.peek("plan")).toBeUndefined();
    expect(await shared.delete("plan")).toBe(false);
    let loads = 0;
    const load = async () => ({ step: ++loads });
    const loaded = await Promise.all([1, 2, 3].map(() => shared.getOrLoad("loaded", load)));
    expect([loaded, loads]).toEqual([[{ step: 1 }, { step: 1 }, { step: 1 }], 1]);
    await memory.sync();
    expect(memory.status().domains.shared).toMatchObject({ outbox: 0, entries: 1, fault: null, backend: "cluster" });
  });

  it("forgets what has expired", async () => {
    const cache = (await join("a1")).domain<string>("cache");
    await cache.put("lives", "v", { ttl: "1h" });
    await cache.put("k", "v", { ttl: 1 });
    await expect.poll(() => cache.peek("k")).toBeUndefined();
    expect(cache.peek("lives")).toBe("v");
  });

  it("refuses what it cannot take, by name", async () => {
    const memory = await join("a1", { domains: { tiny: { maxEntries: 2 } } });
    const shared = memory.domain("shared");
    expect(() => memory.domain("shard")).toThrow('there is no domain "shard"');
    await expect(shared.get("k", { consistency: "strnog" as "strong" })).rejects.toThrow('did you mean "strong"');
    await expect(shared.put("", 1)).rejects.toThrow("a key is");
    await expect(shared.put("k".repeat(1025), 1)).rejects.toThrow("1025 bytes");
    await expect(shared.put("k", undefined)).rejects.toThrow();
    await expect(shared.put("k", 1, { attempt: "x", consistency: "strong" })).rejects.toThrow("attempt is");
    await expect(shared.compareAndSet("k", 1, {} as { version: number })).rejects.toThrow("needs the version");
    const wrong: Partial<JoinOptions>[] = [
      { store: {} as Store, node: "a" },
      { node: "" },
      { node: "a\nb" },
      { servers: [] },
      { domains: { "a.b": {} } },
      { domains: { d: { replicas: 2 } } },
      { domains: { d: { backend: "auto" as const } } },
      { consistency: "sure" as "strong" },
      { checkpoints: { every: 1000 } },
      { heartbeat: 0 },
    ];
    const free = await store();
    for (const options of wrong) {
      await expect(DistributedMemory.join({ store: free, node: "b", ...options })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
    await memory.domain("tiny").put("1", 1);
    await expect(
      (async () => {
        for (const key of ["2", "3", "4"]) await memory.domain("tiny").put(key, 1);
      })(),
    ).rejects.toMatchObject({ code: "CLUSTER_LIMIT" });
  });

  it("evicts rather than refuse a new key where it may, the oldest first", async () => {
    const cache = (await join("a1", { domains: { cache: { maxEntries: 20 } } })).domain<number>("cache");
    for (let i = 0; i < 100; i++) await cache.put(`k${i}`, i);
    expect(cache.peek("k99")).toBe(99);
    expect(cache.peek("k0")).toBeUndefined();
    expect(cache.size).toBeLessThanOrEqual(18);
  });

  it("is told when what it does suits another backend, and moves nothing", async () => {
    const memory = await join("a1", { engines: new MemoryCluster(), evaluateEvery: 0 });
    const advice: unknown[] = [];
    memory.on("advice", ({ domain, before, backend }) => advice.push([domain, before, backend]));
    const [cache, shared] = [memory.domain<number>("cache"), memory.domain<number>("shared")];
    expect(memory.status().domains.cache.advised).toBeNull();
    for (let look = 0; look < 3; look++) {
      for (let i = 0; i < 200; i++) {
        cache.peek("k");
        shared.peek("k");
      }
      memory.evaluate();
    }
    expect(advice).toEqual([]); // shared is only read, but must not be lost
    expect(memory.status().domains.shared).toMatchObject({ advised: "cluster", writes: 0 });
    const kept = await join("a2", {
      ...{ engines: new MemoryCluster(), evaluateEvery: 5 },
      domains: { log: { backend: "node", characteristics: { ...USE, durability: "high" } } },
    });
    kept.on("advice", ({ domain, before, backend }) => advice.push([domain, before, backend]));
    await expect
      .poll(async () => {
        for (let i = 0; i < 200; i++) await kept.domain("log").put("k", i);
        return advice[0];
      })
      .toEqual(["log", "node", "cluster"]);
    expect(kept.status().domains.log).toMatchObject({ backend: "node", advised: "cluster" });
  });

  it("ends with its store, and says so from then on", async () => {
    const made = await store();
    const memory = await DistributedMemory.join({ store: made, node: "a1" });
    const shared = memory.domain("shared");
    await expect(DistributedMemory.join({ store: made, node: "a2" })).rejects.toThrow('joined already, as node "a1"');
    await made.close();
    await expect(shared.get("k")).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => memory.domain("shared")).toThrow("closed");
    await memory.close();
  });
});

describe("several nodes", () => {
  it("have what the others wrote, told after it can be read, and one load for all of them", async () => {
    const engines = new MemoryCluster();
    const [a, b] = [await join("node a.*>", { engines }), await join("ñ\u{1F98A}", { engines })];
    const [left, right] = [a.domain<string>("shared"), b.domain<string>("shared")];
    const changes = right.changes();
    await left.put("k", "v");
    expect(left.peek("k")).toBe("v");
    const { value: change } = await changes.next();
    expect(change).toMatchObject({ key: "k", value: "v", source: "node a.*>", gap: false });
    expect(right.peek("k")).toBe("v");
    await left.put("s", "1", { consistency: "strong" });
    expect(await right.get("s", { consistency: "strong" })).toBe("1");
    expect(await right.get("s", { consistency: "bounded_stale", window: 5 })).toBe("1");
    let loads = 0;
    const load = async () => {
      loads++;
      await new Promise((resolve) => setImmediate(resolve));
      return "loaded";
    };
    const both = await Promise.all([left, right].map((domain) => domain.getOrLoad("l", load)));
    expect([both, loads]).toEqual([["loaded", "loaded"], 1]);
    expect(a.members().map(({ node }) => node)).toEqual(["ñ\u{1F98A}"]);
    expect(a.clusterMemory().nodes).toBe(2);
    await changes.return?.();
  });

  it("refuse a name that is taken, and leave nothing of whoever asked", async () => {
    const engines = new MemoryCluster();
    await join("twin", { engines });
    const made = await store();
    await expect(DistributedMemory.join({ store: made, node: "twin", engines, timeout: 8000 })).rejects.toMatchObject({
      code: "NODE_NAME_TAKEN",
    });
    const other = await DistributedMemory.join({ store: made, node: "other", engines });
    await other.close();
  });

  it("go on apart, are honest about it, and heal with their conflicts counted", async () => {
    const { network, apart } = apartable();
    const engines = new MemoryCluster({ network, timeoutMs: 100 });
    const [a, b] = [await join("a", { engines }), await join("b", { engines })];
    const [left, right] = [a.domain<string>("session"), b.domain<string>("session")];
    const told: unknown[] = [];
    a.on("conflict", (report) => told.push(report));
    await left.get("k", { consistency: "bounded_stale" });
    apart.add("a");
    await left.put("k", "alone");
    await right.put("k", "with the log", { consistency: "strong" });
    expect([left.peek("k"), right.peek("k")]).toEqual(["alone", "with the log"]);
    await expect(left.get("k", { consistency: "bounded_stale", window: 0, timeout: 200 })).rejects.toThrow(StaleError);
    await expect(left.get("k", { consistency: "strong", timeout: 200 })).rejects.toThrow(UnavailableError);
    await expect(left.put("k", "x", { consistency: "strong", timeout: 200 })).rejects.toThrow(UnavailableError);
    expect(a.status().domains.session).toMatchObject({ outbox: 1 });
    apart.delete("a");
    engines.reconnect("a");
    expect(await a.heal()).toMatchObject({ merged: true, conflictsResolved: 1 });
    await Promise.all([a.sync(), b.sync()]);
    expect([left.peek("k"), right.peek("k")]).toEqual(["with the log", "with the log"]);
    expect(told).toEqual([{ domain: "session", key: "k", mine: "a", other: "b", kept: "b" }]);
  });

  it("forget what is invalidated, by tag and pattern too", async () => {
    const engines = new MemoryCluster();
    const [a, b] = [await join("a", { engines }), await join("b", { engines })];
    await a.domain("shared").put("user:1", 1, { tags: ["user"] });
    await a.domain("shared").put("user:2", 2);
    await a.sync();
    await b.sync();
    expect(await b.invalidate("shared", { tag: "user" }, { wait: "all" })).toMatchObject({ acknowledged: ["a"] });
    expect(a.domain("shared").peek("user:1")).toBeUndefined();
    await a.invalidate("shared", { pattern: "user:*" }, { wait: "all" });
    expect([...b.domain("shared").keys()]).toEqual([]);
  });

  it("keep what was written after an invalidation, also where that is heard late, or again by a node that joins", async () => {
    const engines = new MemoryCluster({ network: { ...CALM, delayMs: () => 5 } });
    const [a, b] = [await join("a", { engines }), await join("b", { engines })];
    const shared = a.domain("shared");
    await shared.put("k", "old", { tags: ["t"] });
    await a.sync({ domain: "shared" });
    await b.sync({ domain: "shared" });
    await a.invalidate("shared", { tag: "t" }, { wait: "none" });
    await shared.put("k", "new", { tags: ["t"] });
    const c = await join("c", { engines });
    // an acknowledgement says that all before it is done as well
    const done = await a.invalidate("shared", { key: "another" }, { wait: "all", timeout: "60s" });
    expect(done.acknowledged.toSorted()).toEqual(["b", "c"]);
    for (const node of [b, c, a]) await node.sync({ domain: "shared" });
    await a.sync({ domain: "shared" });
    expect([a, b, c].map((node) => node.domain("shared").peek("k"))).toEqual(["new", "new", "new"]);
    expect([a, b, c].map((node) => node.status().domains.shared.conflicts)).toEqual([0, 0, 0]);
  });
});

describe("a version of 0", () => {
  it("means a key that reads as nothing, also one that was deleted or is over, and has it once", async () => {
    const { network, apart } = apartable();
    const engines = new MemoryCluster({ network, timeoutMs: 50 });
    const [a, b] = [await join("a", { engines }), await join("b", { engines })];
    const [left, right] = [a.domain("shared"), b.domain("shared")];
    expect(await left.compareAndSet("lock", "a", { version: 0 })).not.toBe(false);
    await b.sync({ domain: "shared" });
    expect(await right.compareAndSet("lock", "b", { version: 0 })).toBe(false);
    await left.delete("lock", { consistency: "strong" });
    await b.sync({ domain: "shared" });
    expect(await right.compareAndSet("lock", "b", { version: 0 })).not.toBe(false);
    expect(await left.compareAndSet("lock", "a", { version: 0 })).toBe(false);
    await left.put("brief", 1, { consistency: "strong", ttl: 1 });
    await expect.poll(() => left.peek("brief"), { timeout: 60_000 }).toBeUndefined();
    const both = await Promise.all([left, right].map((one) => one.compareAndSet("brief", 2, { version: 0 })));
    expect(both.filter((one) => one !== false)).toHaveLength(1);
    // what b has not heard of
    apart.add("b");
    await left.delete("lock", { consistency: "strong" });
    apart.delete("b");
    expect(right.peek("lock")).toBe("b");
    expect(await right.compareAndSet("lock", "b again", { version: 0, timeout: "60s" })).not.toBe(false);
  });
});

describe("joining", () => {
  it("where nothing answers ends by its deadline, with nothing open", async () => {
    const engines = new MemoryCluster({ network: { ...CALM, reachesLog: () => false }, timeoutMs: 50 });
    const made = await store();
    const late = DistributedMemory.join({ store: made, node: "a", engines, timeout: 300 });
    await expect(late).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const memory = await DistributedMemory.join({ store: made, node: "a" });
    await memory.close();
  });

  it.each(["read", "since"] as const)(
    "that is given up while one domain's log does not answer a %s asks it nothing afterwards",
    async (silent) => {
      const logs = new MemoryCluster();
      const asked: string[] = [];
      const engines: EngineSource = {
        open: async (definition, node) => {
          const engine = await logs.open(definition, node);
          if (definition.name !== "shared") return engine;
          return new Proxy<Engine>(engine, {
            get: (of, name) => {
              const its = Reflect.get(of, name);
              if (typeof its !== "function") return its;
              return (...args: unknown[]) => {
                asked.push(String(name));
                return name === silent ? Promise.reject(new EngineUnknown("no answer")) : its.apply(of, args);
              };
            },
          });
        },
        close: () => logs.close(),
      };
      const late = DistributedMemory.join({ store: await store(), node: "a", engines, timeout: 300, heartbeat: 10 });
      await expect(late).rejects.toThrow('domain "shared" does not answer');
      const before = asked.length;
      // another node's heart has beaten some times meanwhile
      const other = await join("b", { engines: new MemoryCluster(), heartbeat: 10 });
      await expect.poll(() => other.status().domains.session.completed, { timeout: 60_000 }).toBeGreaterThan(5);
      expect(asked.slice(before)).toEqual([]);
    },
  );
});

describe("the tier outside", () => {
  it("is written after a domain, and read where that has nothing", async () => {
    const external = new MemoryTier();
    const a = await join("a", { external });
    await a.domain("shared").put("k", "v", { consistency: "strong" });
    expect([...external.entries.keys()]).toEqual(["shared:k"]);
    const b = await join("b", { external });
    expect(b.domain("shared").peek("k")).toBeUndefined();
    expect(await b.domain("shared").get("k")).toBe("v");
    await b.sync();
    expect(await b.domain("shared").getEntry("k", { consistency: "strong" })).toMatchObject({
      value: "v",
      source: "a",
    });
  });
});

describe("unsent writes", () => {
  it("outlive the node in its store, and are sent by the next one", async () => {
    const { network, apart } = apartable();
    const engines = new MemoryCluster({ network, timeoutMs: 50 });
    const made = await store();
    const first = await DistributedMemory.join({ store: made, node: "a", engines, heartbeat: 50 });
    apart.add("a");
    await first.domain("shared").put("k", "v");
    await first.close({ timeout: 0 });
    apart.delete("a");
    const second = await DistributedMemory.join({ store: made, node: "a", engines });
    ends.push(() => second.close({ timeout: 0 }));
    await second.sync();
    const other = await join("b", { engines });
    expect(other.domain("shared").peek("k")).toBe("v");
  });
});

it("does what its page shows", async () => {
  const page = readFileSync(new URL("../../docs/cluster.md", import.meta.url), "utf8");
  const program = (/```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "").replace(/^import .*\n/gm, "");
  expect(program).toContain("compareAndSet");
  const AsyncFunction = (async () => {}).constructor as new (
    ...text: string[]
  ) => (...given: unknown[]) => Promise<void>;
  await new AsyncFunction("Store", "DistributedMemory", program)(Store, DistributedMemory);
});

describe("a node with checkpoints", () => {
  const directory = mkdtempSync(join_(tmpdir(), "engram-memory-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  const backedUp = async (folder: string) => {
    const made = await store();
    return { store: made, backups: await made.backup({ directory: join_(directory, folder), strategy: "manual" }) };
  };

  it("recovers by every mode, domain by domain or all, and tells how far it is", async () => {
    const engines = new MemoryCluster();
    const a = await join("a", { ...(await backedUp("modes")), engines, domains: { session: { maxBytes: "1MiB" } } });
    const b = await join("b", { engines });
    await a.domain("shared").put("plan", "go", { consistency: "strong" });
    await a.domain("session").put("s", 1, { consistency: "strong" });
    const told: string[] = [];
    const stop = a.on("recovery", ({ domain, step, percent }) => told.push(`${domain} ${step} ${percent}`));
    await expect(b.checkpoint()).rejects.toThrow(/has no directory for checkpoints/);
    expect([await a.checkpoint("mine"), a.checkpoints()]).toMatchObject([{ name: "mine" }, [{ name: "mine" }]]);
    for (const mode of RECOVERY_MODES) {
      const done = await a.recover({ mode });
      expect(done.map(({ domain }) => domain)).toEqual(["session", "shared"]);
      for (const one of done) expect(one).toMatchObject({ faults: [], merged: true });
      if (mode !== "auto") expect(done.map((one) => one.mode)).toEqual([mode, mode]);
    }
    expect([told[0], told.at(-1)]).toEqual(["session detection 0", "shared reintegration 100"]);
    stop();
    expect(await a.recover({ mode: "peer", peer: "b", domain: "shared" })).toMatchObject([{ domain: "shared" }]);
    expect(a.domain("shared").peek("plan")).toBe("go");
    expect(await a.restoreCheckpoint("mine")).toHaveLength(2);
    await expect(a.restoreCheckpoint("yours")).rejects.toThrow(/there is no checkpoint "yours"; there are mine/);
    await expect(a.recover({ domain: "cache" })).rejects.toThrow(/replicated domains here: session, shared/);
    a.deleteCheckpoint("mine");
    expect(a.checkpoints()).toEqual([]);
    expect(await a.heal()).toEqual({ nodes: 2, merged: true, conflictsResolved: 0 });
    expect(a.status()).toMatchObject({ node: "a", engine: "memory 1, 1 copy", recovery: { status: "failed" } });
    expect(a.status().domains.session).toMatchObject({ entries: 1, limitBytes: 2 ** 20, pressure: "low" });
    expect(reportOf(a.status()).title).toBe("Cluster: a with b (memory 1, 1 copy)");
    expect(a.clusterMemory()).toMatchObject({ nodes: 2, totalMemoryBytes: 2 ** 31 });
  });

  it("takes them by itself, and keeps the latest", async () => {
    const a = await join("a", { ...(await backedUp("own")), checkpoints: { every: 10, keep: 2 } });
    await expect.poll(() => a.checkpoints().length).toBe(2);
    const [{ name: first }] = a.checkpoints();
    await expect.poll(() => a.checkpoints()[0]?.name).not.toBe(first);
  });

  it("is given back what it was, alone, where its store comes from one", async () => {
    const made = await backedUp("restart");
    const first = await DistributedMemory.join({ ...made, node: "a", domains: { files: { backend: "disk" } } });
    for (const domain of ["shared", "files", "cache"]) await first.domain(domain).put("k", domain);
    await first.checkpoint("last");
    const restored = (await made.backups.restoreCheckpoint("last")).store;
    ends.push(() => restored.close());
    await first.close();
    const again = await join("a", { store: restored, domains: { files: { backend: "disk" } } });
    const found = ["shared", "files", "cache"].map((domain) => again.domain(domain).peek("k"));
    expect(found).toEqual(["shared", "files", undefined]);
  });
});

describe("a copy that lies in the store already", () => {
  it("is a head start: only what came since is fetched, deletions too", async () => {
    const engines = new MemoryCluster();
    const b = await join("b", { engines });
    const made = await store();
    const first = await DistributedMemory.join({ store: made, node: "a", engines });
    for (const key of ["stays", "goes", "changes"]) {
      await first.domain("shared").put(key, "1", { consistency: "strong", tags: ["t"] });
    }
    await first.close();
    const shared = b.domain("shared");
    await shared.delete("goes", { consistency: "strong" });
    await shared.put("changes", "2", { consistency: "strong" });
    await b.sync();
    const before = b.status().domains.shared.syncBytes;
    const again = await join("a", { store: made, engines });
    const { applied, syncBytes } = again.status().domains.shared;
    expect(["stays", "goes", "changes"].map((key) => again.domain("shared").peek(key))).toEqual(["1", undefined, "2"]);
    expect(applied).toBeGreaterThan(3);
    expect(syncBytes).toBeLessThan(before / 2);
    expect(await again.invalidate("shared", { tag: "t" })).toMatchObject({ dropped: 1 });
  });

  it("is none when something of it was evicted, or it is of a log that is no more", async () => {
    const engines = new MemoryCluster();
    const made = await store();
    const first = await DistributedMemory.join({ store: made, node: "a", engines });
    await first.domain("shared").put("evicted", 1, { consistency: "strong" });
    await first.domain("session").put("s", 1, { consistency: "strong" });
    await first.close();
    made.namespace("cluster:shared").delete("evicted");
    const second = await DistributedMemory.join({ store: made, node: "a", engines });
    expect(second.domain("shared").peek("evicted")).toBe(1);
    await second.close();
    const elsewhere = await join("a", { store: made, engines: new MemoryCluster() });
    expect([...elsewhere.domain("session").keys(), ...elsewhere.domain("shared").keys()]).toEqual([]);
  });
});

describe("a log that lost everything", () => {
  it("is noticed by whoever asks it, and gets what the nodes have", async () => {
    const engines = new MemoryCluster();
    const [a, b] = [await join("a", { engines }), await join("b", { engines })];
    const told: unknown[] = [];
    a.on("log-renewed", (event) => told.push(event));
    for (let i = 0; i < 30; i++) await b.domain("shared").put("k", i, { consistency: "strong" });
    await a.domain("shared").put("k", "acknowledged", { consistency: "strong" });
    await a.domain("shared").put("gone", 1, { consistency: "strong" });
    await a.domain("shared").delete("gone", { consistency: "strong" });
    await b.sync();
    engines.log("shared").lose();
    await expect.poll(() => [a, b].map((one) => one.status().domains.shared.applied < 20)).toEqual([true, true]);
    await expect.poll(() => a.domain("shared").get("k", { consistency: "strong" }).catch(String)).toBe("acknowledged");
    await a.heal();
    await b.sync();
    const c = await join("c", { engines });
    expect([...c.domain("shared").keys()]).toEqual(["k"]);
    expect(told).toEqual([{ domain: "shared", versions: 2 }]);
  });
});

describe("a worker thread", () => {
  it("peeks at the copy, and has the thread that joined do the rest", async () => {
    const made = await store();
    const memory = await DistributedMemory.join({ store: made, node: "a", domains: { near: { near: 2 } } });
    ends.push(() => memory.close({ timeout: 0 }));
    await memory.domain("shared").put("k", { n: 1 }, { consistency: "strong" });
    const worker = new Worker(new URL("./attached-worker.mjs", import.meta.url), {
      workerData: { store: made.handle, memory: memory.handle },
    });
    const answer = await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await worker.terminate();
    expect(answer).toEqual({
      ...{ peeked: { n: 1 }, strong: { n: 1 }, after: { n: 2 }, version: true, swapped: true, late: false },
      told: [
        { key: "k", value: { n: 2 }, gap: false },
        { key: "k", value: { n: 3 }, gap: false },
      ],
      ...{
        loaded: [{ loads: 1 }, { loads: 1 }],
        own: true,
        nothing: true,
        dropped: 1,
        kept: [true, true, { deep: [2] }],
      },
      errors: ["INVALID_ARGUMENT", "INVALID_ARGUMENT", "STALE or none", ...Array(3).fill("INVALID_ARGUMENT")],
    });
    const near = memory.domain("near");
    expect(near.peek("o")).toBe(await near.get("o"));
    expect(Object.isFrozen(near.peek("o"))).toBe(true);
    expect(memory.domain("shared").peek("k")).not.toBe(memory.domain("shared").peek("k"));
    expect(memory.domain("shared").peek("k")).toEqual({ n: 3 });
  });

  it("is told that its changes were not kept when it asks for them too late, and not that they ended", async () => {
    const memory = await DistributedMemory.join({ store: await store(), node: "a" });
    ends.push(() => memory.close({ timeout: 0 }));
    await memory.domain("shared").put("k", 1, { consistency: "strong" });
    const [asks, answers] = [new BroadcastChannel(memory.handle.channel), new BroadcastChannel("late-thread")];
    ends.push(async () => {
      asks.close();
      answers.close();
    });
    const answer = new Promise((resolve) => {
      answers.onmessage = (event: unknown) => resolve((event as { data: unknown }).data);
    });
    asks.postMessage({ from: "late-thread", number: 2, domain: "shared", method: "next", args: [1] });
    expect(await answer).toMatchObject({ number: 2, error: { code: "UNAVAILABLE" } });
  });
});
