import Table from "cli-table3";
import pc from "picocolors";
import type { MetricReport } from "../metric-report.js";
import type { GateReport } from "../report.js";
import { COLUMNS, cellsOf, errorLines, explanation, modeLine, outcomeWord } from "./wording.js";

type Paint = (text: string) => string;

/** The table on a terminal, ending with a newline. Colour is off where picocolors says so or `color` is false. */
export function renderTerminal(report: GateReport, color = pc.isColorSupported): string {
  const colors = pc.createColors(color);
  const paintOf: Record<MetricReport["verdict"] | GateReport["outcome"], Paint> = {
    regressed: colors.red,
    improved: colors.green,
    pass: colors.green,
    undecided: colors.yellow,
    inconclusive: colors.yellow,
    "too noisy": colors.yellow,
  };
  const table = new Table({
    head: COLUMNS,
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right", "right", "right", "right", "left"],
  });
  for (const m of report.metrics) table.push([...cellsOf(m), paintOf[m.verdict](m.verdict)]);
  for (const m of report.beside) table.push([...cellsOf(m), colors.dim(`${m.verdict} (beside)`)]);
  const lines = [modeLine(report)];
  if (report.metrics.length + report.beside.length > 0) lines.push(table.toString());
  const failed = errorLines(report);
  for (const [at, line] of failed.entries()) {
    lines.push((report.errors[at].verdict === "regressed" ? colors.red : colors.dim)(`failed: ${line}`));
  }
  for (const line of report.incomparable) lines.push(colors.yellow(`not comparable: ${line}`));
  for (const { name, reason } of report.leftOut) lines.push(colors.dim(`left out: ${name}: ${reason}`));
  for (const notice of report.notices) lines.push(colors.dim(`note: ${notice}`));
  lines.push(`${colors.bold(paintOf[report.outcome](outcomeWord(report)))}  ${explanation(report)}`);
  return `${lines.join("\n")}\n`;
}
