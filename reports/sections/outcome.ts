/** The report of one's own run begins with how it came out: who was faster and by how much, and whether the load that was asked for was borne. */
import { type Section, table } from "../chrome.js";
import { duration, factor, percent, rate } from "../format.js";
import { contendersOf, distributions, type PhaseGroup } from "../groups.js";
import { type Hole, type Html, html } from "../html.js";
import { failedShare, MOST_FAILED, type PhaseRun } from "../phases.js";
import { throughputRatio } from "../ratio.js";
import type { Results } from "../results.js";
import { withoutStubs } from "../slices.js";

type Scenarios = NonNullable<Results["scenarios"]>;
type Bursts = NonNullable<Scenarios[number]["phases"][number]["bursts"]>;

/** A rate that is kept to this is kept: what is cut off at the end is not lost. */
const KEPT = 0.98;

export function outcomeSection(groups: readonly PhaseGroup[], scenarios: Scenarios = []): Section | null {
  if (groups.length === 0) return null;
  const told = groups.map((group) => ({ group, ...outcomeOf(group, burstsOf(group, scenarios)) }));
  return {
    id: "outcome",
    title: told.length === 1 ? told[0].headline : "How it came out",
    short: "Outcome",
    body: html`<div class="stack">${told.map(
      ({ group, headline, lines }) =>
        html`<div class="card decision">${told.length === 1 ? null : html`<h3>${group.title}: ${headline}</h3>`}<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></div>`,
    )}</div>`,
  };
}

function burstsOf({ scenario, reference }: PhaseGroup, scenarios: Scenarios): Bursts | undefined {
  const phases = scenarios.find(({ name }) => name === scenario)?.phases ?? [];
  const { phase } = reference.run;
  return (phase === null ? phases : phases.filter(({ name }) => name === phase)).find(({ bursts }) => bursts)?.bursts;
}

interface Outcome {
  headline: string;
  lines: Hole[];
}

export function outcomeOf(group: PhaseGroup, bursts?: Bursts): Outcome {
  const lines = contendersOf(group.lines);
  return lines.some(({ run }) => run.loop === "open") ? borne(group, bursts) : fastest(group);
}

/** Closed loop: who did most in the same time, beside each of the others. */
function fastest(group: PhaseGroup): Outcome {
  const ranked = contendersOf(group.lines).sort((a, b) => b.run.opsPerSecond - a.run.opsPerSecond);
  const [first, ...others] = ranked;
  const p99 = tailOf(first.run);
  const own = `${first.label} did ${rate(first.run.opsPerSecond)}${p99 === null ? "" : `, P99 ${p99}`}.`;
  if (others.length === 0)
    return { headline: `${first.label}: ${rate(first.run.opsPerSecond)}`, lines: [own, ...failures(ranked)] };
  const lines = others.map(({ label, run }): Hole => {
    const ratio = throughputRatio(first.run, run, group.noise);
    if (ratio.kind === "none") return `Beside ${label} (${rate(run.opsPerSecond)}): ${ratio.why}.`;
    if (ratio.interval === null) {
      return `${factor(ratio.value)} as many operations a second as ${label} (${rate(run.opsPerSecond)}); too few slices to tell how sure that is.`;
    }
    const [low, high] = ratio.interval.map((end) => factor(end).replace(" ×", ""));
    const level = ratio.interval[0] <= 1 ? " That may be none: 1 lies within the interval." : "";
    return `${factor(ratio.value)} as many operations a second as ${label} (${rate(run.opsPerSecond)}); 95 % interval ${low} to ${high}.${level}`;
  });
  const next = throughputRatio(first.run, others[0].run, group.noise);
  const by = next.kind === "none" ? "" : `, ${factor(next.value)} ${others[0].label}'s`;
  const sure = next.kind === "ratio" && (next.interval?.[0] ?? 2) > 1;
  const headline =
    sure || next.kind === "none" ? `${first.label} is fastest${by}` : `${first.label} and ${others[0].label} are level`;
  return { headline, lines: [own, ...lines, ...failures(ranked)] };
}

