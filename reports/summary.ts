/** The text summary of a run: what one reads in a terminal, or in the log of a build. */
import Table from "cli-table3";
import pc from "picocolors";
import { targetLimit } from "../src/metrics/index.js";
import { bytes, duration, latencyFigure, magnitude, percent, rate, shortCommit, significant } from "./format.js";
import { distributions, FLOOR_SUBJECT, phasesBySubject, REFERENCE_SUBJECT, unique } from "./groups.js";
import type { PhaseRun } from "./phases.js";
import { ratioText, reachedText, throughputRatio } from "./ratio.js";
import type { Latency, Results, TargetResult } from "./results.js";
import { commandsFor, findTarget, TARGETS } from "./targets/index.js";
import { distanceText, limitText, measuredText, missedTargets, tally } from "./verdict-words.js";

export interface SummaryOptions {
  /** Colours and weights; by default only on a terminal, and never when NO_COLOR is set. */
  colour?: boolean;
}

/** Subjects of the ratio line, in this order, where they took part. */
const RATIO_ORDER = [REFERENCE_SUBJECT, "map", "lmdb"];
/** The operation whose percentiles stand in the table, under its name: the first of these that was sampled. */
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
  parts.push(...learningLines(results), ...resourceLines(results), ...clusterLines(results), ...ingestLines(results));
  parts.push(...doubtLines(results, colours));
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

/** What swarms learned, a line each. */
function learningLines({ runs }: Results): string[] {
  return runs.flatMap(({ scenario, learning }) => {
    if (learning === undefined) return [];
    const { agents, threads, environment, curves, optimum, kills, finished, stepsPerSecond } = learning;
    const [swarm] = curves;
    const end = swarm?.points.at(-1);
    const reached = end === undefined ? "" : `, ${significant(end.value)} of ${significant(optimum)}`;
    const killed = kills.length === 0 ? "" : `, threads killed: ${kills.length}, their agents claimed again`;
    return [
      `${scenario}: ${finished} of ${agents} agents on ${threads} threads learned ${environment}${reached}, ${magnitude(stepsPerSecond)} steps a second${killed}`,
    ];
  });
}

/** What nodes kept of their promises, and what their calls took: a line for each check. */
function clusterLines({ runs }: Results): string[] {
  return runs.flatMap(({ scenario, cluster }) => {
    if (cluster === undefined) return [];
    const { checks, calls, real, partition, recoveries = [] } = cluster;
    const named = calls.filter(({ call }) => call === "put" || call === "get").slice(0, 2);
    const took = named.map(
      ({ call, p50, p99 }) => `${call} ${duration(p50 * 1000)}, 99 % up to ${duration(p99 * 1000)}`,
    );
    const where = real ? "" : " (no servers: no network between)";
    return [
      ...checks.map(({ what, checker, operations, verdict }) => {
        const words = { ok: "kept", illegal: "BROKEN", unknown: "not decided" }[verdict];
        return `${scenario}: ${words}: ${what}; ${operations} operations, ${checker}${where}`;
      }),
      ...(partition === undefined && took.length > 0 ? [`${scenario}: ${took.join("; ")}${where}`] : []),
      ...recoveries.map(
        ({ asked, done, taken, removed, milliseconds }) =>
          `${scenario}: ${asked}${asked === done ? "" : `, done ${done}`}: ${taken} taken, ${removed} gone, ${duration(milliseconds * 1e6)}${where}`,
      ),
      ...(partition === undefined
        ? []
        : [
            `${scenario}: ${partition.apart} cut off for ${duration(partition.apartMs * 1e6)}, healed after ${duration(partition.healedMs * 1e6)}, ${partition.conflicts} conflicts`,
          ]),
    ];
  });
}

/** What pools, configuration and caches did, a line each. */
function resourceLines({ runs }: Results): string[] {
  return runs.flatMap(({ scenario, resources: { pool, config, cache } = {} }) => [
    ...(pool?.steps ?? []).map(({ name, users, served, wait, peak }) => {
      const at = `${served} of ${users} users served, ${peak} of ${pool?.max} connections at most`;
      return `${scenario}, ${name}: ${at}, waits of ${significant(wait.p50)} ms, 99 % of them up to ${significant(wait.p99)} ms`;
    }),
    ...(config === undefined
      ? []
      : [
          `${scenario}: ${config.updates} versions, ${config.final} of ${config.threads} threads saw the last, told within ${significant(config.latency.p99)} ms (99 %), ${config.refused} refused, threads killed: ${config.killed}`,
        ]),
    ...(cache?.policies ?? []).map(
      ({ policy, hitRatio, hitNs, missNs }) =>
        `${scenario}, ${policy}: ${percent(hitRatio)} hits, ${significant(hitNs)} ns a hit, ${significant(missNs)} ns a miss`,
    ),
  ]);
}

/** What the metric pipeline did under load, and the plain server beside it, a line each. */
function ingestLines({ runs }: Results): string[] {
  const ms = (value: number) => `${significant(value)} ms`;
  return runs.flatMap(({ scenario, ingest: { paced, saturation, outage } = { clients: 0 } }) => [
    ...(paced?.servers ?? []).map(
      ({ server, sent, answered, intended }) =>
        `${scenario}, ${server}: ${answered} of ${sent} requests served, ${paced?.rate} a second, mean ${ms(intended.mean)}, 99 % ${ms(intended.p99)}, longest ${ms(intended.max)}`,
    ),
    ...(saturation ?? []).flatMap(({ step, servers }) =>
      servers.map(
        ({ server, requestsPerSecond, metricsPerSecond, memory }) =>
          `${scenario}, ${step}, ${server}: ${magnitude(requestsPerSecond)} requests, ${magnitude(metricsPerSecond)} metrics a second, memory ${bytes(memory.start)}, ${bytes(memory.most)} at most`,
      ),
    ),
    ...(outage?.servers ?? []).map(
      ({ server, acknowledged, points, lost }) =>
        `${scenario}, ${server}: ${acknowledged} metrics acknowledged, ${points} in the database, ${lost} lost`,
    ),
  ]);
}

