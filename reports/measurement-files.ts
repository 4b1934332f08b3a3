/**
 * What commands beside `engram run` write as JSON, for `engram report` and for everybody else: the one schema of each, which its writer
 * is held to by type or by check, and its reader by check. Nothing here loads more than zod.
 */
import { z } from "zod";
import {
  backupSpeedSchema,
  benchGroupSchema,
  environmentSchema,
  evictionResultSchema,
  targetFigureSchema,
} from "./results.js";

// ---------------------------------------------------------------- npm run bench -- --json FILE

export const BENCH_SCHEMA_VERSION = 3;

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
  groups: z.array(benchGroupSchema),
});

// ---------------------------------------------------------------- npm run backup:speed -- --json

export const backupSpeedsSchema = z.strictObject({
  /** Every way of writing by itself. */
  rows: z.array(backupSpeedSchema).min(1),
  /** What of it answers documented targets. */
  figures: z.array(targetFigureSchema),
});

// ---------------------------------------------------------------- engram check --json

const outcome = z.enum(["ok", "illegal", "unknown"]);

/** Of a partition that is not ok more is written: the violation, or the reason. */
export const checkedHistorySchema = z.object({
  outcome,
  model: z.string(),
  operations: z.number().int().nonnegative(),
  elapsedMs: z.number().nonnegative(),
  partitions: z.array(
    z.object({
      key: z.string(),
      operations: z.number().int().nonnegative(),
      unanswered: z.number().int().nonnegative(),
      steps: z.number().int().nonnegative(),
      outcome,
    }),
  ),
});

// ---------------------------------------------------------------- engram evict --json

export const evictionRowsSchema = z.array(evictionResultSchema).min(1);

export type BenchResults = z.infer<typeof benchResultsSchema>;
export type BackupSpeeds = z.infer<typeof backupSpeedsSchema>;
export type CheckedHistory = z.infer<typeof checkedHistorySchema>;
