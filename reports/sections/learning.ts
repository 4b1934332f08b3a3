/** What the swarms of the runs learned: curves, what it took, and what became of the agents whose thread was killed. */
import { figureCard, type Section, table } from "../chrome.js";
import { learningFigure } from "../figures/learning.js";
import { bytes, count, magnitude, percent, significant } from "../format.js";
import { type Html, html } from "../html.js";
import type { Learning, Run } from "../results.js";

export function learningSection(runs: readonly (Run & { readonly file?: string })[]): Section | null {
  const parts = runs.flatMap((run) => {
    const { learning } = run;
    if (learning === undefined) return [];
    const name = [run.scenario, run.subject, run.file].filter(Boolean).join(" · ");
    return [
      html`<div class="scenario"><header><h3>${name}</h3><p>${inWords(learning)}</p></header>
<div class="grid">${cardsOf(learning)}</div></div>`,
    ];
  });
  if (parts.length === 0) return null;
  return {
    id: "learning",
    title: "What the swarm learned",
    short: "Learning",
    lead: "Every agent learns in a table of its own, in memory that all threads share; after each round they merge what they know, each action weighted by how often it was tried. A table is judged by what its greedy policy earns, from the same starts after every round.",
    body: html`${parts}`,
  };
}

function inWords({ agents, threads, environment, steps, seconds, stepsPerSecond, agentBytes, finished }: Learning) {
  const all = finished === agents ? "all of them to the end" : `${count(finished)} of them to the end`;
  return `${count(agents)} agents on ${threads} threads learned ${environment}, ${all}: ${magnitude(steps)} steps in ${significant(seconds)} s, ${magnitude(stepsPerSecond)} a second, ${bytes(agentBytes)} an agent.`;
}

function cardsOf(learning: Learning): Html[] {
  const drawing = learningFigure(learning);
  return [
    ...(drawing === null ? [] : [figureCard("Return by round", null, drawing, curveTable(learning))]),
    ...(learning.kills.length === 0
      ? []
      : [
          html`<div class="card"><h3>Threads killed</h3><p>Half way through a round; the thread that took the place of one claimed its agents and went on. Poisoned: found in the middle of a change.</p>${killTable(learning)}</div>`,
        ]),
    ...(learning.knowledge === undefined
      ? []
      : [html`<div class="card"><h3>Knowledge</h3>${knowledgeTable(learning.knowledge)}</div>`]),
  ];
}

function curveTable({ curves, optimum }: Learning): Html {
  const rounds = [...new Set(curves.flatMap(({ points }) => points.map(({ round }) => round)))].sort((a, b) => a - b);
  return html`<details><summary>Exact returns (best there is: ${significant(optimum)})</summary>${table(
    [{ title: "Round" }, ...curves.map(({ name }) => ({ title: name }))],
    rounds.map((round) => [
      String(round),
      ...curves.map(({ points }) => {
        const point = points.find((one) => one.round === round);
        return point === undefined ? "–" : significant(point.value);
      }),
    ]),
    { label: "Return by round", tall: true },
  )}</details>`;
}

function killTable({ kills }: Learning): Html {
  return table(
    [
      { title: "Round" },
      { title: "Agents" },
      { title: "Claimed" },
      { title: "Poisoned" },
      { title: "All claimed after" },
    ],
    kills.map(({ round, agents, claimed, poisoned, milliseconds }) => [
      String(round),
      count(agents),
      count(claimed),
      count(poisoned),
      `${significant(milliseconds)} ms`,
    ]),
    { label: "Threads killed" },
  );
}

function knowledgeTable(knowledge: NonNullable<Learning["knowledge"]>): Html {
  const { vectors, dimensions, kind, lookups, lookupsPerSecond, recall, buildMs } = knowledge;
  return table(
    [{ title: "One index for all threads", text: true }, { title: "" }],
    [
      ["vectors", `${count(vectors)} × ${count(dimensions)}, ${kind}`],
      ["look-ups", count(lookups)],
      ["a second, all threads", magnitude(lookupsPerSecond)],
      ["found of the ten nearest", percent(recall)],
      ["built in", `${significant(buildMs)} ms`],
    ],
    { label: "Knowledge" },
  );
}
