/** The resources of a scenario, one part after the other. */
import type { ResourceUse, TargetFigure } from "../../reports/results.js";
import type { Resources } from "../../workloads/index.js";
import { cacheAnswers, poolAnswers } from "./answers.js";
import { runCaches } from "./caches.js";
import { runConfig } from "./config.js";
import { runPool } from "./pool.js";

export interface ResourcesPlan {
  readonly resources: Resources;
  readonly seed: number;
  /** Of the whole, as a short run wants it: 1 = as the scenario says. */
  readonly share: number;
}

export interface ResourcesOutcome {
  readonly resources: ResourceUse;
  readonly answers: readonly TargetFigure[];
}

export async function runResources(
  { resources, seed, share }: ResourcesPlan,
  progress: (fraction: number, label: string) => void,
): Promise<ResourcesOutcome> {
  const { pool, config, cache } = resources;
  const part = (whole: number, least: number) => Math.max(Math.min(whole, least), Math.round(whole * share));
  const used: ResourceUse = {};
  const answers: TargetFigure[] = [];
  if (pool !== undefined) {
    used.pool = await runPool(pool, part(WARM, 1000), seed, (label) => progress(0.2, label));
    answers.push(...poolAnswers(used.pool));
  }
  if (config !== undefined) {
    progress(0.5, "configuration");
    used.config = await runConfig({ ...config, updates: part(config.updates, 20), refused: part(config.refused, 5) });
  }
  if (cache !== undefined) {
    used.cache = await runCaches({ ...cache, requests: part(cache.requests, 20_000) }, seed, (label) =>
      progress(0.8, label),
    );
    answers.push(...cacheAnswers(used.cache));
  }
  return { resources: used, answers };
}

/** Acquisitions from a warm pool that are timed. */
const WARM = 50_000;
