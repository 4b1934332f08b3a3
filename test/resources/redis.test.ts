/** Connections for real: a Redis server, killed under those who use it. */
import { createClient } from "@redis/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Redis, redisIsMissing, startRedis } from "#dist/harness/services/index.js";
import { type ConnectionManager, Pool } from "#dist/src/resources/index.js";

const missing = redisIsMissing();
if (missing !== null) process.stderr.write(`pools: tests against a Redis skipped: ${missing}\n`);

type Client = ReturnType<typeof createClient>;

const MAX = 10;
const USERS = 1000;

describe.skipIf(missing !== null)("a pool of Redis connections", () => {
  let redis: Redis;

  beforeAll(async () => {
    // one more than the pool may have, for the tests' own: an eleventh connection of the pool would be refused
    redis = await startRedis(["--maxclients", String(MAX + 1)]);
  });

  afterAll(() => redis?.stop());

  function manager(): ConnectionManager<Client> & { opened: number; closed: number } {
    const counted = {
      opened: 0,
      closed: 0,
      async create() {
        const client = createClient({ url: redis.url, socket: { reconnectStrategy: false, connectTimeout: 5000 } });
        client.on("error", () => {});
        await client.connect();
        counted.opened++;
        return client as Client;
      },
      isAlive: (client: Client) => client.isReady,
      isValid: async (client: Client) => (await client.ping()) === "PONG",
      async destroy(client: Client) {
        counted.closed++;
        if (client.isOpen) client.destroy();
      },
    };
    return counted;
  }

  it("serves 1,000 users with 10 connections, and closes each", async () => {
    const made = manager();
    const pool = new Pool(made, { name: "redis", max: MAX, acquireTimeout: "60s" });
    await Promise.all(Array.from({ length: USERS }, (_, i) => pool.use((client) => client.set(`k${i}`, i))));
    expect(await pool.use((client) => client.dbSize())).toBe(USERS);
    expect(made.opened).toBe(MAX);
    expect(await pool.close()).toEqual({ forced: 0 });
    expect(made.closed).toBe(MAX);
  });

  it("loses at most what was in hand when the server kills all connections", async () => {
    const made = manager();
    const pool = new Pool(made, { name: "redis", max: MAX, acquireTimeout: "60s" });
    await Promise.all(Array.from({ length: MAX }, () => pool.use((client) => client.ping())));
    const admin = await made.create(new AbortController().signal);
    await admin.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    const users = await Promise.allSettled(Array.from({ length: 100 }, () => pool.use((client) => client.ping())));
    const failed = users.filter(({ status }) => status === "rejected").length;
    // The server has closed them; this process may not have read of it when the first ten are handed out.
    expect(failed).toBeLessThanOrEqual(MAX);
    const later = await Promise.all(Array.from({ length: 100 }, () => pool.use((client) => client.ping())));
    expect(later).toEqual(Array(100).fill("PONG"));
    await made.destroy?.(admin);
    await pool.close();
  });

  it("killed and started again under 1,000 users fails those who had one in hand, 10 at most; all others wait until it is back", async () => {
    const made = manager();
    const pool = new Pool(made, {
      name: "redis",
      max: MAX,
      acquireTimeout: "60s",
      createAttempts: Number.POSITIVE_INFINITY,
    });
    let served = 0;
    let tellHalf: () => void = () => {};
    const half = new Promise<void>((done) => {
      tellHalf = done;
    });
    const users = Promise.allSettled(
      Array.from({ length: USERS }, (_, i) =>
        pool.use(async (client) => {
          await client.set(`k${i}`, "v");
          if (++served === USERS / 2) tellHalf();
        }),
      ),
    );
    await half;
    await redis.kill();
    await redis.restart();
    const failed = (await users).filter(({ status }) => status === "rejected");
    expect(failed.length).toBeLessThanOrEqual(MAX);
    expect(served + failed.length).toBe(USERS);
    expect(pool.stats()).toMatchObject({ inUse: 0, waiting: 0 });
    expect(pool.stats().size).toBeLessThanOrEqual(MAX);
    expect(await pool.close()).toEqual({ forced: 0 });
    expect(made.closed).toBe(made.opened);
  });
});
