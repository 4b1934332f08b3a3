import { expect, it } from "vitest";
import { failuresIn, tellFailures } from "#dist/harness/proofs/repeat/failures.js";

const test = (fullName: string, status: string) => ({ fullName, status });

it("names what failed in a run: each test, or the file that did not come to its tests", () => {
  const testResults = [
    { name: "/r/test/a.test.ts", status: "failed", assertionResults: [test("a fails", "failed"), test("b", "passed")] },
    { name: "/r/test/b.test.ts", status: "failed", assertionResults: [] },
    { name: "/r/test/c.test.ts", status: "passed", assertionResults: [test("c", "passed"), test("d", "skipped")] },
  ];
  expect(failuresIn({ testResults }, "/r")).toEqual(["test/a.test.ts: a fails", "test/b.test.ts"]);
});

it("tells on the last line how many runs were red, and each test with its seeds", () => {
  expect(tellFailures(30, new Map())).toBe("repeat: 0 of 30 runs red");
  const failures = new Map([
    ["test/a.test.ts: a", [7, 9]],
    ["test/b.test.ts: b", [9]],
  ]);
  expect(tellFailures(30, failures)).toBe(
    "repeat: 2 of 30 runs red: test/a.test.ts: a (seed 7, 9); test/b.test.ts: b (seed 9)",
  );
});
