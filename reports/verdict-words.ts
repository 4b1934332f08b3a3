/** Verdicts in words: how many targets were met, which were missed and by how much. */
import { magnitude, significant } from "./format.js";
import type { TargetResult } from "./results.js";

export interface Tally {
  met: number;
  missed: number;
  notMeasured: number;
}

export function tally(targets: readonly TargetResult[]): Tally {
  const of = (verdict: TargetResult["verdict"]) => targets.filter((target) => target.verdict === verdict).length;
  return { met: of("met"), missed: of("missed"), notMeasured: of("not measured") };
}

/** Missed targets, the gravest first, then the furthest. */
export function missedTargets(targets: readonly TargetResult[]): TargetResult[] {
  const gravity = ({ severity }: TargetResult) => (severity === "critical" ? 2 : severity === "alert" ? 1 : 0);
  return targets
    .filter(({ verdict }) => verdict === "missed")
    .sort((a, b) => gravity(b) - gravity(a) || (b.distance ?? 0) - (a.distance ?? 0));
}

/** `25 % over`, `12 % short`, `3.2 x over`: how far a missed figure lies beyond its limit. */
export function distanceText({ distance, comparison, target, measured }: TargetResult): string {
  if (distance === null) return "";
  const low = Number.parseFloat(String(target));
  const short = comparison === ">" || comparison === ">=" || (comparison === "within" && (measured ?? 0) < low);
  if (!short && distance >= 2) return `${significant(1 + distance)} × the limit`;
  return `${significant(distance * 100)} % ${short ? "short" : "over"}`;
}

export function limitText({ comparison, target, unit }: Pick<TargetResult, "comparison" | "target" | "unit">): string {
  const sign = { "<": "< ", "<=": "≤ ", ">": "> ", ">=": "≥ ", within: "", info: "" }[comparison];
  return `${sign}${typeof target === "number" ? figure(target) : target} ${unit}`;
}

export function measuredText({ measured, unit }: TargetResult): string {
  return measured === null ? "–" : `${figure(measured)} ${unit}`;
}

export function figure(value: number): string {
  return Math.abs(value) >= 1e6 ? magnitude(value) : significant(value);
}
