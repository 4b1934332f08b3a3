/** The results as text: a table of figures a group, and the goals beneath it. */
import Table from "cli-table3";
import pc from "picocolors";
import type { BenchResults, Figure, GroupResult, Judgement, Profile } from "./results.js";

export function renderHead({ environment, config }: Pick<BenchResults, "environment" | "config">): string {
  const { cpuCount, cpuModel, node, v8, loadAverage, commit } = environment;
  const how = `${config.rounds} rounds of ${config.turnMs} ms turns, seed ${config.seed}`;
  return [
    pc.bold("engram bench"),
    `${cpuCount} x ${cpuModel}, Node ${node} (V8 ${v8}), commit ${commit ?? "unknown"}`,
    `load average ${loadAverage.map((load) => load.toFixed(2)).join(" ")} before; clock ${environment.timerFloorNs.toFixed(0)} ns; ${how}`,
    "Every figure is the median over the rounds, quartiles beside it; ratios are taken within a round, the median of them is shown.",
    "",
  ].join("\n");
}

export function renderGroup(group: GroupResult): string {
  const parts = [`\n${pc.bold(group.name)}: ${group.title}`, figureTable(group)];
  if (group.judgements.length > 0) parts.push(goalTable(group.judgements));
  if (group.profiles.length > 0) parts.push(profileTable(group.profiles));
  for (const note of group.notes) parts.push(`  ${note}`);
  if (group.figures.some(({ suspect }) => suspect)) {
    parts.push(pc.yellow("  ! under 1.4 x the empty loop: probably optimised away, decides nothing"));
  }
  return `${parts.join("\n")}\n`;
}

/** The last line of the bench: how many goals are met, and the others by name with their distance. */
export function renderVerdict(judgements: readonly Judgement[]): string {
  const missed = judgements.filter(({ met }) => !met);
  const count = `${judgements.length - missed.length} of ${judgements.length} goals met`;
  if (missed.length === 0) return `bench: ${count}`;
  const list = missed.map(
    (judgement) => `${judgement.id} ${withUnit(judgement.value, judgement.unit)} (${goalOf(judgement)})`,
  );
  return `bench: ${count}; missed: ${list.join(", ")}`;
}

function figureTable({ figures, reference }: GroupResult): string {
  const reads = figures.some(({ returns }) => returns !== null);
  const documents = figures.some(({ documented }) => documented !== null);
  const compares = reference !== null;
  const head = ["", ...(reads ? ["hands back"] : []), "median", "quartiles"];
  if (compares) head.push(`x ${reference}`);
  if (documents) head.push("ADR");
  const table = new Table({
    head,
    colAligns: ["left", ...(reads ? (["left"] as const) : []), ...Array<"right">(4).fill("right")],
    style: { head: [], border: [], compact: true },
  });
  for (const figure of figures) {
    table.push([
      figure.suspect ? `${figure.label} !` : figure.label,
      ...(reads ? [figure.returns ?? ""] : []),
      withUnit(figure.median, figure.unit),
      quartiles(figure),
      ...(compares ? [figure.ratio === null ? "" : number(figure.ratio)] : []),
      ...(documents ? [figure.documented === null ? "" : withUnit(figure.documented, figure.unit)] : []),
    ]);
  }
  return table.toString();
}

function goalTable(judgements: readonly Judgement[]): string {
  const table = new Table({
    head: ["goal", "measured", "quartiles", "wanted", "", "source"],
    colAligns: ["left", "right", "right", "right", "left", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const judgement of judgements) {
    table.push([
      judgement.what,
      withUnit(judgement.value, judgement.unit),
      quartiles(judgement),
      goalOf(judgement),
      verdict(judgement),
      judgement.source,
    ]);
  }
  return table.toString();
}

function profileTable(profiles: readonly Profile[]): string {
  const table = new Table({
    head: ["where the time of a row goes", "place", "share", "ns"],
    colAligns: ["left", "left", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { label, places } of profiles) {
    for (const [index, { place, share, ns }] of places.entries()) {
      table.push([index === 0 ? label : "", place, `${(share * 100).toFixed(0)} %`, number(ns)]);
    }
  }
  return table.toString();
}

function verdict({ met, suspect, distance }: Judgement): string {
  if (suspect) return pc.yellow("not decided");
  const share = `${number(Math.abs(distance) * 100)} %`;
  return met ? pc.green(`met, ${share} to spare`) : pc.red(`missed by ${share}`);
}

function goalOf({ comparison, goal, unit }: Judgement): string {
  return `${comparison} ${unit === "ns" || unit === "ms" ? withUnit(goal, unit) : `${goal} ${unit}`}`;
}

function quartiles({ lowerQuartile, upperQuartile }: Pick<Figure, "lowerQuartile" | "upperQuartile">): string {
  return `${number(lowerQuartile)} .. ${number(upperQuartile)}`;
}

function withUnit(value: number, unit: string): string {
  return `${number(value)} ${unit}`;
}

/** Three significant digits, and no more than are known. */
function number(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  if (Math.abs(value) < 0.001) return value.toExponential(1);
  return value.toPrecision(3);
}
