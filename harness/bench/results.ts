/** What the bench wrote down: the schema of its JSON file, and the types of everything it prints. */
import { z } from "zod";
import { environmentSchema } from "../../reports/results.js";

export const BENCH_SCHEMA_VERSION = 2;

/** One row that was measured: the median over the rounds, with the quartiles beside it. */
export const figureSchema = z.object({
  id: z.string(),
  label: z.string(),
  /** What a read hands back: a copy, a view, a reference; null where nothing is read. */
  returns: z.string().nullable(),
  unit: z.string(),
  median: z.number(),
  lowerQuartile: z.number(),
  upperQuartile: z.number(),
  /** Median over the rounds of (this / the group's reference in the same round); null for the reference itself or without one. */
  ratio: z.number().nullable(),
  /** What the source document says of it, same unit. */
  documented: z.number().nullable(),
  /** Under 1.4 x the empty loop: probably optimised away, so not to be believed. */
  suspect: z.boolean(),
});

/** A goal, and how far from it we are. */
export const judgementSchema = z.object({
  id: z.string(),
  what: z.string(),
  /** Where the goal is written. */
  source: z.string(),
  /** Median over the rounds; a ratio is taken within each round. */
  value: z.number(),
  lowerQuartile: z.number(),
  upperQuartile: z.number(),
  unit: z.string(),
  comparison: z.enum(["<=", "<", ">="]),
  goal: z.number(),
  met: z.boolean(),
  /** Share by which the value is worse than the goal; negative: better by that much. */
  distance: z.number(),
  /** Rests on a figure that was probably optimised away. */
  suspect: z.boolean(),
});

/** Where a row's time goes, the largest share first. */
export const profileSchema = z.object({
  id: z.string(),
  label: z.string(),
  /** `ns`: of an operation, of all that the profiler saw; they add up to slightly more than the row's median, by its own cost. */
  places: z.array(z.object({ place: z.string(), share: z.number(), ns: z.number() })),
});

export const groupResultSchema = z.object({
  name: z.string(),
  title: z.string(),
  /** Label of the row the ratios are taken to; null when there are none. */
  reference: z.string().nullable(),
  figures: z.array(figureSchema),
  judgements: z.array(judgementSchema),
  notes: z.array(z.string()),
  /** Empty unless asked for. */
  profiles: z.array(profileSchema),
});

export const benchResultsSchema = z.object({
  schemaVersion: z.literal(BENCH_SCHEMA_VERSION),
  engram: z.string(),
  createdAt: z.string(),
  environment: environmentSchema,
  loadAverageAfter: z.array(z.number()),
  config: z.object({
    rounds: z.number().int().positive(),
    turnMs: z.number().positive(),
    quick: z.boolean(),
    seed: z.number().int().nonnegative(),
    groups: z.array(z.string()),
  }),
  groups: z.array(groupResultSchema),
});

export type Figure = z.infer<typeof figureSchema>;
export type Judgement = z.infer<typeof judgementSchema>;
export type Profile = z.infer<typeof profileSchema>;
export type GroupResult = z.infer<typeof groupResultSchema>;
export type BenchResults = z.infer<typeof benchResultsSchema>;
