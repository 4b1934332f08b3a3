/** Where the figures come from: without machine, versions, load and seed none of them means anything. */
import { definitions, type Section, table } from "../chrome.js";
import { bytes, duration, moment, percent, shortCommit, significant } from "../format.js";
import { fileLabels } from "../groups.js";
import { type Hole, html } from "../html.js";
import type { Results } from "../results.js";

/** Facts of one file, in the order in which they are shown. */
function facts({ environment, config, createdAt, engram, runs }: Results): [string, string][] {
  const { cpuModel, cpuCount, memoryBytes, platform, arch, node, v8, flags, loadAverage, timerFloorNs, noise } =
    environment;
  const length = [
    config.durationMs === null ? null : `${significant(config.durationMs / 1000)} s`,
    config.ops === null ? null : `${config.ops.toLocaleString("en-US")} operations`,
  ];
  return [
    ["Processor", `${cpuModel} × ${cpuCount}`],
    ["Memory", bytes(memoryBytes)],
    ["System", `${platform} ${arch}`],
    ["Node", `${node} (V8 ${v8})`],
    ["Node flags", flags.length === 0 ? "none" : flags.join(" ")],
    ["Load average", loadAverage.map((load) => load.toFixed(2)).join(" ")],
    ["Timer floor", duration(timerFloorNs)],
    ["A/A noise", noise === null ? "not measured" : `± ${percent(noise)}`],
    ["Workers", String(config.workers)],
    ["Length of a run", length.filter(Boolean).join(", ") || "as the scenario says"],
    ["Rate", config.rate === null ? loopsOf(runs) : `${config.rate.toLocaleString("en-US")} operations/s, open loop`],
    ["Seed", String(config.seed)],
    ...(config.trace ? [["Trace", config.trace] as [string, string]] : []),
    ["Commit", shortCommit(environment.commit)],
    ["Engram", engram],
    ["Written", moment(createdAt)],
    ["Command", config.command.join(" ")],
  ];
}

/** Without a rate on the command line the scenarios say which loop they run in. */
function loopsOf(runs: Results["runs"]): string {
  const loops = new Set(runs.flatMap(({ loop }) => (loop === "mixed" ? ["closed", "open"] : [loop])));
  if (!loops.has("open")) return "closed loop";
  return loops.has("closed")
    ? "closed and open loop, as the scenarios say"
    : "open loop, at the rates the scenarios say";
}

export function environmentSection(results: Results): Section {
  return {
    id: "environment",
    title: "Environment",
    body: html`<div class="card">${definitions(
      facts(results).map(([name, value]): [Hole, Hole] => [
        name,
        name === "Command" ? html`<code>${value}</code>` : value,
      ]),
    )}</div>`,
  };
}

/** Facts that make files incomparable when they differ. */
const MACHINE = ["Processor", "Memory", "System", "Node"];

export function environmentComparison(all: readonly Results[]): Section {
  const labels = fileLabels(all);
  const columns = all.map((results) => new Map(facts(results)));
  const names = facts(all[0]).map(([name]) => name);
  const differs = (name: string) => new Set(columns.map((column) => column.get(name))).size > 1;
  const machines = MACHINE.filter(differs);
  return {
    id: "environment",
    title: "Environments",
    body: html`${
      machines.length > 0
        ? html`<ul class="notices"><li>The files differ in ${machines.join(", ").toLowerCase()}: their absolute figures are not comparable, only ratios inside each file are.</li></ul>`
        : null
    }<div class="card">${table(
      [{ title: "Fact", text: true }, ...labels.map((title) => ({ title, text: true, wrap: true }))],
      names.map((name) => [
        name,
        ...columns.map((column) =>
          differs(name) ? html`<strong>${column.get(name) ?? "–"}</strong>` : (column.get(name) ?? "–"),
        ),
      ]),
      { label: "Environments by file", caption: "What differs is set in bold." },
    )}</div>`,
  };
}
