/** What a sweep is called on the servers: its stream, its bucket, its subjects. */
import { randomBytes } from "node:crypto";

/** Where coordinators say that there is a sweep. */
export const CALLS = "engram.sweep.call";
/** What the names of streams and buckets begin with: nothing else on the servers is touched. */
export const PREFIX = "ENGRAM_SWEEP_";
/** The object store's streams begin so. */
export const BUCKET_PREFIX = "OBJ_";
/** Who hands out jobs to workers, and results to the coordinator. */
export const WORKERS = "workers";
export const COORDINATOR = "coordinator";

export interface SweepNames {
  readonly sweep: string;
  readonly stream: string;
  readonly bucket: string;
  readonly bucketStream: string;
  /** Workers' messages; on no stream. */
  readonly hello: string;
  /** Written once, never read: there as long as the coordinator lives. */
  readonly alive: string;
  readonly jobs: string;
  readonly results: string;
  jobOf(job: string): string;
  resultOf(job: string): string;
}

export function newSweepId(): string {
  return randomBytes(8).toString("hex");
}

export function namesOf(sweep: string): SweepNames {
  const root = `engram.sweep.${sweep}`;
  const bucket = PREFIX + sweep;
  return {
    sweep,
    stream: PREFIX + sweep,
    bucket,
    bucketStream: BUCKET_PREFIX + bucket,
    hello: `${root}.hello`,
    alive: `${root}.alive`,
    jobs: `${root}.job.*`,
    results: `${root}.result.*`,
    jobOf: (job) => `${root}.job.${job}`,
    resultOf: (job) => `${root}.result.${job}`,
  };
}
