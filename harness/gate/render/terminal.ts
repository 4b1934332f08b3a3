import Table from "cli-table3";
import pc from "picocolors";
import type { GateReport, MetricReport } from "../report.js";
import {
  explanation,
  formatFigure,
  formatInterval,
  formatP,
  formatShare,
  formatTolerance,
  modeLine,
  outcomeWord,
} from "./wording.js";

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
    head: ["metric", "base", "head", "worse by", "95 % interval", "p", "tolerance", "A/A", "verdict"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right", "right", "right", "right", "left"],
  });
  for (const m of report.metrics) {
    table.push([
      m.name,
      formatFigure(m.base, m.unit),
      formatFigure(m.head, m.unit),
      formatShare(m.worse),
      formatInterval(m.interval),
      formatP(m.pWorse),
      formatTolerance(m.tolerance),
      `± ${formatTolerance(m.noise)}`,
      paintOf[m.verdict](m.verdict),
    ]);
  }
  const lines = [modeLine(report)];
  if (report.metrics.length > 0) lines.push(table.toString());
  for (const { name, reason } of report.leftOut) lines.push(colors.dim(`left out: ${name}: ${reason}`));
  for (const notice of report.notices) lines.push(colors.dim(`note: ${notice}`));
  lines.push(`${colors.bold(paintOf[report.outcome](outcomeWord(report)))}  ${explanation(report)}`);
  return `${lines.join("\n")}\n`;
}
