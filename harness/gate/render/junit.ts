import type { GateReport, MetricReport } from "../report.js";
import { formatInterval, formatP, formatShare, formatTolerance } from "./wording.js";

/**
 * JUnit XML: one test case a metric, so that CI systems list them. Undecided and too noisy count as skipped, or as
 * failures where `--inconclusive fail` makes the gate fail for them.
 */
export function renderJunit(report: GateReport): string {
  const inconclusiveFails = report.outcome === "inconclusive" && report.exitCode !== 0;
  const kinds = report.metrics.map((m) => kindOf(m, inconclusiveFails));
  const count = (kind: string): number => kinds.filter((k) => k === kind).length;
  const skipped = count("skipped") + report.leftOut.length;
  const totals = `tests="${report.metrics.length + report.leftOut.length}" failures="${count("failure")}" errors="0" skipped="${skipped}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="engram gate" ${totals}>`,
    `  <testsuite name="${escapeXml(`${report.head} against ${report.base}`)}" ${totals}>`,
    ...report.metrics.map((m, i) => testCase(m, kinds[i])),
    ...report.leftOut.map(
      ({ id, reason }) =>
        `    <testcase classname="engram.gate" name="${escapeXml(id)}"><skipped message="${escapeXml(`left out: ${reason}`)}"/></testcase>`,
    ),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

type Kind = "passed" | "failure" | "skipped";

function kindOf({ verdict }: MetricReport, inconclusiveFails: boolean): Kind {
  if (verdict === "regressed") return "failure";
  if (verdict === "undecided" || verdict === "too noisy") return inconclusiveFails ? "failure" : "skipped";
  return "passed";
}

function testCase(metric: MetricReport, kind: Kind): string {
  const open = `    <testcase classname="engram.gate" name="${escapeXml(metric.id)}"`;
  if (kind === "passed") return `${open}/>`;
  const message = `${metric.verdict}: worse by ${formatShare(metric.worse)} (95 % interval ${formatInterval(metric.interval)}, p ${formatP(metric.pWorse)}), tolerance ${formatTolerance(metric.tolerance)}`;
  return `${open}><${kind} message="${escapeXml(message)}"/></testcase>`;
}

/** Attribute text of XML 1.0, which has no way at all to write most control characters. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"'\n\r\t]/g, (c) => `&#${c.charCodeAt(0)};`);
}
