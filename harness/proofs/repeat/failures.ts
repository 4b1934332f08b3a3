/** What a run of the suite says that failed, from vitest's JSON report. */
import { relative } from "node:path";

export interface SuiteReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** @returns `file: test` for each that failed; the file alone where it did not come to its tests */
export function failuresIn(report: SuiteReport, root: string): string[] {
  return report.testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults
      .filter((test) => test.status === "failed")
      .map((test) => `${file}: ${test.fullName}`);
    return failed.length === 0 && status === "failed" ? [file] : failed;
  });
}

/** The last line: by test, how often and with which seeds. */
export function tellFailures(runs: number, failures: ReadonlyMap<string, readonly number[]>): string {
  const red = new Set([...failures.values()].flat()).size;
  const each = [...failures].map(([test, seeds]) => `${test} (seed ${seeds.join(", ")})`);
  return `repeat: ${red} of ${runs} runs red${each.length > 0 ? `: ${each.join("; ")}` : ""}`;
}
