import type { ErrorReport } from "../errors-of-runs.js";
import type { MetricReport } from "../metric-report.js";
import type { GateReport } from "../report.js";
import { formatAllowed, formatInterval, formatP, formatWorse } from "./formats.js";
import { errorLine } from "./wording.js";

/**
 * JUnit XML: one test case a metric, so that CI systems list them, and one a kind of error in a scenario. Undecided, too noisy and what
 * cannot be compared count as skipped, or as failures where `--inconclusive fail` makes the gate fail for them. No name stands twice.
 */
export function renderJunit(report: GateReport): string {
  const open = report.outcome === "inconclusive" && report.exitCode !== 0 ? "failure" : "skipped";
  const cases = [
    ...report.metrics.map((metric) => caseOf(metric, open)),
    ...report.errors.map(errorCase),
    ...report.incomparable.map((message, at): Case => ({ name: `comparable.${at + 1}`, kind: open, message })),
    ...report.leftOut.map(({ id, reason }): Case => ({ name: id, kind: "skipped", message: `left out: ${reason}` })),
  ];
  const count = (kind: Case["kind"]): number => cases.filter((one) => one.kind === kind).length;
  const totals = `tests="${cases.length}" failures="${count("failure")}" errors="0" skipped="${count("skipped")}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="engram gate" ${totals}>`,
    `  <testsuite name="${escapeXml(`${report.head} against ${report.base}`)}" ${totals}>`,
    ...cases.map(testCase),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

interface Case {
  name: string;
  kind: "passed" | "failure" | "skipped";
  message: string;
}

function caseOf(metric: MetricReport, open: Case["kind"]): Case {
  const { id, verdict, pWorse } = metric;
  const message = `${verdict}: worse by ${formatWorse(metric)} (95 % interval ${formatInterval(metric)}, p ${formatP(pWorse)}), tolerance ${formatAllowed(metric)}`;
  if (verdict === "regressed") return { name: id, kind: "failure", message };
  return { name: id, kind: verdict === "undecided" || verdict === "too noisy" ? open : "passed", message };
}

function errorCase(error: ErrorReport): Case {
  const failure = error.verdict === "regressed";
  const message = `operations fail that do not fail in the base: ${errorLine(error)}`;
  return { name: error.id, kind: failure ? "failure" : "passed", message };
}

function testCase({ name, kind, message }: Case): string {
  const open = `    <testcase classname="engram.gate" name="${escapeXml(name)}"`;
  return kind === "passed" ? `${open}/>` : `${open}><${kind} message="${escapeXml(message)}"/></testcase>`;
}

/** Attribute text of XML 1.0, which has no way at all to write most control characters. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"'\n\r\t]/g, (c) => `&#${c.charCodeAt(0)};`);
}
