import type { GateReport } from "../report.js";
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

/** A section for a pull request or a job summary. */
export function renderMarkdown(report: GateReport): string {
  const lines = [
    `## Engram gate: ${outcomeWord(report)}`,
    "",
    explanation(report),
    "",
    escapeCell(modeLine(report)),
    "",
  ];
  if (report.metrics.length > 0) {
    lines.push("| metric | base | head | worse by | 95 % interval | p | tolerance | A/A noise | verdict |");
    lines.push("|---|--:|--:|--:|--:|--:|--:|--:|---|");
    for (const m of report.metrics) {
      const cells = [
        m.name,
        formatFigure(m.base, m.unit),
        formatFigure(m.head, m.unit),
        formatShare(m.worse),
        formatInterval(m.interval),
        formatP(m.pWorse),
        formatTolerance(m.tolerance),
        `± ${formatTolerance(m.noise)}`,
        m.verdict === "regressed" ? `**${m.verdict}**` : m.verdict,
      ];
      lines.push(`| ${cells.map(escapeCell).join(" | ")} |`);
    }
    lines.push("");
  }
  for (const { name, reason } of report.leftOut) lines.push(`- left out: ${escapeCell(`${name}: ${reason}`)}`);
  for (const notice of report.notices) lines.push(`- note: ${escapeCell(notice)}`);
  lines.push(`- settings: ${escapeCell(settingsLine(report))}`, "");
  return lines.join("\n");
}

function settingsLine({ settings, seed }: GateReport): string {
  const workers = settings.workers === null ? "the scenario's workers" : `${settings.workers} workers`;
  return `${settings.scenarios.join(", ")}, ${settings.duration} a process, ${workers}, seed ${seed}`;
}

/** Text inside a table: a bar would end the cell, and a revision's name may hold anything. */
function escapeCell(text: string): string {
  return text.replace(/[|<>`\\]/g, (c) => `\\${c}`).replace(/\s+/g, " ");
}