function runsTable(results: Results, colours: Colours): string {
  const table = plainTable(
    [
      "scenario",
      "subject",
      "throughput",
      "ratio (95 %)",
      "latency of",
      "p50",
      "p99",
      "p99.9",
      "hit ratio",
      "errors",
    ].map((head) => colours.dim(head)),
    [2, 5, 6, 7, 8, 9],
  );
  for (const { title, lines, reference, noise } of phasesBySubject(results)) {
    lines.forEach(({ label, run }, index) => {
      const errors = errorsOf(run);
      table.push([
        index === 0 ? colours.bold(title) : "",
        label,
        reachedText(run),
        ratioText(throughputRatio(run, reference.run, noise)),
        ...tail(run, colours),
        run.hitRatio === null ? "-" : percent(run.hitRatio),
        errors === 0 ? "0" : colours.red(String(errors)),
      ]);
      for (const { name, opsPerSecond, latency } of index === 0 ? (run.roles ?? []) : []) {
        const own = tailOf(new Map(Object.entries(latency)), colours);
        table.push(["", colours.dim(`  ${name}`), rate(opsPerSecond), "", ...own, "", ""]);
      }
    });
  }
  return table.toString();
}

/** Codes are counted over all phases and passes; of one phase among several it is known how many operations failed. */
function errorsOf({ phase, failed = 0, errors }: PhaseRun): number {
  return phase === null ? Object.values(errors).reduce((sum, number) => sum + number, 0) : failed;
}

function tail(run: PhaseRun, colours: Colours): string[] {
  return tailOf(distributions(run, "sampled"), colours);
}

/** The operation whose percentiles stand there, by name, and how many others there are, then the percentiles. */
function tailOf(sampled: ReadonlyMap<string, Latency>, colours: Colours): string[] {
  const name = TAIL_ORDER.find((operation) => sampled.has(operation)) ?? [...sampled.keys()][0];
  const latency = name === undefined ? undefined : sampled.get(name);
  if (!latency) return ["-", "-", "-", "-"];
  const from = latency.from === "intended" ? ", waiting included" : "";
  return [
    `${name}${colours.dim(from)}`,
    ...[latency.p50, latency.p99, latency.p999].map((ns) => latencyFigure(latency, ns)),
  ];
}

/** `blackboard  engram : map : lmdb = 1 : 3.2 : 0.12`, one line a scenario and phase; without those that did other work. */
function ratioLines(results: Results, colours: Colours): string {
  const lines = phasesBySubject(results).flatMap(({ title, lines: members, reference, noise }) => {
    const ratios = new Map(
      members
        .filter(({ run }) => run.subject !== FLOOR_SUBJECT)
        .flatMap(({ label, run }) => {
          const ratio = throughputRatio(run, reference.run, noise);
          return ratio.kind === "none" ? [] : [[label, significant(ratio.value)] as const];
        }),
    );
    const order = unique([...RATIO_ORDER.filter((subject) => ratios.has(subject)), ...ratios.keys()]);
    if (order.length < 2) return [];
    return [`${colours.dim(title)}  ${order.join(" : ")} = ${order.map((subject) => ratios.get(subject)).join(" : ")}`];
  });
  return lines.join("\n");
}

/** As many lines of one kind tell what is the matter; the report has them all. */
const MOST_ALIKE = 3;

/** Why figures above are not to be believed. */
function doubtLines({ doubts = [], runs }: Results, colours: Colours): string[] {
  const own = runs.flatMap((run) =>
    (run.doubts ?? []).map((text) => ({ text, line: `${run.scenario} / ${run.subject}: ${text}` })),
  );
  if (doubts.length + own.length === 0) return [];
  // Alike but for their numbers and for the phase they begin with.
  const kinds = new Map<string, string[]>();
  for (const { text, line } of own) {
    const kind = text.replace(/^[^:]*: /, "").replace(/[\d.]+/g, "");
    kinds.set(kind, [...(kinds.get(kind) ?? []), line]);
  }
  const lines = [...kinds.values()].flatMap((alike) =>
    alike.length <= MOST_ALIKE
      ? alike
      : [...alike.slice(0, MOST_ALIKE), `and ${alike.length - MOST_ALIKE} more like that`],
  );
  const all = [...doubts, ...lines].map((line) => colours.yellow(`  ${line}`));
  return ["", colours.yellow("not to be believed as they stand:"), ...all];
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

/** What measures the targets that these results leave open, a command a line; empty where there is nothing to measure. */
export function renderCommands(results: Results): string {
  const known = results.targets.filter(({ id, verdict }) => verdict === "not measured" && findTarget(id) !== undefined);
  const commands = commandsFor(known.map(({ id }) => id));
  if (commands.length === 0) return "";
  const width = Math.max(...commands.map(({ command }) => command.length));
  const lines = commands.map(
    ({ command, targets }) =>
      `  ${command.padEnd(width)}  ${targets.length} ${targets.length === 1 ? "target" : "targets"}`,
  );
  return `${["what measures the others:", ...lines].join("\n")}\n`;
}

/** Names and notes are user input, and so are the names that figures go by: no control character of theirs reaches the terminal. */
function withoutControls(results: Results): Results {
  return clean(results) as Results;
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/\p{Cc}+/gu, " ");
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [clean(key), clean(one)]));
}
