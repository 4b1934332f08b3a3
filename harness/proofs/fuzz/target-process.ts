/** The process that reads what may be the end of it: one job after another, for who started it. */
import { readdirSync } from "node:fs";
import { EngramError } from "../../../src/errors.js";
import { type Job, OUTPUTS, runJob } from "./targets.js";

/** What became of a job; a process that ends or says nothing any more is told by the parent. */
export interface JobEnd {
  readonly outcome: "read" | "refused" | "fault";
  /** Of a fault. */
  readonly what?: string;
  /** Most memory the process has had, bytes. */
  readonly peak: number;
}

process.on("message", (job: Job) => void answer(job));
process.on("disconnect", () => process.exit());
// warnings of readers are part of their job
process.removeAllListeners("warning");

async function answer(job: Job): Promise<void> {
  const { outcome, what } = await endOf(job);
  const peak = process.resourceUsage().maxRSS * 1024;
  process.send?.({ outcome, what, peak } satisfies JobEnd);
}

async function endOf(job: Job): Promise<Pick<JobEnd, "outcome" | "what">> {
  let outcome: "read" | "refused" = "read";
  try {
    await runJob(job);
  } catch (error) {
    if (!(error instanceof EngramError)) return { outcome: "fault", what: (error as Error)?.stack ?? String(error) };
    if (error.message === "") return { outcome: "fault", what: "an error without a message" };
    outcome = "refused";
  }
  const left = readdirSync(job.folder).filter((name) => !(OUTPUTS as readonly string[]).includes(name));
  if (left.length > 0) return { outcome: "fault", what: `left behind: ${left.join(", ")}` };
  if (outcome === "refused" && job.target !== "backups" && readdirSync(job.folder).length > 0) {
    return { outcome: "fault", what: "refused, and half of the output is there" };
  }
  return { outcome };
}
