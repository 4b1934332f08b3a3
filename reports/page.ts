/** The report: results in, one self-contained HTML page out. Sections are composed here and made elsewhere. */
import { renderPage, type Section } from "./chrome.js";
import { moment, shortCommit } from "./format.js";
import {
  fileLabels,
  type Group,
  groupByFile,
  groupBySubject,
  phasesByFile,
  phasesBySubject,
  REFERENCE_SUBJECT,
  unique,
} from "./groups.js";
import { type Hole, html } from "./html.js";
import type { Beside } from "./measurements.js";
import type { EvictionResult, Results } from "./results.js";
import { backupsSection } from "./sections/backups.js";
import { benchSection } from "./sections/bench.js";
import { clusterSection } from "./sections/cluster.js";
import { environmentComparison, environmentSection } from "./sections/environment.js";
import { hitRatioSection, speedSection } from "./sections/eviction.js";
import { ingestSection } from "./sections/ingest.js";
import { keyFiguresSection } from "./sections/key-figures.js";
import { costSection, latencySection } from "./sections/latency.js";
import { learningSection } from "./sections/learning.js";
import { linearizabilitySection } from "./sections/linearizability.js";
import { memorySection } from "./sections/memory.js";
import { monitoredSection } from "./sections/monitored.js";
import { noticesSection } from "./sections/notices.js";
import { outcomeSection, scenariosSection } from "./sections/outcome.js";
import { readingSection } from "./sections/reading.js";
import { resourcesSection } from "./sections/resources.js";
import { subjectsSection } from "./sections/subjects.js";
import { timeSection } from "./sections/time.js";
import { verdictComparison, verdictSection } from "./sections/verdict.js";

/**
 * Renders one results file, or several side by side (with what was measured `beside` them), as one HTML page that loads nothing. Everything that came from
 * the files is escaped; the same results give the same page.
 *
 * @param notebook address of the notebook over the same files, where the page is served beside it
 * @throws RangeError for an empty list.
 */
export function renderReport(
  results: Results | readonly Results[],
  beside: Beside | null = null,
  notebook?: string,
): string {
  const all = Array.isArray(results) ? (results as readonly Results[]) : [results as Results];
  if (all.length === 0) throw new RangeError("a report needs at least one results file");
  return all.length === 1 ? renderOne(all[0], notebook) : renderSeveral(all, beside, notebook);
}

function renderOne(results: Results, notebook: string | undefined): string {
  const groups = groupBySubject(results);
  const phases = phasesBySubject(results);
  // Who ran a scenario wants to know how that came out; a tour, and what has no runs, is about the targets.
  const own = results.title === undefined && groups.length > 0;
  return renderPage({
    brand: "Engram report",
    title: results.title ?? titleOf(results),
    facts: factsOf(results),
    sections: present([
      ...(own
        ? [outcomeSection(phases, results.scenarios), scenariosSection(results.scenarios)]
        : [verdictSection(results)]),
      ...(own ? [] : [environmentSection(results)]),
      ...(groups.length === 0
        ? []
        : [
            keyFiguresSection(results, groups),
            learningSection(results.runs),
            resourcesSection(results.runs),
            clusterSection(results.runs),
            ingestSection(results.runs),
            subjectsSection(phases, {
              title: "Subjects side by side",
              lead: "The same operations, from the same seed, through each subject in a fresh process.",
              line: "Subject",
            }),
            own ? folded(latencySection(phases, "Subject"), "percentile charts") : latencySection(phases, "Subject"),
            costSection(phases, "Subject"),
            timeSection(groups, results.scenarios),
            monitoredSection(results.runs),
          ]),
      hitRatioSection(results.evictions ?? []),
      overheadOf(results.evictions ?? []),
      memorySection(groups),
      benchSection(results.bench ?? []),
      backupsSection(results.backups ?? []),
      linearizabilitySection(results.checks ?? []),
      ...(own ? [verdictSection(results), environmentSection(results)] : []),
      noticesSection([results]),
      readingSection("report"),
    ]),
    data: results,
    dataName: "results.json",
    explore: ["results.json"],
    notebook,
  });
}

/** A section whose figures are there when they are asked for. */
function folded(section: Section | null, what: string): Section | null {
  if (section === null) return null;
  return { ...section, body: html`<details class="card"><summary>Show the ${what}</summary>${section.body}</details>` };
}

