/** The text summary of a run: what one reads in a terminal, or in the log of a build. */
import Table from "cli-table3";
import pc from "picocolors";
import { targetLimit } from "../src/metrics/index.js";
import { factor, latencyFigure, percent, rate, shortCommit, significant } from "./format.js";
import { distributions, FLOOR_SUBJECT, groupBySubject, REFERENCE_SUBJECT, unique } from "./groups.js";
import type { Latency, Results, Run, TargetResult } from "./results.js";
import { distanceText, limitText, measuredText, missedTargets, tally } from "./sections/verdict.js";
import { TARGETS } from "./targets/index.js";

export interface SummaryOptions {
  /** Colours and weights; by default only on a terminal, and never when NO_COLOR is set. */
  colour?: boolean;
}

/** Subjects of the ratio line, in this order, where they took part. */
const RATIO_ORDER = [REFERENCE_SUBJECT, "map", "lmdb"];
/** The operation whose tail stands for the run in the table, the first of these that was sampled. */
const TAIL_ORDER = ["read", "get"];

/** Ratios of throughput by scenario, then the verdict on the targets with every miss and its distance. */
export function renderSummary(untrusted: Results, options: SummaryOptions = {}): string {
  const results = withoutControls(untrusted);
  const colours = pc.createColors(options.colour ?? coloursWanted());
  const { environment } = results;
  const parts = [
    colours.bold(results.title ?? "Engram results"),
    colours.dim(
      `${environment.cpuCount} x ${environment.cpuModel}, Node ${environment.node}, commit ${shortCommit(environment.commit)}, seed ${results.config.seed}`,
    ),
  ];
  if (results.interrupted) parts.push(colours.yellow("stopped early: only what was measured before that"));
  if (results.runs.length > 0) parts.push("", runsTable(results, colours), "", ratioLines(results, colours));
  parts.push("", verdict(results.targets, colours));
  return `${parts.map((part) => part.trimEnd()).join("\n")}\n`;
}

/** The documented targets as a table. */
export function renderTargets(options: SummaryOptions = {}): string {
  const colours = pc.createColors(options.colour ?? coloursWanted());
  const table = plainTable(["id", "source", "metric", "limit", "alert / critical", "documented"]);
  for (const target of TARGETS) {
    const { id, source, metric, alert, critical, documented } = target;
    const limit = limitText({ ...target, target: targetLimit(target) });
    table.push([id, source, metric, limit, alert === null ? "" : `${alert} / ${critical}`, colours.dim(documented)]);
  }
  return `${table.toString()}\n`;
}

type Colours = ReturnType<typeof pc.createColors>;

/** NO_COLOR (no-color.org) switches colours off when it is set to anything; so does output that is no terminal. */
function coloursWanted(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}

function plainTable(head: string[], right: readonly number[] = []): InstanceType<typeof Table> {
  return new Table({
    head,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    colAligns: head.map((_, index) => (right.includes(index) ? "right" : "left")),
    chars: Object.fromEntries(
      [
        "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right",
        "left left-mid mid mid-mid right right-mid middle",
      ]
        .join(" ")
        .split(" ")
        .map((name) => [name, ""]),
    ),
  });
}

function runsTable(results: Results, colours: Colours): string {
  const table = plainTable(
    ["scenario", "subject", "throughput", "ratio", "p50", "p99", "p99.9", "hit ratio", "errors"].map((head) =>
      colours.dim(head),
    ),
    [2, 3, 4, 5, 6, 7, 8],
  );
  for (const { title, lines, reference } of groupBySubject(results)) {
    lines.forEach(({ label, run }, index) => {
      const errors = Object.values(run.errors).reduce((sum, number) => sum + number, 0);
      table.push([
        index === 0 ? colours.bold(title) : "",
        label,
        rate(run.opsPerSecond),
        reference.run.opsPerSecond > 0 ? factor(run.opsPerSecond / reference.run.opsPerSecond) : "-",
        ...tail(run),
        run.hitRatio === null ? "-" : percent(run.hitRatio),
        errors === 0 ? "0" : colours.red(String(errors)),
      ]);
      for (const { name, opsPerSecond, latency } of index === 0 ? (run.roles ?? []) : []) {
        table.push([
          "",
          colours.dim(`  ${name}`),
          rate(opsPerSecond),
          "",
          ...tailOf(new Map(Object.entries(latency))),
          "",
          "",
        ]);
      }
    });
  }
  return table.toString();
}

function tail(run: Run): string[] {
  return tailOf(distributions(run, "sampled"));
}

function tailOf(sampled: ReadonlyMap<string, Latency>): string[] {
  const name = TAIL_ORDER.find((operation) => sampled.has(operation)) ?? [...sampled.keys()][0];
  const latency = name === undefined ? undefined : sampled.get(name);
  if (!latency) return ["-", "-", "-"];
  return [latency.p50, latency.p99, latency.p999].map((ns) => latencyFigure(latency, ns));
}

/** `blackboard  engram : map : lmdb = 1 : 3.2 : 0.12`, one line a scenario. */
function ratioLines(results: Results, colours: Colours): string {
  const groups = groupBySubject(results);
  const lines = groups.flatMap(({ title, lines: members, reference }) => {
    if (reference.run.opsPerSecond <= 0) return [];
    const rivals = members.filter(({ run }) => run.subject !== FLOOR_SUBJECT);
    const first = RATIO_ORDER.filter((subject) => rivals.some(({ label }) => label === subject));
    const order = unique([...first, ...rivals.map(({ label }) => label)]);
    if (order.length < 2) return [];
    const ratios = order.map((subject) => {
      const { run } = rivals.find(({ label }) => label === subject)!;
      return significant(run.opsPerSecond / reference.run.opsPerSecond);
    });
    return [`${colours.dim(title)}  ${order.join(" : ")} = ${ratios.join(" : ")}`];
  });
  return lines.join("\n");
}

function verdict(targets: readonly TargetResult[], colours: Colours): string {
  if (targets.length === 0) return "targets: none judged";
  const { met, missed, notMeasured } = tally(targets);
  const head = `targets: ${colours.green(`${met} met`)}, ${missed > 0 ? colours.red(`${missed} missed`) : "0 missed"}, ${notMeasured} not measured`;
  if (missed === 0) return head;
  const table = plainTable(["", "", "", "", ""], [2]);
  table.options.head = [];
  for (const target of missedTargets(targets)) {
    const severity = target.severity ? colours.red(target.severity) : "";
    table.push([
      `  ${target.metric} ${colours.dim(target.source)}`,
      limitText(target),
      measuredText(target),
      colours.yellow(distanceText(target)),
      severity,
    ]);
  }
  return `${head}\n${table.toString()}`;
}

/** Names and notes are user input: no control character of theirs reaches the terminal. */
function withoutControls(results: Results): Results {
  const clean = (_: string, value: unknown) => (typeof value === "string" ? value.replace(/\p{Cc}+/gu, " ") : value);
  return JSON.parse(JSON.stringify(results), clean) as Results;
}
