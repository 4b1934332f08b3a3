import { FrequencySketch } from "#dist/src/eviction/frequency-sketch.js";
import type { By, PolicyName } from "#dist/src/eviction/index.js";
import { SplitMix } from "#dist/src/eviction/split-mix.js";
import { NaiveArc } from "./arc.js";
import { NaiveHybrid } from "./hybrid.js";
import { NaiveLfu } from "./lfu.js";
import { NaiveLirs } from "./lirs.js";
import type { NaivePolicy } from "./policy.js";
import { NaiveClock, NaiveFifo, NaiveLru, NaiveS3Fifo, NaiveSieve } from "./queues.js";
import { NaiveTtl } from "./ttl.js";
import { NaiveTwoQ } from "./two-q.js";
import { NaiveWTinyLfu } from "./w-tinylfu.js";

type Build = (capacity: number, distinct: number, by: By) => NaivePolicy;

/** The naive implementation of every policy that has one; opt has a naive search of its own, random its statistics. */
export const naive: Partial<Record<PolicyName, Build>> = {
  lru: () => new NaiveLru(),
  fifo: () => new NaiveFifo(),
  clock: () => new NaiveClock(),
  sieve: () => new NaiveSieve(),
  lfu: () => new NaiveLfu(),
  ttl: () => new NaiveTtl(),
  hybrid: () => {
    const random = new SplitMix(1);
    return new NaiveHybrid((bound) => random.below(bound));
  },
  arc: (capacity) => new NaiveArc(capacity),
  "2q": (capacity) => new NaiveTwoQ(capacity),
  "s3-fifo": (capacity) => new NaiveS3Fifo(capacity),
  lirs: (capacity) => new NaiveLirs(capacity),
  "w-tinylfu": (capacity, distinct, by) =>
    new NaiveWTinyLfu(capacity, new FrequencySketch(Math.min(capacity, distinct)), by === "bytes"),
  "w-tinylfu-climbing": (capacity, distinct, by) =>
    new NaiveWTinyLfu(capacity, new FrequencySketch(Math.min(capacity, distinct)), by === "bytes", true),
};

export const naiveNames = Object.keys(naive) as PolicyName[];
export type { NaivePolicy };
