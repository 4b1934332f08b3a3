/**
 * How many rounds a gate runs. It looks after 20 rounds and stops when it is settled: one metric regressed (the gate
 * fails whatever the others say) or none undecided. Else it looks again after 30 and 40, and then gives up as
 * inconclusive. Looking up to three times raises the chance of a false alarm a little, which is why the simulation in
 * the tests runs the whole sequence and not a single look.
 */
import type { Judgement } from "./judge.js";

export const LOOKS: readonly number[] = [20, 30, 40];

export type Outcome = "regressed" | "improved" | "pass" | "inconclusive";

/** Rounds after which to look, for a first look the user chose: 1.5 and 2 times as many follow, as 20, 30, 40. */
export function looksFrom(firstLook: number): number[] {
  return [firstLook, Math.ceil(firstLook * 1.5), firstLook * 2];
}

export function isSettled(judgements: readonly Judgement[]): boolean {
  return judgements.some((j) => j.verdict === "regressed") || judgements.every((j) => j.verdict !== "undecided");
}

/** The gate's word over all metrics; `complete` is false when a metric had to be left out as too noisy. */
export function outcomeOf(judgements: readonly Judgement[], complete = true): Outcome {
  const has = (verdict: Judgement["verdict"]): boolean => judgements.some((j) => j.verdict === verdict);
  if (has("regressed")) return "regressed";
  if (!complete || has("undecided") || judgements.length === 0) return "inconclusive";
  return has("improved") ? "improved" : "pass";
}
