/** What a swarm of agents learns: the part of a scenario that only a store with the agents' memory can do. */
import { z } from "zod";
import { bytes, count, wholeNumber } from "./quantities.js";

/** By these names in workloads/environments: those whose answer is known and whose states are few enough for a table. */
export const SWARM_ENVIRONMENTS = ["taxi", "cliff-walking", "frozen-lake"] as const;

const fraction = (what: string) =>
  z
    .number()
    .min(0)
    .max(1)
    .meta({ description: `${what}, from 0 to 1` });

const knowledge = z.strictObject({
  vectors: count(1_000_000).meta({ description: "Vectors in the index that all agents search" }),
  dimensions: wholeNumber(2, 4096),
  kind: z.enum(["f32", "int8"]).default("int8"),
  lookups: count(10_000).default(1).meta({ description: "Look-ups of every agent in a round" }),
});

export const swarm = z
  .strictObject({
    environment: z.enum(SWARM_ENVIRONMENTS).meta({ description: "What the agents learn, from zero" }),
    rounds: count(1000).meta({ description: "Federated rounds: all learn, then share what they learned" }),
    episodes: count(100_000).meta({ description: "Episodes of every agent in a round" }),
    rate: fraction("Learning rate").default(0.5),
    discount: fraction("Discount of what comes later").default(1),
    epsilon: fraction("Share of actions taken at random").default(0.1),
    alone: wholeNumber(0, 64).default(4).meta({ description: "Agents beside the swarm that share nothing" }),
    budget: bytes.optional().meta({ description: "Memory an agent may take" }),
    replay: count(65_536).optional().meta({ description: "Steps of its own that every agent keeps; a power of two" }),
    knowledge: knowledge.optional(),
    kills: z
      .array(count(1000))
      .default([])
      .meta({ description: "Rounds in whose middle a thread is killed; another claims its agents and goes on" }),
  })
  .refine(({ kills, rounds }) => kills.every((round) => round <= rounds), {
    path: ["kills"],
    message: "expected rounds that there are",
  })
  .refine(({ replay = 1 }) => Number.isInteger(Math.log2(replay)), {
    path: ["replay"],
    message: "expected a power of two",
  });

export type Swarm = z.output<typeof swarm>;
