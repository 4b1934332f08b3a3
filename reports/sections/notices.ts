/** What a reader must know before believing a figure, errors first. */
import type { Section } from "../chrome.js";
import { count, percent } from "../format.js";
import { distributions, FLOOR_SUBJECT, fileLabels } from "../groups.js";
import { type Html, html } from "../html.js";
import type { Results, Run } from "../results.js";

/** Above this A/A noise the machine cannot show a regression of the gate's default tolerance. */
const NOISY = 0.1;

interface Notice {
  weight: "bad" | "warn" | "quiet";
  text: Html;
}

export function noticesSection(all: readonly Results[]): Section | null {
  const labels = fileLabels(all);
  const notices = all.flatMap((results, index) =>
    noticesOf(results).map(({ weight, text }) => ({
      weight,
      text: all.length > 1 ? html`<strong>${labels[index]}</strong>: ${text}` : text,
    })),
  );
  if (notices.length === 0) return null;
  const order = { bad: 0, warn: 1, quiet: 2 };
  notices.sort((a, b) => order[a.weight] - order[b.weight]);
  return {
    id: "notices",
    title: "Notices and errors",
    short: "Notices",
    body: html`<ul class="notices">${notices.map(({ weight, text }) => html`<li class="${weight}">${text}</li>`)}</ul>`,
  };
}

function noticesOf(results: Results): Notice[] {
  const { environment, interrupted, notices, runs } = results;
  const found: Notice[] = [];
  const add = (weight: Notice["weight"], text: Html) => found.push({ weight, text });
  if (interrupted) add("bad", html`The run was stopped early. What is here was measured before that.`);
  for (const doubt of results.doubts ?? []) add("bad", html`Not to be believed: ${doubt}.`);
  for (const run of runs) {
    const where = html`<strong>${run.scenario}</strong>, ${run.subject}`;
    for (const doubt of run.doubts ?? []) add("bad", html`${where}, not to be believed: ${doubt}.`);
    for (const [code, number] of Object.entries(run.errors)) {
      add("bad", html`${where}: <code>${code}</code> ${count(number)} ${number === 1 ? "time" : "times"}.`);
    }
    for (const [operation, latency] of [...distributions(run, "sampled"), ...distributions(run, "batched")]) {
      // The empty loop costs what the empty loop costs.
      if (!latency.suspect || run.subject === FLOOR_SUBJECT) continue;
      add("warn", html`${where}: ${operation} costs within 1.4 × of the empty loop; it was probably optimised away.`);
    }
  }
  for (const { subject, note, scenarios } of notesOf(runs)) {
    add("quiet", html`<strong>${subject}</strong>: ${note} <span class="muted">(${scenarios.join(", ")})</span>`);
  }
  if (environment.noise === null) {
    add("quiet", html`A/A noise was not measured: a difference of a few per cent may be chance.`);
  } else if (environment.noise > NOISY) {
    add(
      "warn",
      html`Equal runs differ by ± ${percent(environment.noise)} on this machine: smaller differences mean nothing.`,
    );
  }
  const [load] = environment.loadAverage;
  if (load !== undefined && load > environment.cpuCount) {
    add(
      "warn",
      html`The load average was ${load.toFixed(2)} on ${environment.cpuCount} processors: others were at work.`,
    );
  }
  for (const notice of notices ?? []) add("warn", html`${notice}`);
  return found;
}

/** Notes of runs, each once, with the scenarios it was made in. */
function notesOf(runs: readonly Run[]): { subject: string; note: string; scenarios: string[] }[] {
  const found = new Map<string, { subject: string; note: string; scenarios: string[] }>();
  for (const { subject, scenario, notes } of runs) {
    for (const note of notes ?? []) {
      const key = JSON.stringify([subject, note]);
      const entry = found.get(key) ?? { subject, note, scenarios: [] };
      if (!entry.scenarios.includes(scenario)) entry.scenarios.push(scenario);
      found.set(key, entry);
    }
  }
  return [...found.values()];
}
