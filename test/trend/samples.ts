/** Histories and records made up, from a seed. */

import type { GateRecord } from "#dist/harness/records/index.js";
import { headerLine, lineOf } from "#dist/src/monitor/history-line.js";
import { FIGURE_NAMES, type Figures, type Interval } from "#dist/src/monitor/index.js";
import { SampleRandom } from "#dist/src/random.js";

export const HOUR = 3_600_000;
export const END = Date.UTC(2026, 2, 1);

export function normal(random: SampleRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}

export function interval(at: number, ms: number, known: Partial<Figures>): Interval {
  const none = Object.fromEntries(FIGURE_NAMES.map((name) => [name, null])) as unknown as Figures;
  return { at, ms, figures: { ...none, ...known }, latencies: new Map() };
}

/** Hours up to END, as a monitor writes them. */
export function hourlyHistory(hours: number, figuresAt: (hour: number) => Partial<Figures>): string {
  const start = END - hours * HOUR;
  return (
    headerLine(start) +
    Array.from({ length: hours }, (_, hour) =>
      lineOf("hour", interval(start + (hour + 1) * HOUR, HOUR, figuresAt(hour))),
    ).join("")
  );
}

/** Gates of a project a day apart, each of a commit of its own; `get` is what a get of the head took, ns. */
export function gates(
  count: number,
  getOf: (index: number) => number,
  seed = 1,
  base?: (index: number) => string,
): GateRecord[] {
  const random = new SampleRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const metric = (id: string, unit: string, better: "lower" | "higher", value: number) => ({
      ...{ id: `blackboard/${id}`, name: `blackboard ${id}`, unit, better, scale: "ratio" as const },
      ...{ head: value, base: 100, worse: 0, interval: { lower: -0.01, upper: 0.01 }, verdict: "pass" },
    });
    return {
      engramGateRecord: 1 as const,
      at: new Date(END + index * 24 * HOUR).toISOString(),
      commit: commitOf(index),
      dirty: false,
      base: { label: "v1", commit: base?.(index) ?? "b".repeat(40) },
      ...{ mode: "against" as const, outcome: "pass" as const, tolerance: 0.1, seed: 1, rounds: 20 },
      machine: { cpuModel: "CPU", cpuCount: 2, node: "v20.20.0", platform: "linux", arch: "x64" },
      settings: { scenarios: ["blackboard"], duration: "1s", workers: null },
      metrics: [
        metric("get cost", "ns", "lower", getOf(index) * Math.exp(0.02 * normal(random))),
        metric("throughput", "ops/s", "higher", 1e6 * Math.exp(0.02 * normal(random))),
      ],
    };
  });
}

export function commitOf(index: number): string {
  return `${index.toString(16).padStart(4, "0")}${"c0de".repeat(9)}`;
}

export function linesOf(records: readonly GateRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
