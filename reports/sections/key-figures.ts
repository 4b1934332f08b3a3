/** The few figures one asks for first, scenario by scenario, for the subject the report is about. */
import { type Section, table } from "../chrome.js";
import { bytes, count, duration, latencyFigure, percent, rate, significant } from "../format.js";
import { distributions, type Group, type Line } from "../groups.js";
import { type Hole, type Html, html } from "../html.js";
import { percentileInterval, shareInterval } from "../intervals.js";
import { type PhaseRun, phasesOf } from "../phases.js";
import type { Latency, Results, Run } from "../results.js";
import { rolesTable } from "./roles.js";

export function keyFiguresSection({ environment }: Results, groups: readonly Group[]): Section {
  return {
    id: "figures",
    title: "Key figures",
    lead: "Latencies are single operations, sampled and timed on their own; cost by the batch stands apart further down.",
    body: groups.map(({ title, reference }) => {
      const { run, label } = reference;
      return html`<article class="scenario"><header><h3>${title}</h3><p class="muted small">${label} · ${loopText(run)} · ${workersText(run)} · ${significant(run.seconds)} s</p></header>
${phases(run)}<div class="kpis">${reached(run, environment.noise)}${memory(run)}${errors(run)}</div>${latencies(run)}${roles(title, reference)}</article>
`;
    }),
  };
}

const LOOPS: Readonly<Record<Run["loop"], string>> = {
  closed: "closed loop",
  open: "open loop",
  mixed: "phases in closed and in open loop",
};

export function loopText({ loop }: Pick<Run, "loop">): string {
  return LOOPS[loop];
}

export function workersText({ workers }: Run): string {
  return `${workers} ${workers === 1 ? "worker" : "workers"}`;
}

export const PERCENTILE_COLUMNS = ["P50", "P95", "P99", "P99.9", "max"] as const;

/** The figures of a distribution as the percentile columns show them. */
export function percentileCells(latency: Latency): string[] {
  return [latency.p50, latency.p95, latency.p99, latency.p999, latency.max].map((ns) => latencyFigure(latency, ns));
}

function kpi(name: string, value: Hole, note: Hole): Html {
  return html`<div class="card kpi"><p class="name">${name}</p><p class="value">${value}</p><p class="note">${note}</p></div>`;
}

/** Throughput and hit ratio, where the run has one phase. */
function reached(run: Run, noise: number | null): Html | null {
  if (run.phases !== undefined) return null;
  return html`${phasesOf(run).map((one) => throughput(one, noise))}${hitRatio(run)}`;
}

/** Of several phases each by itself: an average of them would be one of different things. */
function phases(run: Run): Html | null {
  if (run.phases === undefined) return null;
  return html`<div class="card kpi tails"><p class="name">Phases</p>${table(
    [
      { title: "Phase", text: true, wrap: true },
      { title: "Loop" },
      { title: "Asked for" },
      { title: "Throughput" },
      { title: "Operations" },
      { title: "Failed" },
      { title: "Time" },
      { title: "Hit ratio" },
    ],
    run.phases.map(({ name, loop, rate: asked, opsPerSecond, error, ops, failed, seconds, hitRatio: ratio }) => [
      name,
      loop,
      asked === null ? "–" : rate(asked),
      html`${rate(opsPerSecond)}${
        loop === "open" || error === null ? null : html`<span class="interval">± ${percent(error)}</span>`
      }`,
      count(ops),
      failed === 0 ? "0" : html`<strong class="bad">${count(failed)}</strong>`,
      `${significant(seconds)} s`,
      ratio === null ? "–" : percent(ratio),
    ]),
    { label: `Phases of ${run.scenario}`, stacks: true },
  )}<p class="note">Below a throughput: how far its slices let it be off, 95 %. In an open loop it is the rate asked for, as far as the subject keeps up.</p></div>`;
}

function throughput(run: PhaseRun, noise: number | null): Html {
  if (run.rate !== undefined) {
    return kpi(
      "Throughput",
      rate(run.opsPerSecond),
      html`${count(run.ops)} operations<br>of ${rate(run.rate)} asked for`,
    );
  }
  const own = run.error === null ? null : html`<br>± ${percent(run.error)} between its slices, 95 %`;
  const interval = noise === null ? null : html`<br>± ${percent(noise)} between equal runs here`;
  return kpi("Throughput", rate(run.opsPerSecond), html`${count(run.ops)} operations${own}${interval}`);
}

