/** The load of a scenario on the metric pipeline, one part after the other, each beside a plain server. */
import type { IngestUse, TargetFigure } from "../../reports/results.js";
import type { IngestLoad } from "../../workloads/index.js";
import { influxIsMissing } from "../services/index.js";
import { pacedAnswers, saturationAnswers } from "./answers.js";
import { runOutage } from "./outage.js";
import { runPaced } from "./paced.js";
import { runSaturation } from "./saturation.js";

export interface IngestPlan {
  readonly ingest: IngestLoad;
  /** Where servers write; empty, and removed by whoever gave it. */
  readonly folder: string;
  /** Of the whole, as a short run wants it: 1 = as the scenario says. */
  readonly share: number;
}

export interface IngestOutcome {
  readonly ingest: IngestUse;
  readonly answers: readonly TargetFigure[];
  readonly notes: readonly string[];
}

/** Shorter ones tell nothing. */
const LEAST_MS = 200;

export async function runIngest(
  { ingest, folder, share }: IngestPlan,
  stop: AbortSignal,
  progress: (fraction: number, label: string) => void,
): Promise<IngestOutcome> {
  const { paced, saturation, outage } = ingest;
  const part = (ms: number) => Math.max(Math.min(ms, LEAST_MS), ms * share);
  const use: IngestUse = { clients: ingest.clients };
  const answers: TargetFigure[] = [];
  const notes: string[] = [];
  if (paced !== undefined) {
    use.paced = await runPaced(ingest, { ...paced, duration: part(paced.duration) }, folder, stop, progress);
    answers.push(...pacedAnswers(use.paced, ingest.clients));
  }
  if (saturation !== undefined) {
    const shortened = { ...saturation, duration: part(saturation.duration) };
    use.saturation = await runSaturation(ingest, shortened, folder, stop, progress);
    answers.push(...saturationAnswers(use.saturation, ingest.clients));
  }
  if (outage !== undefined) {
    const missing = influxIsMissing();
    if (missing === null) {
      const { before, away, after } = outage;
      const shortened = { ...outage, before: part(before), away: part(away), after: part(after) };
      use.outage = await runOutage(ingest, shortened, folder, stop, progress);
    } else notes.push(`${missing}: its outage is left out`);
  }
  return { ingest: use, answers, notes };
}
