/** The tier outside, on a Redis that is killed, stopped and shared with others: the later version stays, and nobody waits. */
import { createClient } from "@redis/client";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Redis, redisIsMissing, startRedis } from "#dist/harness/services/index.js";
import type { ClusterClock } from "#dist/src/cluster/engine.js";
import type { ClusterEntry } from "#dist/src/cluster/entry.js";
import { type ExternalTier, MemoryTier } from "#dist/src/cluster/external.js";
import { type RedisTierOptions, redisTier } from "#dist/src/cluster/external-redis.js";
import { compareEntries } from "#dist/src/cluster/merge.js";
import { systemClock } from "#dist/src/cluster/system-clock.js";
import { WriteBehind } from "#dist/src/cluster/write-behind.js";
import { InvalidArgumentError } from "#dist/src/errors.js";

const missing = redisIsMissing();
if (missing !== null) process.stderr.write(`cluster: tests of the external tier against a Redis skipped: ${missing}\n`);

/** On a busy machine an answer may take long; those tests that want a deadline to pass have their own. */
const PATIENT_MS = 30_000;

function version(value: string | null, ms: number, more: Partial<ClusterEntry> = {}): ClusterEntry {
  const bytes = value === null ? null : new Uint8Array(Buffer.from(value));
  const stamp = { ms, counter: 0 };
  return { stamp, node: "a", count: 1, clock: new Map([["a", 1]]), expiresAt: 0, tags: [], value: bytes, ...more };
}

const drawn = fc
  .record({
    // Few, so that what decides between equal ones is asked.
    ms: fc.integer({ min: 1, max: 2 }).map((n) => 2 ** 47 + n),
    counter: fc.integer({ min: 0, max: 1 }),
    node: fc.constantFrom("a", "aa", "ü"),
    count: fc.integer({ min: 1, max: 4 }),
    value: fc.option(fc.constantFrom("x", "y"), { nil: null }),
  })
  .map(({ ms, counter, node, count, value }) => version(value, ms, { stamp: { ms, counter }, node, count }));

/** What every tier is held to. */
function keepsTheLater(open: () => Promise<[ExternalTier, ExternalTier]>): void {
  it("keeps of a key's versions the latest, in whichever order and by whichever node they are written", async () => {
    const [one, other] = await open();
    let keys = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 6 }), async (versions) => {
        const key = `key ${++keys}`;
        for (const [i, entry] of versions.entries()) {
          const tier = i % 2 === 0 ? one : other;
          tier.write("d", key, entry);
          expect(await tier.settle(PATIENT_MS)).toBe(true);
        }
        const latest = versions.reduce((a, b) => (compareEntries(a, b) >= 0 ? a : b));
        const { stamp, node, count } = (await one.read("d", key))!;
        expect({ stamp, node, count }).toEqual({ stamp: latest.stamp, node: latest.node, count: latest.count });
      }),
      { numRuns: 60 },
    );
    expect(one.counts.dropped).toBe(0);
  });
}

describe("the external tier in this process", () => {
  keepsTheLater(async () => {
    const tier = new MemoryTier();
    return [tier, tier];
  });
});

describe("what waits to be written", () => {
  it("is each key's latest version", () => {
    const queue = new WriteBehind(10, 1000);
    queue.add("k", version("2", 2));
    queue.add("k", version("1", 1));
    queue.add("l", version("1", 1));
    queue.add("k", version("3", 3));
    expect(queue.size).toBe(2);
    expect(queue.take(10).map(({ name, entry }) => [name, entry.stamp.ms])).toEqual([
      ["l", 1],
      ["k", 3],
    ]);
    expect([queue.size, queue.dropped]).toEqual([0, 0]);
  });

  it("is so many versions and so many bytes at most: the oldest are dropped, and counted", () => {
    const queue = new WriteBehind(3, 100);
    for (let i = 0; i < 5; i++) queue.add(`k${i}`, version("x", 1));
    expect([queue.size, queue.dropped]).toEqual([3, 2]);
    queue.add("large", version("x".repeat(99), 1));
    expect([queue.size, queue.dropped]).toEqual([2, 4]);
    expect(queue.take(10).map(({ name }) => name)).toEqual(["k4", "large"]);
  });

  it("that is given back does not replace what came since", () => {
    const queue = new WriteBehind(10, 1000);
    queue.add("k", version("1", 1));
    const taken = queue.take(1);
    queue.add("k", version("2", 2));
    queue.giveBack(taken);
    expect(queue.take(10).map(({ entry }) => entry.stamp.ms)).toEqual([2]);
  });
});