function hitRatio({ hitRatio: ratio, hits, misses }: Run): Html {
  if (ratio === null) return kpi("Hit ratio", "–", "nothing is looked up");
  const counts =
    hits !== undefined && misses !== undefined ? `${count(hits)} of ${count(hits + misses)} look-ups` : null;
  const interval = shareInterval(ratio, (hits ?? 0) + (misses ?? 0));
  const [low, high] = (interval ?? []).map(percent);
  const range = low === high ? null : html`<br>${low} to ${high}, 95 %`;
  return kpi("Hit ratio", percent(ratio), html`${counts ?? "counts not kept"}${range}`);
}

function memory({ memory: { rssBytes, usedBytes, capacityBytes, utilisation } }: Run): Html {
  if (usedBytes === null) return kpi("Memory", bytes(rssBytes), "resident set; the subject cannot tell its own use");
  const share = utilisation ?? (capacityBytes ? usedBytes / capacityBytes : null);
  const meter =
    share === null
      ? null
      : html`<span class="meter" style="display:block" aria-hidden="true"><i style="width:${Math.min(100, share * 100).toFixed(1)}%"></i></span>`;
  return html`<div class="card kpi"><p class="name">Memory in use</p><p class="value">${bytes(usedBytes)}</p>${meter}<p class="note">${
    capacityBytes === null ? null : `${share === null ? "" : `${percent(share)} `}of ${bytes(capacityBytes)} · `
  }resident ${bytes(rssBytes)}</p></div>`;
}

function errors({ errors: found, ops }: Run): Html {
  const entries = Object.entries(found);
  const total = entries.reduce((sum, [, number]) => sum + number, 0);
  if (total === 0) return kpi("Errors", "0", `in ${count(ops)} operations`);
  return html`<div class="card kpi"><p class="name">Errors</p><p class="value bad">${count(total)}</p><p class="note">${entries.map(([code, number], index) => [index > 0 ? ", " : null, html`<code>${code}</code> ${count(number)}`])}</p></div>`;
}

function latencies(run: Run): Html | null {
  const sampled = [...distributions(run, "sampled")];
  if (sampled.length === 0) return null;
  return html`<div class="card kpi tails"><p class="name">Latency</p>${table(
    [
      { title: "Operation", text: true },
      ...PERCENTILE_COLUMNS.map((title) => ({ title })),
      { title: "Mean" },
      { title: "Samples" },
    ],
    sampled.map(([operation, latency]) => [
      operation,
      ...percentileCells(latency).map((figure, index) => withInterval(figure, latency, QUANTILES[index])),
      latencyFigure(latency, latency.mean),
      count(latency.count),
    ]),
    { label: `Latency in ${run.scenario}`, stacks: true },
  )}${waitingNote(sampled.map(([, latency]) => latency))}${floorNote(sampled.map(([, latency]) => latency))}</div>`;
}

function roles(title: string, reference: Line): Html | null {
  const drawn = rolesTable(title, [reference], "Subject");
  return drawn === null ? null : html`<div class="card kpi tails"><p class="name">Roles</p>${drawn}</div>`;
}

const QUANTILES = [0.5, 0.95, 0.99, 0.999] as const;

/** Below the figure where it lies with 95 %, where it is known: neither of a maximum nor with too few samples. */
function withInterval(figure: string, latency: Latency, quantile: number | undefined): Hole {
  const interval = quantile === undefined ? null : percentileInterval(latency, quantile);
  if (interval === null) return figure;
  const [low, high] = interval.map((ns) => latencyFigure(latency, ns));
  return low === high ? figure : html`${figure}<span class="interval">${low} – ${high}</span>`;
}

function waitingNote(latencies: readonly Latency[]): Html | null {
  if (!latencies.some(({ from }) => from === "intended")) return null;
  return html`<p class="note">In an open loop an operation's latency counts from when it was meant to start, so that waiting for those before it is part of it; from its actual start it stands beside that, named so.</p>`;
}

function floorNote(latencies: readonly Latency[]): Html | null {
  const floors = latencies.flatMap(({ floor }) => (floor === undefined ? [] : [floor]));
  if (floors.length === 0) return null;
  return html`<p class="note">Timer floor ${duration(Math.max(...floors))}, already subtracted; at or below it a figure is only known to be ≤ that. Below a percentile: its 95 % interval, where the samples are enough for one.</p>`;
}
