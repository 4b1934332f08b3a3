/** Throughput against throughput: how many times the reference's, how far that may be off, and when there is nothing to compare. */
import { factor, rate } from "./format.js";
import { failedShare, MOST_FAILED, type PhaseRun } from "./phases.js";

export type Ratio =
  | { readonly kind: "ratio"; readonly value: number; readonly interval: readonly [low: number, high: number] | null }
  /** No ratio, and why. */
  | { readonly kind: "none"; readonly why: string };

/**
 * @param noise how far equal runs differ on the machine, as a share; null: not measured. The interval, 95 %, is from how much the
 *   slices of both runs differ, or from the noise where that is more; null where a run has too few slices to tell
 */
export function throughputRatio(run: PhaseRun, reference: PhaseRun, noise: number | null = null): Ratio {
  const none = (why: string): Ratio => ({ kind: "none", why });
  if (run.loop !== "closed" || reference.loop !== "closed")
    return none("open loop: its throughput is the rate asked for");
  if (reference.opsPerSecond <= 0 || run.opsPerSecond <= 0) return none("nothing was done");
  const [own, others] = [run, reference].map(workLeftOut);
  if (own !== others) return none(`other work: without ${own || others}`);
  for (const one of [run, reference]) {
    if (failedShare(one) > MOST_FAILED)
      return none(`${one.subject} failed in ${(failedShare(one) * 100).toFixed(0)} % of its operations`);
  }
  const value = run.opsPerSecond / reference.opsPerSecond;
  if (run === reference) return { kind: "ratio", value, interval: null };
  if (run.error === null || reference.error === null) return { kind: "ratio", value, interval: null };
  // The errors of a quotient add up as squares; in the logarithm, so that no end is below 0.
  const off = Math.max(Math.hypot(run.error, reference.error), (noise ?? 0) * Math.SQRT2);
  return { kind: "ratio", value, interval: [value * Math.exp(-off), value * Math.exp(off)] };
}

/** What of the scenario's operations a subject did not do, as one text. */
function workLeftOut({ leftOut, phase }: PhaseRun): string {
  if (leftOut === undefined) return "";
  return [...leftOut.operations, ...(phase === null ? leftOut.phases : [])].join(", ");
}

/** `2.36 × (2.21 to 2.52)`, or a dash. */
export function ratioText(ratio: Ratio): string {
  if (ratio.kind === "none") return "–";
  if (ratio.interval === null) return factor(ratio.value);
  const [low, high] = ratio.interval.map((end) => factor(end).replace(" ×", ""));
  return low === high ? factor(ratio.value) : `${factor(ratio.value)} (${low}–${high})`;
}

/** What it reached, and of an open loop what it was asked for. */
export function reachedText({ opsPerSecond, rate: asked }: Pick<PhaseRun, "opsPerSecond" | "rate">): string {
  return asked === undefined ? rate(opsPerSecond) : `${rate(opsPerSecond)} of ${rate(asked)}`;
}
