/**
 * A scenario file: what is replayed, in one YAML document. The schema here is the whole contract: it validates on reading, gives the
 * types, and is published as JSON Schema (scenario.schema.json) so that editors complete and check the files.
 *
 * Units are written out (`5s`, `64MiB`, `10%`, `1000/s`) and come out as milliseconds, bytes, shares from 0 to 1 and operations a second.
 */
import { z } from "zod";
import { MIX_OPERATIONS, type MixOperation } from "./operations.js";
import {
  BYTES_PATTERN,
  DURATION_PATTERN,
  parseBytes,
  parseDuration,
  parseRate,
  parseShare,
  RATE_PATTERN,
  SHARE_PATTERN,
} from "./units.js";

/** Largest value a scenario may ask for, bytes: no store of this project takes more. */
const MAX_VALUE_BYTES = 64 * 1024 * 1024;
/** Keys stay dense 32-bit numbers, with room for inserts. */
const MAX_KEYS = 1_000_000_000;
const MAX_AGENTS = 1024;

const count = (most: number) => z.number().int().min(1).max(most);

const duration = z
  .string()
  .regex(DURATION_PATTERN, "expected a duration such as 5s, 200ms or 2m")
  .transform(parseDuration)
  .meta({ description: "A duration: 5s, 200ms, 2m" });

const bytes = z
  .union([
    z.number().int().nonnegative(),
    z.string().regex(BYTES_PATTERN, "expected a size such as 64MiB, 4KiB or 512B").transform(parseBytes),
  ])
  .refine((size) => size <= Number.MAX_SAFE_INTEGER, "too many bytes")
  .meta({ description: "A size: 64MiB, 4KiB, 512B, or a number of bytes" });

const valueBytes = bytes.refine((size) => size <= MAX_VALUE_BYTES, `expected at most ${MAX_VALUE_BYTES} bytes`);

const share = z
  .string()
  .regex(SHARE_PATTERN, "expected a share such as 10%")
  .transform(parseShare)
  .refine((part) => part <= 1, "expected a share from 0% to 100%")
  .meta({ description: "A share: 10%" });

const rate = z
  .string()
  .regex(RATE_PATTERN, "expected a rate such as 10000/s")
  .transform(parseRate)
  .refine((perSecond) => perSecond > 0, "expected a rate above 0")
  .meta({ description: "Operations a second of all agents together: 10000/s" });

const keyCount = count(MAX_KEYS);
const scope = z
  .enum(["shared", "agent"])
  .default("shared")
  .meta({ description: "shared: all agents use the same keys; agent: every agent has keys of its own" });

const keys = z
  .discriminatedUnion("distribution", [
    z.strictObject({ distribution: z.literal("uniform"), count: keyCount, scope }),
    z.strictObject({
      distribution: z.literal("zipfian"),
      count: keyCount,
      scope,
      theta: z.number().gt(0).lt(1).optional(),
    }),
    z.strictObject({ distribution: z.literal("scrambledZipfian"), count: keyCount, scope }),
    z.strictObject({
      distribution: z.literal("zipf"),
      count: keyCount,
      scope,
      exponent: z.number().gt(0).max(10).optional(),
    }),
    z.strictObject({
      distribution: z.literal("latest"),
      count: keyCount,
      scope,
      theta: z.number().gt(0).lt(1).optional(),
    }),
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

const values = z
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
  .meta({ description: "How many bytes a value has" });

const weight = z.number().nonnegative();
const mix = z
  .strictObject(
    Object.fromEntries(MIX_OPERATIONS.map((name) => [name, weight.optional()])) as Record<
      MixOperation,
      z.ZodOptional<typeof weight>
    >,
  )
  .refine(
    (weights) => Object.values(weights).some((value) => (value ?? 0) > 0),
    "expected at least one operation above 0",
  )
  .meta({ description: "Operations by weight; the weights need not add up to 100" });

const phase = z
  .strictObject({
    name: z.string().min(1).optional(),
    duration: duration.optional(),
    operations: count(2 ** 31)
      .optional()
      .meta({ description: "Operations of all agents together" }),
    mix,
    keys,
    values: values.default({ distribution: "constant", size: 64 }),
    ttl: z
      .strictObject({ min: duration, max: duration })
      .refine(({ min, max }) => min <= max, "min is above max")
      .optional()
      .meta({ description: "Time to live of what is written, uniform from min to max; absent: for ever" }),
    rate: rate.optional().meta({ description: "Open loop at this rate; absent: closed loop" }),
    offset: share.optional().meta({ description: "Moves the whole distribution by this share of the keys" }),
    shift: z
      .strictObject({ every: count(2 ** 31), by: share })
      .optional()
      .meta({ description: "Moves the working set by a share of the keys every so many operations of an agent" }),
    namespace: z.string().min(1).optional(),
  })
  .refine((it) => (it.duration === undefined) !== (it.operations === undefined) || it.keys.distribution === "trace", {
    message: "expected exactly one of duration and operations",
  })
  .refine((it) => it.values.distribution !== "trace" || it.keys.distribution === "trace", {
    message: "values of a trace need keys of a trace",
    path: ["values"],
  });

const namespace = z.strictObject({
  name: z.string().min(1),
  maxEntries: count(MAX_KEYS).optional(),
  maxBytes: bytes.optional(),
});

export const scenarioSchema = z
  .strictObject({
    title: z.string().min(1),
    story: z.string().min(1).meta({ description: "What real systems do this, in a sentence or two" }),
    agents: count(MAX_AGENTS)
      .default(2)
      .meta({ description: "Agents (worker threads) unless the command line says otherwise" }),
    store: z
      .strictObject({
        capacity: bytes.refine((size) => size > 0, "expected a capacity above 0").optional(),
        eviction: z.string().min(1).optional(),
      })
      .default({}),
    namespaces: z.array(namespace).default([]),
    preload: share
      .default(0)
      .meta({ description: "Share of the first phase's keys that are set before the measurement" }),
    phases: z.array(phase).min(1),
    targets: z
      .array(z.string().min(1))
      .default([])
      .meta({ description: "Ids of the documented targets it is judged by" }),
  })
  .superRefine((scenario, context) => {
    const names = new Set(scenario.namespaces.map(({ name }) => name));
    scenario.phases.forEach(({ namespace: used }, index) => {
      if (used === undefined || names.has(used)) return;
      const message = `no namespace ${JSON.stringify(used)}; expected one of those declared`;
      context.addIssue({ code: "custom", path: ["phases", index, "namespace"], message });
    });
  });

export type ScenarioContent = z.infer<typeof scenarioSchema>;
export type Phase = ScenarioContent["phases"][number];
export type PhaseKeys = Phase["keys"];
export type PhaseValues = Phase["values"];

/** A validated scenario, with the name it is called by (its file's, without the ending) and where it was read. */
export interface Scenario extends ScenarioContent {
  readonly name: string;
  readonly file: string;
}

/** The schema of scenario files as JSON Schema: what may be written, before units are parsed. */
export function scenarioJsonSchema(): object {
  return z.toJSONSchema(scenarioSchema, { io: "input" });
}
