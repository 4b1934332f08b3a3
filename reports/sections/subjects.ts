/** Subjects side by side: the same stream through each, throughput as bars and as ratios, every run in one table. */
import { figureCard, named, type Section, table } from "../chrome.js";
import { ratiosFigure } from "../figures/ratios.js";
import { scalingFigure } from "../figures/scaling.js";
import { subjectsFigure } from "../figures/subjects.js";
import { bytes, count, factor, percent, significant } from "../format.js";
import { contendersOf, type PhaseGroup, unique } from "../groups.js";
import { type Hole, type Html, html } from "../html.js";
import type { PhaseRun } from "../phases.js";
import { type Ratio, reachedText, throughputRatio } from "../ratio.js";
import { loopText, workersText } from "./key-figures.js";
import { rolesTable } from "./roles.js";

export interface SubjectsWords {
  title: string;
  lead: string;
  /** What a line is: a subject, or a file. */
  line: string;
}

/** `drawn` are the groups that get figures; the table has every run of `groups`. */
export function subjectsSection(
  groups: readonly PhaseGroup[],
  words: SubjectsWords,
  drawn: readonly PhaseGroup[] = groups,
): Section {
  const ratios = drawn.length > 1 ? ratiosFigure(drawn) : null;
  // A run that nothing stands beside has its throughput in the table and, by workers, in the scaling figure.
  const compared = drawn.some(({ lines }) => lines.length > 1) ? drawn.filter(({ lines }) => lines.length > 1) : drawn;
  const bars = compared.map((group) => {
    const drawing = subjectsFigure(group);
    const [first] = group.lines;
    return drawing
      ? figureCard(
          group.title,
          `${loopText(first.run)}, ${workersText(first.run)}; ${
            first.run.loop === "closed"
              ? `× is to ${group.reference.label}${group.lines.length > 1 ? ", with its 95 % interval where the slices tell one" : ""}`
              : "each is given the same rate, so there is no ratio"
          }`,
          drawing,
        )
      : null;
  });
  return {
    id: "subjects",
    title: words.title,
    lead: words.lead,
    body: html`<div class="stack"><div class="grid">${
      ratios
        ? figureCard(
            "All scenarios at a glance",
            html`Throughput relative to ${drawn[0].reference.label}; right is faster. ${legend(drawn)}`,
            ratios,
          )
        : null
    }${bars}${scalings(drawn)}</div>
<details class="card"${groups.length === 1 ? html` open` : null}><summary>Every run, exact</summary>${runsTable(groups, words.line)}</details>${byRole(groups, words.line)}</div>`,
  };
}

/** What stands alone has its roles among the key figures. */
function byRole(groups: readonly PhaseGroup[], line: string): Html | null {
  const tables = groups.flatMap(({ title, lines }) => {
    const drawn = lines.length > 1 ? rolesTable(title, lines, line) : null;
    return drawn === null ? [] : [html`<h3>${title}</h3>${drawn}`];
  });
  if (tables.length === 0) return null;
  return html`<details class="card"><summary>By role, exact</summary>${tables}</details>`;
}

function legend(groups: readonly PhaseGroup[]): Html {
  const looks = new Map(groups.flatMap(({ lines }) => contendersOf(lines).map(({ label, look }) => [label, look])));
  return html`<span class="legend">${[...looks].map(([label, look]) => html`<span>${named(label, look)}</span>`)}</span>`;
}

function scalings(groups: readonly PhaseGroup[]): (Html | null)[] {
  return unique(groups.map(({ scenario }) => scenario)).map((scenario) => {
    const drawing = scalingFigure(
      scenario,
      groups.filter((group) => group.scenario === scenario),
    );
    return drawing
      ? figureCard(`${scenario} by workers`, "Dotted: the first line's throughput if it scaled linearly.", drawing)
      : null;
  });
}

function runsTable(groups: readonly PhaseGroup[], line: string): Html {
  const rows = groups.flatMap(({ title, lines, reference, noise }) =>
    lines.map(({ label, look, run }) => [
      html`${named(label, look)} <span class="muted small">${title}</span>`,
      reachedText(run),
      ratioCell(throughputRatio(run, reference.run, noise)),
      count(run.ops),
      `${significant(run.seconds)} s`,
      String(run.workers),
      run.loop,
      run.hitRatio === null ? "–" : percent(run.hitRatio),
      run.memory.usedBytes === null ? "–" : bytes(run.memory.usedBytes),
      bytes(run.memory.rssBytes),
      errorText(run),
      run.gc ? `${count(run.gc.count)} in ${significant(run.gc.totalMs)} ms` : "–",
    ]),
  );
  return table(
    [
      { title: line, text: true },
      { title: "Throughput" },
      { title: "Ratio" },
      { title: "Operations" },
      { title: "Time" },
      { title: "Workers" },
      { title: "Loop" },
      { title: "Hit ratio" },
      { title: "In use" },
      { title: "Resident" },
      { title: "Errors" },
      { title: "Collections" },
    ],
    rows,
    { label: "Every run", tall: rows.length > 24 },
  );
}

function ratioCell(ratio: Ratio): Hole {
  if (ratio.kind === "none") return html`– <span class="muted small">${ratio.why}</span>`;
  if (ratio.interval === null) return factor(ratio.value);
  const [low, high] = ratio.interval.map((end) => factor(end).replace(" ×", ""));
  return html`${factor(ratio.value)}<span class="interval">${low} – ${high}</span>`;
}

function errorText({ errors, phase, failed = 0 }: PhaseRun): string {
  // Codes are counted over all phases.
  if (phase !== null) return failed === 0 ? "0" : `${count(failed)} failed`;
  const entries = Object.entries(errors);
  return entries.length === 0 ? "0" : entries.map(([code, number]) => `${code} ${count(number)}`).join(", ");
}