describe("the external tier's options", () => {
  it.each(["", "localhost", "http://h", "redis://", "unix:", 7])("%j is no address", async (url) => {
    await expect(redisTier({ url: url as string })).rejects.toThrow(InvalidArgumentError);
  });

  it("keep a password out of what is said", async () => {
    await expect(redisTier({ url: "http://me:secret@host" })).rejects.toThrow('"http://***@host"');
  });

  it.each([{ deadlineMs: 0 }, { mostWaiting: 1.5 }, { mostWaitingBytes: -1 }])("%j is refused", async (wrong) => {
    await expect(redisTier({ url: "redis://127.0.0.1:1", ...wrong })).rejects.toThrow(/^external \w+ .*above 0/);
  });
});

describe.skipIf(missing !== null)("the external tier on Redis", () => {
  let redis: Redis;
  const open: ExternalTier[] = [];
  let prefixes = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(async () => {
    await Promise.all(open.map((tier) => tier.close()));
    await redis?.stop();
  });

  async function tier(options: Partial<RedisTierOptions> = {}, clock?: ClusterClock): Promise<ExternalTier> {
    const made = await redisTier({ url: redis.url, deadlineMs: PATIENT_MS, ...options }, clock);
    open.push(made);
    await vi.waitFor(() => expect(made.counts.up).toBe(true), { timeout: 60_000 });
    return made;
  }

  const own = (): string => `p${++prefixes}:`;

  keepsTheLater(async () => {
    const prefix = own();
    return [await tier({ prefix }), await tier({ prefix })];
  });

  it("gives back a version as it was, tags, clock, expiry and bytes", async () => {
    const one = await tier({ prefix: own() });
    const clock = new Map([
      ["a", 3],
      ["b", 2 ** 40],
    ]);
    const entry = version("\u0000ü", 2 ** 47 + 5, { tags: ["t", "ü"], clock, expiresAt: Date.now() + 600_000 });
    one.write("d", "k:ü *", entry);
    await one.settle(PATIENT_MS);
    expect(await one.read("d", "k:ü *")).toEqual(entry);
    expect(await one.read("other", "k:ü *")).toBeNull();
    expect(one.counts).toMatchObject({ reads: 2, hits: 1, missed: 0, written: 1, dropped: 0, waiting: 0, up: true });
  });

  it("keeps expiry and tombstones no longer than they are good for, and nothing that is over", async () => {
    const prefix = own();
    const one = await tier({ prefix, tombstoneMs: 600_000 });
    one.write("d", "expiring", version("x", 1, { expiresAt: Date.now() + 600_000 }));
    one.write("d", "over", version("x", 1, { expiresAt: Date.now() - 1 }));
    one.write("d", "lasting", version("x", 1));
    one.write("d", "deleted", version("x", 1));
    await one.settle(PATIENT_MS);
    one.write("d", "deleted", version(null, 2));
    await one.settle(PATIENT_MS);
    const asked = await createClient({ url: redis.url }).connect();
    const left = await Promise.all(
      ["expiring", "over", "lasting", "deleted"].map((key) => asked.pTTL(`${prefix}d:${key}`)),
    );
    expect(left[0]).toBeGreaterThan(0);
    expect(left[0]).toBeLessThanOrEqual(600_000);
    expect(left.slice(1, 3)).toEqual([-2, -1]);
    expect(left[3]).toBeGreaterThan(0);
    expect(left[3]).toBeLessThanOrEqual(600_000);
    // An older version does not bring a deleted key back.
    one.write("d", "deleted", version("x", 1));
    await one.settle(PATIENT_MS);
    expect((await one.read("d", "deleted"))?.value).toBeNull();
    asked.destroy();
  });

  it("reads nothing in what another program has written there, and replaces it", async () => {
    const prefix = own();
    const one = await tier({ prefix });
    const asked = await createClient({ url: redis.url }).connect();
    await asked.set(`${prefix}d:k`, "theirs");
    expect(await one.read("d", "k")).toBeNull();
    expect(one.counts.foreign).toBe(1);
    one.write("d", "k", version("ours", 1));
    await one.settle(PATIENT_MS);
    expect(Buffer.from((await one.read("d", "k"))?.value ?? []).toString()).toBe("ours");
    asked.destroy();
  });

  it("stopped costs one deadline: reads find nothing, writes wait, and both go on when it answers again", async () => {
    let passed = 0;
    const clock: ClusterClock = {
      ...systemClock,
      after: (ms, callback) =>
        systemClock.after(ms, () => {
          if (ms === 20) passed++;
          callback();
        }),
    };
    const one = await tier({ prefix: own(), deadlineMs: 20, mostWaiting: 100 }, clock);
    await redis.pause();
    try {
      for (let i = 0; i < 1000; i++) expect(await one.read("d", `k${i}`)).toBeNull();
      expect(passed).toBe(1);
      for (let i = 0; i < 150; i++) one.write("d", `k${i}`, version("x", 1));
      expect(one.counts).toMatchObject({ missed: 1000, up: false, waiting: 100, dropped: 50 });
      expect(passed).toBe(1);
    } finally {
      redis.resume();
    }
    // Deadlines of 20 ms may be missed on a busy machine, now and then; in the end everything is there.
    await vi.waitFor(() => expect(one.counts).toMatchObject({ waiting: 0, dropped: 50 }), { timeout: 120_000 });
    await vi.waitFor(async () => expect((await one.read("d", "k149"))?.stamp.ms).toBe(1), { timeout: 120_000 });
  });

  it("killed and started again, empty, takes what waited and what comes", async () => {
    const one = await tier({ prefix: own() });
    one.write("d", "before", version("x", 1));
    await one.settle(PATIENT_MS);
    await redis.pause();
    one.write("d", "in hand", version("x", 1));
    await new Promise((done) => setImmediate(() => setImmediate(done))); // it is on its way, and dies with the server
    await redis.kill();
    await vi.waitFor(() => expect(one.counts.up).toBe(false), { timeout: 60_000 });
    one.write("d", "meanwhile", version("x", 1));
    expect(await one.read("d", "before")).toBeNull();
    await redis.restart();
    await vi.waitFor(() => expect(one.counts).toMatchObject({ up: true, waiting: 0 }), { timeout: 60_000 });
    expect(await one.read("d", "before")).toBeNull();
    for (const key of ["meanwhile", "in hand"]) expect(await one.read("d", key)).not.toBeNull();
  });

  it("that is not there at all is waited for by nobody, neither to join nor to leave", async () => {
    const one = await redisTier({ url: "redis://127.0.0.1:1" });
    expect(await one.read("d", "k")).toBeNull();
    one.write("d", "k", version("x", 1));
    await one.close();
    await one.close();
    expect(one.counts).toMatchObject({ missed: 1, dropped: 1, waiting: 0, up: false });
  });

  it("writes what waits before it is closed", async () => {
    const prefix = own();
    const one = await tier({ prefix });
    for (let i = 0; i < 200; i++) one.write("d", `k${i}`, version("x", 1));
    await one.close();
    expect(one.counts).toMatchObject({ written: 200, dropped: 0 });
    const other = await tier({ prefix });
    expect(await other.read("d", "k199")).not.toBeNull();
  });
});