function renderSeveral(all: readonly Results[], beside: Beside | null, notebook: string | undefined): string {
  const groups = groupByFile(all);
  const labels = fileLabels(all);
  // Files are compared for the sake of the reference; its peers stand in the bars and the table.
  const focus = ofReference(groups);
  const phases = phasesByFile(all);
  const focusPhases = ofReference(phases);
  return renderPage({
    brand: "Engram report",
    title: `${all.length} results side by side`,
    facts: labels.map((label, index) => `${label} (${moment(all[index].createdAt)})`),
    sections: present([
      verdictComparison(all, beside?.targets),
      environmentComparison(all),
      ...(groups.length === 0
        ? []
        : [
            subjectsSection(
              phases,
              {
                title: "Files side by side",
                lead: `Ratios are to the first file, ${labels[0]}.`,
                line: "File",
              },
              focusPhases,
            ),
            latencySection(focusPhases, "File"),
            costSection(focusPhases, "File"),
            learningSection(all.flatMap(({ runs }, i) => runs.map((run) => ({ ...run, file: labels[i] })))),
            resourcesSection(all.flatMap(({ runs }, i) => runs.map((run) => ({ ...run, file: labels[i] })))),
            clusterSection(all.flatMap(({ runs }, i) => runs.map((run) => ({ ...run, file: labels[i] })))),
            ingestSection(all.flatMap(({ runs }, i) => runs.map((run) => ({ ...run, file: labels[i] })))),
            timeSection(focus, all[0].scenarios),
            monitoredSection(all.flatMap(({ runs }, i) => runs.map((run) => ({ ...run, file: labels[i] })))),
          ]),
      hitRatioSection([...labelledEvictions(all, labels), ...(beside?.evictions ?? [])]),
      overheadOf([...labelledEvictions(all, labels), ...(beside?.evictions ?? [])]),
      memorySection(groups),
      ...measuredSections(all, beside, labels),
      noticesSection(all),
      readingSection("report"),
    ]),
    data: beside === null ? all : { results: all, beside },
    dataName: "results.json",
    explore: all.map((_, index) => `results-${index + 1}.json`),
    notebook,
  });
}

function ofReference<G extends Group>(groups: readonly G[]): readonly G[] {
  const own = groups.filter(({ reference }) => reference.run.subject === REFERENCE_SUBJECT);
  return own.length > 0 ? own : groups;
}

function overheadOf(rows: readonly EvictionResult[]): Section | null {
  return rows.length === 0 ? null : speedSection(rows);
}

/** What other commands measured: of each file that carries some, and beside them all. */
function measuredSections(
  all: readonly Results[],
  beside: Beside | null,
  labels: readonly string[],
): (Section | null)[] {
  const checks = all.flatMap(({ checks: own = [] }, index) =>
    own.map((check) => ({ ...check, file: `${check.file} · ${labels[index]}` })),
  );
  const each = <T extends { title: string } | { what: string }>(rows: readonly T[] | undefined, index: number): T[] =>
    (rows ?? []).map((row) =>
      "title" in row
        ? { ...row, title: `${row.title} · ${labels[index]}` }
        : { ...row, what: `${row.what} · ${labels[index]}` },
    );
  const found = [...checks, ...(beside?.checks ?? [])];
  return [
    benchSection([...all.flatMap(({ bench }, index) => each(bench, index)), ...(beside?.bench ?? [])]),
    backupsSection([...all.flatMap(({ backups }, index) => each(backups, index)), ...(beside?.backups ?? [])]),
    found.length > 0 ? linearizabilitySection(found) : null,
  ];
}

function titleOf({ config, runs, scenarios: told = [] }: Results): string {
  const scenarios = unique(runs.map(({ scenario }) => scenario));
  const names = scenarios.length > 0 ? scenarios : config.scenarios;
  if (names.length === 1 && told.length === 1) return `${told[0].title} (${names[0]})`;
  if (names.length === 0) return "Results";
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}

function factsOf({ createdAt, environment, runs, interrupted }: Results): Hole[] {
  const subjects = unique(runs.map(({ subject }) => subject));
  return [
    moment(createdAt),
    `commit ${shortCommit(environment.commit)}`,
    subjects.length > 0 && `${subjects.join(", ")}`,
    `${environment.cpuCount} × ${environment.cpuModel}`,
    interrupted && "stopped early",
  ];
}

function labelledEvictions(all: readonly Results[], labels: readonly string[]): EvictionResult[] {
  return all.flatMap(({ evictions }, index) =>
    (evictions ?? []).map((row) => ({ ...row, trace: `${row.trace} · ${labels[index]}` })),
  );
}

function present(sections: readonly (Section | null)[]): Section[] {
  return sections.filter((section) => section !== null);
}
