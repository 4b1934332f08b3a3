/** Which keys are touched how often, and how large values are. */
import { z } from "zod";
import { count, MAX_KEYS, share, valueBytes } from "./quantities.js";

const keyCount = count(MAX_KEYS);
const scope = z
  .enum(["shared", "agent"])
  .default("shared")
  .meta({ description: "shared: all agents use the same keys; agent: every agent has keys of its own" });
const theta = z.number().gt(0).lt(1).optional();

export const keys = z
  .discriminatedUnion("distribution", [
    z.strictObject({ distribution: z.literal("uniform"), count: keyCount, scope }),
    z.strictObject({ distribution: z.literal("zipfian"), count: keyCount, scope, theta }),
    z.strictObject({ distribution: z.literal("scrambledZipfian"), count: keyCount, scope }),
    z.strictObject({
      distribution: z.literal("zipf"),
      count: keyCount,
      scope,
      exponent: z.number().gt(0).max(10).optional(),
    }),
    z.strictObject({ distribution: z.literal("latest"), count: keyCount, scope, theta }),
    z.strictObject({
      distribution: z.literal("hotspot"),
      count: keyCount,
      scope,
      hotKeys: share.optional(),
      hotOperations: share.optional(),
    }),
    z.strictObject({
      distribution: z.literal("exponential"),
      count: keyCount,
      scope,
      percentile: z.number().gt(0).lt(1).optional(),
      range: z.number().gt(0).max(1).optional(),
    }),
    z.strictObject({ distribution: z.literal("sequential"), count: keyCount, scope }),
    z.strictObject({ distribution: z.literal("trace"), scope: z.literal("shared").default("shared") }),
  ])
  .meta({ description: "Which keys are touched how often" });

export const values = z
  .discriminatedUnion("distribution", [
    z.strictObject({ distribution: z.literal("constant"), size: valueBytes }),
    z.strictObject({ distribution: z.literal("uniform"), min: valueBytes, max: valueBytes }),
    z.strictObject({
      distribution: z.literal("zipf"),
      min: valueBytes,
      max: valueBytes,
      exponent: z.number().gt(0).max(10).optional(),
    }),
    z.strictObject({
      distribution: z.literal("list"),
      sizes: z.array(z.strictObject({ size: valueBytes, weight: z.number().positive() })).min(1),
    }),
    z.strictObject({ distribution: z.literal("trace"), max: valueBytes.optional() }),
  ])
  .refine((spec) => !("min" in spec) || spec.min <= (spec.max ?? spec.min), "min is above max")
  .meta({ description: "How many bytes a value (or a message) has" });
