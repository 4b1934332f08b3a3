/** The stored baseline: ratios to the reference subject, with what they were measured on and under which settings. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseJson } from "../../reports/read-results.js";
import { schemaFault } from "../../reports/schema-faults.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { writeWhole } from "../../src/write-whole.js";
import { MINIMUM_ROUNDS } from "./settings.js";

export const BASELINE_VERSION = 1;

const baselineSchema = z.object({
  kind: z.literal("engram-gate-baseline"),
  version: z.literal(BASELINE_VERSION),
  createdAt: z.string(),
  commit: z.string().nullable(),
  environment: z.object({ cpuModel: z.string(), cpuCount: z.number().int().positive(), node: z.string() }),
  /** The subject every figure is divided by. */
  reference: z.string(),
  settings: z.object({
    scenarios: z.array(z.string()).min(1),
    duration: z.string(),
    workers: z.number().int().positive().nullable(),
    seed: z.number().int().nonnegative(),
  }),
  /** By target id (`scenario/path`): figure of the subject / figure of the reference, one a round. */
  ratios: z.record(z.string(), z.array(z.number().positive()).min(MINIMUM_ROUNDS)),
  /** Of metrics that are shares of operations, by target id: the subject's own, one a round. Absent: written before they were judged. */
  shares: z.record(z.string(), z.array(z.number().min(0).max(1)).min(MINIMUM_ROUNDS)).optional(),
  /** Codes of the errors that the subject had, by scenario. */
  errors: z.record(z.string(), z.array(z.string())).optional(),
});

export type Baseline = z.infer<typeof baselineSchema>;

export async function readBaseline(file: string): Promise<Baseline> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : (cause as Error).message;
    throw new InvalidArgumentError(`baseline ${file}: ${why}; write one with engram gate --write-baseline ${file}`);
  }
  const json = parseJson(`baseline ${file}`, text);
  const head = z.object({ kind: z.literal("engram-gate-baseline"), version: z.number() }).safeParse(json);
  if (!head.success) {
    throw new InvalidArgumentError(`baseline ${file}: not a baseline that engram gate --write-baseline wrote`);
  }
  if (head.data.version !== BASELINE_VERSION) {
    throw new InvalidArgumentError(
      `baseline ${file}: version ${head.data.version}, this build reads version ${BASELINE_VERSION}; write it anew with --write-baseline`,
    );
  }
  const parsed = baselineSchema.safeParse(json);
  if (!parsed.success) {
    throw new InvalidArgumentError(`baseline ${schemaFault(file, text, json, parsed.error)}`);
  }
  return parsed.data;
}

export async function writeBaseline(file: string, baseline: Baseline): Promise<void> {
  await writeWhole(file, `${JSON.stringify(baselineSchema.parse(baseline), null, 2)}\n`);
}
