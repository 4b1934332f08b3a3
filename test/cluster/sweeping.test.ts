/** What was deleted or has expired: it is no usage, and leaves logs and copies. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DomainState } from "#dist/src/cluster/domain-state.js";
import { DistributedMemory, type JoinOptions, MemoryCluster, Replica } from "#dist/src/cluster/index.js";
import { Sweeping, type Swept } from "#dist/src/cluster/sweeping.js";
import { Store } from "#dist/src/index.js";
import { Time, TinyLog } from "./tiny-cluster.js";

const ends: (() => Promise<unknown>)[] = [];
const HOUR_MS = 3_600_000;

/** The wall clock goes ahead. */
function leap(ms: number): void {
  const now = Date.now() + ms;
  vi.spyOn(Date, "now").mockReturnValue(now);
}

afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0).reverse()) await end();
});

async function join(node: string, options: Partial<JoinOptions> = {}): Promise<DistributedMemory> {
  const store = await Store.create({ capacity: "16MiB", maintenance: false });
  ends.push(() => store.close());
  const memory = await DistributedMemory.join({ store, node, ...options });
  ends.push(() => memory.close({ timeout: 0 }));
  return memory;
}

function stateOf(memory: DistributedMemory, domain: string): DomainState {
  return (memory as unknown as { state: { domains: Map<string, DomainState> } }).state.domains.get(domain)!;
}

describe("what has expired", () => {
  it("is no usage, and makes room for new keys", async () => {
    const a = await join("a", { domains: { session: { maxEntries: 100 } } });
    const session = a.domain("session");
    for (let i = 0; i < 90; i++) await session.put(`old ${i}`, i, { ttl: "1h", tags: ["t"] });
    await expect(session.put("new", 1)).rejects.toMatchObject({ code: "CLUSTER_LIMIT" });
    await a.sync({ domain: "session" }); // each is shown once more when the log has it
    leap(2 * HOUR_MS);
    await expect.poll(() => a.status().domains.session.entries, { timeout: 30_000 }).toBe(0);
    await session.put("new", 1);
    expect(a.status().domains.session.entries).toBe(1);
    expect(a.status().pressure).toBe("low");
  });
});

describe("sweeping", () => {
  it("takes all of it out of a log of one's own, on every node, whoever else there is", async () => {
    const engines = new MemoryCluster();
    const [, b] = [await join("a", { engines }), await join("b", { engines })];
    const cache = b.domain("cache");
    const changes = cache.changes({ prefix: "expires" });
    for (let i = 0; i < 1500; i++) {
      await cache.put(`deleted ${i}`, i);
      await cache.delete(`deleted ${i}`);
    }
    await cache.put("expires", 1, { ttl: "1h" });
    await cache.put("stays", 1);
    await b.sync({ domain: "cache" });
    const state = stateOf(b, "cache");
    expect(state.replica.size).toBe(1502);
    leap(2 * HOUR_MS);
    expect(cache.peek("expires")).toBeUndefined();
    await new Sweeping(
      () => [state],
      () => false,
    ).look();
    expect(state.replica.size).toBe(1);
    expect(cache.peek("stays")).toBe(1);
    const told = [await changes.next(), await changes.next()].map(({ value }) => value);
    expect(told).toMatchObject([
      { key: "expires", value: 1, gap: false },
      { key: "expires", value: undefined, gap: false },
    ]);
  });

  it("of what all nodes share is one node's, and the others drop what it has swept", async () => {
    const engines = new MemoryCluster();
    const [a, b] = [await join("a", { engines }), await join("b", { engines })];
    const shared = a.domain("shared");
    await shared.put("k", 1, { consistency: "strong" });
    await shared.delete("k", { consistency: "strong" });
    await b.sync({ domain: "shared" });
    const [first, other] = [stateOf(a, "shared"), stateOf(b, "shared")];
    expect(other.dropSwept(0)).toBe(0);
    const calls: string[] = [];
    const watched = (name: string, isOwn: boolean): Swept => ({
      isOwn,
      sweep: async (keptMs) => calls.push(`${name} swept ${keptMs > 0}`),
      dropSwept: () => calls.push(`${name} drops`),
    });
    const domains = [watched("own", true), watched("shared", false)];
    await new Sweeping(
      () => domains,
      () => true,
    ).look();
    await new Sweeping(
      () => domains,
      () => false,
    ).look();
    expect(calls).toEqual(["own swept false", "shared swept true", "own swept false", "shared drops"]);
    expect(await first.sweep(0)).toBe(1);
    await b.sync({ domain: "shared" });
    expect(other.dropSwept(0)).toBe(1);
    expect([first.replica.size, other.replica.size]).toEqual([0, 0]);
    expect(await b.domain("shared").compareAndSet("k", 2, { version: 0 })).not.toBe(false);
  });
});

describe("a deletion", () => {
  it("is kept for as long as it has been known here, however old it was when it came", async () => {
    const a = await join("a", { engines: new MemoryCluster() });
    const shared = a.domain("shared");
    await shared.put("k", 1, { consistency: "strong" });
    await shared.delete("k", { consistency: "strong" });
    const state = stateOf(a, "shared");
    leap(2 * HOUR_MS);
    expect(await state.sweep(HOUR_MS)).toBe(0);
    const later = performance.now() + HOUR_MS;
    vi.spyOn(performance, "now").mockReturnValue(later);
    expect(await state.sweep(HOUR_MS)).toBe(1);
  });

  it("that an earlier life of the node has seen is before what this one writes, whoever's clock was ahead", async () => {
    const engines = new MemoryCluster();
    const store = await Store.create({ capacity: "16MiB", maintenance: false });
    ends.push(() => store.close());
    const before = await DistributedMemory.join({ store, node: "a", engines });
    await before.domain("shared").put("k", 1, { consistency: "strong" });
    const seen = Date.now() + 30_000;
    stateOf(before, "shared").replica.hybrid.witness({ ms: seen, counter: 0 });
    await before.close();
    const again = await DistributedMemory.join({ store, node: "a", engines });
    ends.push(() => again.close({ timeout: 0 }));
    expect(stateOf(again, "shared").replica.hybrid.issue().ms).toBeGreaterThanOrEqual(seen);
  });
});

describe("a version that is fetched again", () => {
  it("does not replace a later one that was told meanwhile", async () => {
    const time = new Time();
    const log = new TinyLog(time);
    const engine = log.engine("a");
    const replica = new Replica({ node: "a", incarnation: "1", engine, clock: time.clock() });
    const first = replica.commit("k", Uint8Array.of(1), { timeoutMs: 100 });
    await time.pass(5);
    const { seq } = (await first)!;
    const read = engine.read.bind(engine);
    engine.read = async (key) => {
      const found = await read(key);
      log.append(key, found!.entry, { id: "later" });
      await time.pass(5);
      return found;
    };
    await replica.refetch("k");
    expect(replica.confirmed("k")?.seq).toBe(seq + 1);
    replica.close();
  });
});
