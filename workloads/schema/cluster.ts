/** What nodes share over a network: the part of a scenario that only the distributed memory can do. */
import { z } from "zod";
import { bytes, count, duration, wholeNumber } from "./quantities.js";

/** As src/cluster names them: workloads does not know that room. */
export const LEVELS = ["eventual", "bounded_stale", "strong"] as const;
const RECOVERED_BY = ["full", "delta", "peer", "snapshot", "auto"] as const;

const level = z.strictObject({
  consistency: z.enum(LEVELS),
  calls: count(1_000_000).meta({ description: "Of each kind, one after the other on one node: what a call takes" }),
  checked: count(1_000_000).meta({
    description: "Operations of clients on all nodes at once, whose answers a checker looks at",
  }),
  clients: count(64).default(2).meta({ description: "On every node" }),
  window: duration.default(500).meta({ description: "How old a bounded_stale read may be" }),
});

const invalidation = z.strictObject({
  rounds: count(10_000).meta({ description: "Of each scope: a key, keys, a tag, a pattern" }),
  group: count(1000).default(8).meta({ description: "Keys that keys, a tag and a pattern meet" }),
});

const partition = z.strictObject({
  calm: duration.meta({ description: "Before, and after the node is back" }),
  apart: duration.meta({ description: "How long one node is cut off" }),
  clients: count(64).default(2).meta({ description: "Of each level, on every node" }),
  window: duration.default(100).meta({ description: "How old a bounded_stale read may be" }),
});

const recovery = z.strictObject({
  entries: count(1_000_000),
  missed: count(1_000_000).meta({ description: "Of these, changed or deleted while a node is away" }),
  modes: z.array(z.enum(RECOVERED_BY)).min(1),
});

export const cluster = z
  .strictObject({
    nodes: wholeNumber(2, 3).default(3),
    keys: count(100_000).default(200),
    value: bytes.default(100).meta({ description: "Size of a value" }),
    level: level.optional(),
    invalidation: invalidation.optional(),
    partition: partition.optional(),
    recovery: recovery.optional(),
  })
  .refine(
    ({ level: one, invalidation: two, partition: three, recovery: four }) =>
      [one, two, three, four].some((part) => part !== undefined),
    "expected level, invalidation, partition or recovery",
  );

export type ClusterWork = z.output<typeof cluster>;
