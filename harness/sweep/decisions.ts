import pc from "picocolors";
import { decisionsOf, type EvictionResult } from "../../reports/index.js";

/** Which policy and how large, in sentences, ending with an empty line; empty where there is nothing to decide. */
export function renderDecisions(rows: readonly EvictionResult[]): string {
  const told = decisionsOf(rows).map(({ trace, by, answer, reasons }) => {
    const lines = [`${pc.bold(`${trace}, by ${by}`)}: ${answer}`, ...reasons.map((reason) => `  ${reason}`)];
    return `${lines.join("\n")}\n`;
  });
  return told.length === 0 ? "" : `${told.join("\n")}\n`;
}

/** The rows, each that was decided for with its decision: for programs, which read the same sentences. */
export function withDecisions<Row extends EvictionResult>(rows: readonly Row[]): Row[] {
  const decided = [...rows];
  for (const { trace, by, policy, capacity, answer, reasons, steps } of decisionsOf(rows)) {
    const at = decided.findIndex(
      (row) => row.trace === trace && row.by === by && row.policy === policy && row.capacity === capacity,
    );
    decided[at] = { ...decided[at], decision: { answer, reasons, steps } };
  }
  return decided;
}
