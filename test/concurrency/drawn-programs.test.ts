/** Programs and schedules drawn, shrunk and replayed by fast-check, on the machine that the explorer's long runs use. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  describeViolation,
  FAMILIES,
  type Family,
  formatReport,
  Machine,
  PLANTED_FAULTS,
} from "#dist/harness/explorer/index.js";
import { seedOr } from "../given.js";
import { arbitraryExperiment, type Experiment } from "./arbitrary-programs.js";
import { BUILD_TIMEOUT, makeExploreBuild } from "./explore-build.js";

const seed = seedOr(Math.floor(Math.random() * 2 ** 31));
const RUNS = 100;
/** Faults that a few thousand programs show, with a family in which they do; from the same seed each time. */
const FAULTS: readonly (readonly [fault: number, family: string])[] = [
  [1, "write-write"],
  [2, "replace-middle"],
  [4, "replace-head"],
  [5, "death-allocate"],
  [7, "replace-middle"],
  [9, "replace-head"],
  [10, "death-write"],
  [11, "death-allocate"],
  [12, "death-write"],
  [13, "clear"],
  [16, "borrow"],
  [18, "snapshot"],
  [21, "namespaces"],
  [22, "access-log"],
  [24, "get-many-clear"],
];
const FAULT_SEED = 1;
const FAULT_RUNS = 10_000;
const OPERATIONS_MAX = 7;
const INTERRUPTIONS_MAX = 6;

const familyOf = (name: string): Family => FAMILIES.find((family) => family.name === name) as Family;

function invariantsHold(machine: Machine, family: Family) {
  return fc.property(arbitraryExperiment(family), (experiment) => {
    const broken = experiment.run(machine);
    if (broken !== null) throw new Error(broken);
  });
}

/** What fast-check says of a failure, and every access of the smallest program that shows it. */
function explain(machine: Machine, details: fc.RunDetails<[Experiment]>): string {
  const [experiment] = details.counterexample ?? [];
  if (experiment === undefined) return fc.defaultReportMessage(details) ?? "";
  const { program, fine } = experiment;
  const what = String((details.errorInstance as Error | null)?.message);
  experiment.run(machine);
  const violation = { program, segments: machine.segments, fine, what, schedules: details.numRuns };
  return `${fc.defaultReportMessage(details)}\n${formatReport(describeViolation(machine, violation))}`;
}

beforeAll(async () => {
  console.log(`programs are drawn from seed ${seed} (SEED=${seed} draws and shrinks the same ones)`);
  await makeExploreBuild();
}, BUILD_TIMEOUT);

describe("the engine as it ships", () => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine();
  });

  it.each(FAMILIES.map((family) => ({ name: family.name, family })))(
    `keeps its invariants in ${RUNS} programs of $name, each with a schedule of its own`,
    ({ family }) => {
      const details = fc.check(invariantsHold(machine, family), { seed, numRuns: RUNS });
      expect(details.failed ? explain(machine, details) : "").toBe("");
      expect(details.numRuns).toBe(RUNS);
    },
  );
});

describe("a fault planted in the engine", () => {
  it.each(
    FAULTS.map(([number, name]) => ({ number, name, what: PLANTED_FAULTS.find((f) => f.number === number)?.what })),
  )(
    "$number ($what) is found in $name, shrunk to a few operations, and had again from the seed and path",
    ({ number, name }) => {
      const machine = new Machine(number);
      const property = invariantsHold(machine, familyOf(name));
      const details = fc.check(property, { seed: FAULT_SEED, numRuns: FAULT_RUNS });
      expect(details.failed).toBe(true);
      const [smallest] = details.counterexample as [Experiment];
      expect(smallest.operations).toBeGreaterThan(0);
      expect(smallest.operations).toBeLessThanOrEqual(OPERATIONS_MAX);
      expect(smallest.interruptions).toBeLessThanOrEqual(INTERRUPTIONS_MAX);

      // the shipped engine stands what breaks this one, and a new machine breaks in the same way
      expect(smallest.run(new Machine())).toBeNull();
      expect(smallest.run(new Machine(number))).toBe((details.errorInstance as Error).message);

      const again = fc.check(property, {
        seed: details.seed,
        path: details.counterexamplePath as string,
        endOnFailure: true,
      });
      expect(again.numRuns).toBe(1);
      expect(fc.stringify(again.counterexample)).toBe(fc.stringify(details.counterexample));
    },
  );

  it("is reported with its seed, its path, the program in words and every access", () => {
    const machine = new Machine(1);
    const details = fc.check(invariantsHold(machine, familyOf("write-write")), { seed: 7, numRuns: FAULT_RUNS });
    const report = explain(machine, details);
    expect(report).toMatch(/seed: 7, path: "[\d:]+"/);
    expect(report).toMatch(/Counterexample: .*\n?program write-write: \d bucket/);
    expect(report).toMatch(/thread \d: (set|delete) a/);
    expect(report).toMatch(/table\/find < /);
    expect(report).toContain(`violated: ${(details.errorInstance as Error).message}`);
  });
});
