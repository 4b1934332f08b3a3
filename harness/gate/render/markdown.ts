import type { GateReport } from "../report.js";
import { COLUMNS, cellsOf, errorLines, explanation, modeLine, outcomeWord } from "./wording.js";

/** A section for a pull request or a job summary. */
export function renderMarkdown(report: GateReport): string {
  const lines = [
    `## Engram gate: ${outcomeWord(report)}`,
    "",
    escapeCell(explanation(report)),
    "",
    escapeCell(modeLine(report)),
    "",
  ];
  const rows = [
    ...report.metrics.map((m) => [...cellsOf(m), m.verdict === "regressed" ? `**${m.verdict}**` : m.verdict]),
    ...report.beside.map((m) => [...cellsOf(m), `${m.verdict} (beside)`]),
  ];
  if (rows.length > 0) {
    lines.push(`| ${COLUMNS.join(" | ")} |`);
    lines.push("|---|--:|--:|--:|--:|--:|--:|--:|---|");
    for (const cells of rows) lines.push(`| ${cells.map(escapeCell).join(" | ")} |`);
    lines.push("");
  }
  for (const line of errorLines(report)) lines.push(`- failed: ${escapeCell(line)}`);
  for (const line of report.incomparable) lines.push(`- not comparable: ${escapeCell(line)}`);
  for (const { name, reason } of report.leftOut) lines.push(`- left out: ${escapeCell(`${name}: ${reason}`)}`);
  for (const notice of report.notices) lines.push(`- note: ${escapeCell(notice)}`);
  lines.push(`- settings: ${escapeCell(settingsLine(report))}`, "");
  return lines.join("\n");
}

function settingsLine({ settings, seed }: GateReport): string {
  if (settings.command !== undefined) return `${settings.command}, seed ${seed}`;
  const workers = settings.workers === null ? "the scenario's workers" : `${settings.workers} workers`;
  return `${settings.scenarios.join(", ")}, ${settings.duration} a process, ${workers}, seed ${seed}`;
}

/** Text inside a table: a bar would end the cell, and a revision's name may hold anything. */
function escapeCell(text: string): string {
  return text.replace(/[|<>`\\]/g, (c) => `\\${c}`).replace(/\s+/g, " ");
}
