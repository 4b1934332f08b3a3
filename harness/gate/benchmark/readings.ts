/** What is compared of a benchmark's processes, and the figures of one. */
import type { Metric, Reading } from "../metrics.js";
import type { Readings, Target } from "../readings.js";
import type { BenchmarkRun } from "./run-benchmark.js";
import type { BenchmarkSettings, DecideBy } from "./settings.js";
import type { PrintedMetric } from "./tools.js";

/** Stands where the name of a scenario does. */
export const GROUP = "command";

const WALL = `${GROUP}/wall`;
const CPU = `${GROUP}/cpu`;
const INSTRUCTIONS = `${GROUP}/instructions`;
const printedId = (name: string) => `${GROUP}/metric/${name}`;

/** A word in front of every metric would say nothing where there is but one command. */
const timed = (id: string, name: string, unit: string, better: Metric["better"] = "lower"): Omit<Target, "beside"> => ({
  ...{ id, name, scenario: GROUP, phase: null },
  metric: {
    path: id.slice(GROUP.length + 1),
    label: name,
    unit,
    better,
    scale: "ratio",
    toleranceFactor: 1,
    read: () => ({ kind: "absent" }),
  },
});

export interface Comparison {
  targets: Target[];
  /** Metrics that the base has and the head has not, or has in another unit. */
  incomparable: string[];
}

/**
 * @param head, base a process of each, which is not judged
 * @throws nothing: of what one side alone has, the base's is not comparable, and the head's is new
 */
export function comparisonOf(head: BenchmarkRun, base: BenchmarkRun, { decideBy }: BenchmarkSettings): Comparison {
  const heads = byName(head);
  const bases = byName(base);
  const incomparable: string[] = [];
  const printed: Target[] = [];
  for (const [name, { unit, better }] of new Map([...bases, ...heads])) {
    const [own, before] = [heads.get(name), bases.get(name)];
    if (own === undefined) incomparable.push(`the base prints ${name}, and the head does not`);
    if (own !== undefined && before !== undefined && (own.unit !== before.unit || own.better !== before.better)) {
      incomparable.push(
        `${name} is in ${before.unit || "no unit"}, ${before.better} is better, in the base, and in ${own.unit || "no unit"}, ${own.better} is better, in the head`,
      );
      continue;
    }
    printed.push({
      ...timed(printedId(name), name, unit === "%" ? "percent" : unit, better),
      beside: !byClock(decideBy),
    });
  }
  // What a benchmark times itself is what it was written for; how long all of it took is then beside it.
  const wall = { ...timed(WALL, "wall time", "ms"), beside: !byClock(decideBy) || printed.length > 0 };
  const cpu = { ...timed(CPU, "CPU time", "ms"), beside: decideBy !== "cpu", standsIn: decideBy === "auto" };
  const instructions = { ...timed(INSTRUCTIONS, "instructions", "instructions"), beside: decideBy !== "instructions" };
  return { targets: [...printed, wall, cpu, instructions], incomparable };
}

const byClock = (decideBy: DecideBy) => decideBy === "auto" || decideBy === "wall";

/** The figures of one process, for the targets that were found. */
export function readingsOf({ wallMs, cpuMs, instructions, printed }: BenchmarkRun): Readings {
  const figures = new Map<string, Reading>([[WALL, { kind: "figure", value: wallMs }]]);
  if (cpuMs !== null) figures.set(CPU, figureOf(cpuMs));
  if (instructions !== null) figures.set(INSTRUCTIONS, figureOf(instructions));
  for (const { name, value } of printed ?? []) figures.set(printedId(name), figureOf(value));
  return { figures, errors: new Map(), work: new Map() };
}

function figureOf(value: number): Reading {
  return value > 0 ? { kind: "figure", value } : { kind: "unusable", reason: `the figure is ${value}` };
}

function byName({ printed }: BenchmarkRun): Map<string, PrintedMetric> {
  return new Map((printed ?? []).map((metric) => [metric.name, metric]));
}