/** Open loop: whether all that was asked for was done, in time. */
function borne(group: PhaseGroup, bursts: Bursts | undefined): Outcome {
  const lines = contendersOf(group.lines);
  const judged = lines.map(({ label, run }) => ({ label, run, ...loadOf(run, bursts) }));
  const held = judged.filter(({ kept }) => kept).map(({ label }) => label);
  const lost = judged.filter(({ kept }) => !kept).map(({ label }) => label);
  const what = bursts === undefined ? "the load" : "the bursts";
  const headline =
    lost.length === 0
      ? `${listed(held)} bore ${what}`
      : held.length === 0
        ? `${listed(lost)} did not bear ${what}`
        : `${listed(held)} bore ${what}; ${listed(lost)} did not`;
  return { headline, lines: [...judged.map(({ told }) => told), ...failures(lines)] };
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function loadOf(run: PhaseRun, bursts: Bursts | undefined): { kept: boolean; told: string } {
  const asked = run.rate ?? 0;
  const done = asked === 0 ? 1 : run.opsPerSecond / asked;
  const late = asked === 0 ? 0 : Math.max(0, run.seconds - run.ops / asked);
  // What a burst leaves over has to be done before the next begins.
  const inTime = bursts === undefined ? done >= KEPT : late * 1000 <= bursts.everyMs - bursts.forMs;
  const kept = inTime && failedShare(run) <= MOST_FAILED;
  const p99 = tailOf(run);
  const share = `${rate(run.opsPerSecond)} of ${rate(asked)} asked for on average (${percent(Math.min(1, done))})`;
  const calm =
    bursts === undefined
      ? ""
      : `; the busiest slice did ${rate(peakOf(run))}, and a burst asks for ${rate(bursts.burst)}; it ended ${duration(late * 1e9)} after what was asked for, and the calm between bursts is ${duration((bursts.everyMs - bursts.forMs) * 1e6)}`;
  const tail = p99 === null ? "" : `; 99 of 100 operations ended within ${p99} of when they were meant to start`;
  return { kept, told: `${run.subject}: ${share}${calm}${tail}.` };
}

function peakOf({ series = [] }: PhaseRun): number {
  let from = 0;
  let most = 0;
  for (const { t, ops } of withoutStubs(series)) {
    if (t > from) most = Math.max(most, ops / (t - from));
    from = t;
  }
  return most;
}

/** The longest P99 of its operations, from when they were meant to start where that is known. */
function tailOf(run: PhaseRun): string | null {
  const sampled = [...distributions(run, "sampled").values()];
  const intended = sampled.filter(({ from }) => from === "intended");
  const tails = (intended.length > 0 ? intended : sampled).map(({ p99, floor }) => Math.max(p99, floor ?? 0));
  return tails.length === 0 ? null : duration(Math.max(...tails));
}

function failures(lines: PhaseGroup["lines"]): Hole[] {
  return lines.flatMap(({ label, run }): Hole[] => {
    const share = failedShare(run);
    if (share === 0) return [];
    return [
      html`<strong class="bad">${label} failed in ${percent(share)} of its operations</strong>: what failed is in no figure.`,
    ];
  });
}

/** What the scenarios are: the story, who takes part, and phase by phase what is asked for. */
export function scenariosSection(scenarios: Scenarios = []): Section | null {
  if (scenarios.length === 0) return null;
  return {
    id: "scenario",
    title: scenarios.length === 1 ? "What was run" : "What was run, scenario by scenario",
    short: "Scenario",
    body: html`<div class="stack">${scenarios.map(scenarioCard)}</div>`,
  };
}

function scenarioCard({ name, title, story, agents, phases }: Scenarios[number]): Html {
  const rows = phases.flatMap(({ name: phase, load, roles }) =>
    roles.map(({ who, mix, keys, sizes, lives }, i) => [
      i === 0 ? (phase ?? "all of it") : "",
      i === 0 ? load : "",
      who === null ? mix : `${who}: ${mix}`,
      keys,
      [sizes, lives === null ? null : `lives ${lives}`].filter(Boolean).join(", ") || "–",
    ]),
  );
  return html`<div class="card decision"><h3>${title} <span class="muted small">${name}</span></h3><p>${story}</p><p class="muted">${agents}</p>${table(
    [
      { title: "Phase", text: true },
      { title: "Load", text: true, wrap: true },
      { title: "Mix", text: true, wrap: true },
      { title: "Keys", text: true, wrap: true },
      { title: "Sizes", text: true, wrap: true },
    ],
    rows,
    { label: `Phases of ${name}`, stacks: true },
  )}</div>`;
}
