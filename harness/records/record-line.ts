/** One line of a record file: what one gate found, as JSON, and back. What a file says is checked, figure by figure. */
import { z } from "zod";

/** Goes up when a line means something else; older lines are read or refused by name. */
export const RECORD_VERSION = 1;

const scale = z.enum(["ratio", "points"]);
const share = z.number().nullable();

export const recordSchema = z.object({
  engramGateRecord: z.literal(RECORD_VERSION),
  /** When the gate had decided, ISO 8601 in UTC. */
  at: z.iso.datetime(),
  /** Of the build that was measured; null outside a repository. */
  commit: z.string().nullable(),
  /** Files differed from that commit. */
  dirty: z.boolean(),
  /** What it was compared with: a commit, or a stored baseline's. */
  base: z.object({ label: z.string(), commit: z.string().nullable() }),
  mode: z.enum(["against", "baseline"]),
  outcome: z.enum(["regressed", "improved", "pass", "inconclusive"]),
  machine: z.object({
    cpuModel: z.string(),
    cpuCount: z.number().int().positive(),
    node: z.string(),
    platform: z.string(),
    arch: z.string(),
  }),
  settings: z.object({
    scenarios: z.array(z.string()),
    duration: z.string(),
    workers: z.number().int().positive().nullable(),
    /** Of a benchmark that is not ours. */
    command: z.string().optional(),
  }),
  tolerance: z.number(),
  seed: z.number(),
  rounds: z.number().int().nonnegative(),
  metrics: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      unit: z.string(),
      better: z.enum(["lower", "higher"]),
      scale,
      /** Medians over the rounds; null: too noisy to be measured. */
      head: z.number().nullable(),
      base: z.number().nullable(),
      /** How much worse than its base, as a share, with the 95 % interval. */
      worse: share,
      interval: z.object({ lower: z.number(), upper: z.number() }).nullable(),
      verdict: z.string(),
    }),
  ),
});

export type GateRecord = z.infer<typeof recordSchema>;
export type Machine = GateRecord["machine"];

export function lineOf(record: GateRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** @throws Error that says what is wrong with the line */
export function readRecord(text: string): GateRecord {
  const value: unknown = JSON.parse(text);
  const version = (value as { engramGateRecord?: unknown } | null)?.engramGateRecord;
  if (version === undefined) throw new Error("it is no record of a gate: it has no engramGateRecord");
  if (version !== RECORD_VERSION) {
    throw new Error(`it is a record of version ${JSON.stringify(version)}; this build reads version ${RECORD_VERSION}`);
  }
  const parsed = recordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue.path.join(".") || "the line"}: ${issue.message}`);
}
