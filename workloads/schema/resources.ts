/** What agents hold beside a store: the part of a scenario that pools connections, shares configuration, or caches in the process. */
import { z } from "zod";
import { count, duration, wholeNumber } from "./quantities.js";

export const POOL_CHAOS = ["create-fails", "create-hangs", "server-killed"] as const;
/** Of those of an in-process cache, the ones whose hit ratios are worth a table. */
export const CACHED_BY = ["lru", "lfu", "fifo", "clock", "sieve", "s3-fifo", "arc", "w-tinylfu"] as const;

const pool = z.strictObject({
  users: count(100_000).meta({ description: "Who want a connection at the same time" }),
  max: count(1000).meta({ description: "Connections that are open at most" }),
  hold: duration.default(1).meta({ description: "How long a user keeps its connection, besides one request" }),
  chaos: z.array(z.enum(POOL_CHAOS)).default([]).meta({
    description:
      "The same users again while making connections fails or hangs, or the server is killed and started again",
  }),
});

const config = z.strictObject({
  threads: count(32).meta({ description: "Threads that subscribe, and read as fast as they can" }),
  updates: count(100_000),
  every: duration.default(1).meta({ description: "From one update to the next" }),
  refused: wholeNumber(0, 100_000).default(0).meta({ description: "Updates besides that the schema refuses" }),
  kills: wholeNumber(0, 32).default(0).meta({ description: "Threads besides that update without end, and are killed" }),
});

const cache = z.strictObject({
  policies: z.array(z.enum(CACHED_BY)).min(1),
  entries: count(10_000_000).meta({ description: "Entries that each cache holds at most" }),
  keys: count(10_000_000).meta({ description: "Keys that are asked for, by a Zipf distribution" }),
  requests: count(100_000_000),
  waiters: count(10_000).default(100).meta({ description: "Who ask for one missing key at once" }),
});

export const resources = z
  .strictObject({ pool: pool.optional(), config: config.optional(), cache: cache.optional() })
  .refine((one) => Object.values(one).some((part) => part !== undefined), "expected pool, config or cache");

export type Resources = z.output<typeof resources>;
