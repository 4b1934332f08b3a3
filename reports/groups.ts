/**
 * What is drawn together: the runs of one scenario with one number of workers, or of one phase of it. From one results file the
 * lines of a group are its subjects; from several files they are the files, one group a subject.
 */
import { shortCommit } from "./format.js";
import { type Look, looksFor } from "./palette.js";
import { type PhaseRun, phasesOf } from "./phases.js";
import type { Latency, Results, Run } from "./results.js";

/** One run under the name and look it has in every figure. */
export interface Line<R extends Run = Run> {
  label: string;
  look: Look;
  run: R;
}

export interface Group<R extends Run = Run> {
  title: string;
  scenario: string;
  workers: number;
  lines: Line<R>[];
  /** What the other lines are compared with: engram, or the first file. */
  reference: Line<R>;
  /** Of the first file: how far equal runs differ on the machine, as a share; null: not measured. */
  noise: number | null;
}

/** A group of which every run is one phase. */
export type PhaseGroup = Group<PhaseRun>;

/** The subject that reports are about; ratios are to it wherever it took part. */
export const REFERENCE_SUBJECT = "engram";
/** The subject that does nothing: it shows the floor and is no contender. */
export const FLOOR_SUBJECT = "noop";

/** Groups of one results file: its subjects side by side, the reference first, in the order of the file otherwise. */
export function groupBySubject(results: Results): Group[] {
  return subjectGroups(results, (run) => [run]);
}

/** The same, phase by phase: what can be compared and drawn without mixing one phase with another. */
export function phasesBySubject(results: Results): PhaseGroup[] {
  return subjectGroups(results, phasesOf);
}

function subjectGroups<R extends Run>(results: Results, split: (run: Run) => R[]): Group<R>[] {
  const looks = looksFor(unique(results.runs.map((run) => run.subject)));
  const lines = results.runs.flatMap((run) =>
    split(run).map((one) => ({ label: run.subject, look: looks.get(run.subject)!, run: one })),
  );
  return collect(lines, (run) => [run.scenario, phaseOf(run), run.workers]).map(({ lines: members, ...group }) => {
    const reference = members.find(({ label }) => label === REFERENCE_SUBJECT) ?? members[0];
    const ordered = [reference, ...members.filter((line) => line !== reference)];
    return { ...group, lines: ordered, reference, noise: results.environment.noise };
  });
}

/** Groups of several results files: one a scenario and subject, the files side by side. */
export function groupByFile(all: readonly Results[]): Group[] {
  return fileGroups(all, (run) => [run]);
}

/** The same, phase by phase. */
export function phasesByFile(all: readonly Results[]): PhaseGroup[] {
  return fileGroups(all, phasesOf);
}

function fileGroups<R extends Run>(all: readonly Results[], split: (run: Run) => R[]): Group<R>[] {
  const labels = fileLabels(all);
  const looks = looksFor(labels);
  const lines = all.flatMap((results, index) =>
    results.runs.flatMap((run) =>
      split(run).map((one) => ({ label: labels[index], look: looks.get(labels[index])!, run: one })),
    ),
  );
  const keyOf = (run: R) => [run.scenario, phaseOf(run), run.workers, run.subject];
  return collect(lines, keyOf).map(({ lines: members, ...group }) => ({
    ...group,
    title: `${group.title} · ${members[0].run.subject}`,
    lines: members,
    reference: members[0],
    noise: all[0].environment.noise,
  }));
}

/** The phase that a run stands for; empty for a whole one. */
function phaseOf(run: Run & { phase?: string | null }): string {
  return run.phase ?? "";
}

/** Names of several files: title and commit (the commit alone under one common title), numbered where that is not enough. */
export function fileLabels(all: readonly Results[]): string[] {
  const oneTitle = new Set(all.map(({ title }) => title)).size === 1 && all.length > 1;
  const plain = all.map(({ title, environment }) =>
    title && !oneTitle ? `${title} · ${shortCommit(environment.commit)}` : shortCommit(environment.commit),
  );
  return plain.map((label, index) =>
    plain.indexOf(label) === plain.lastIndexOf(label) ? label : `${label} (${index + 1})`,
  );
}

/** The lines that compete: all but the empty loop, unless nothing else ran. */
export function contendersOf<R extends Run>(lines: readonly Line<R>[]): Line<R>[] {
  const contenders = lines.filter(({ run }) => run.subject !== FLOOR_SUBJECT);
  return contenders.length > 0 ? contenders : [...lines];
}

/** Every operation of the group's runs that has a distribution of that mode, in order of appearance. */
export function operationsOf(lines: readonly Line[], mode: Latency["mode"]): string[] {
  return unique(lines.flatMap(({ run }) => [...distributions(run, mode).keys()]));
}

/** The distributions of a run by operation, of one mode only: batch means never mix with single operations. */
export function distributions(run: Run, mode: Latency["mode"]): Map<string, Latency> {
  const entries = [...Object.entries(run.latency), ...Object.entries(run.cost ?? {})];
  return new Map(entries.filter(([, latency]) => latency.mode === mode));
}

export function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

type Members<R extends Run> = Omit<Group<R>, "reference" | "noise">;

function collect<R extends Run>(
  lines: readonly Line<R>[],
  keyOf: (run: R) => readonly (string | number)[],
): Members<R>[] {
  const groups = new Map<string, Members<R>>();
  const severalCounts = (name: string) =>
    new Set(lines.filter(({ run }) => run.scenario === name).map(({ run }) => run.workers)).size > 1;
  for (const line of lines) {
    const { scenario: name, workers } = line.run;
    const phase = phaseOf(line.run);
    const scenario = phase === "" ? name : `${name} · ${phase}`;
    const key = JSON.stringify(keyOf(line.run));
    const title = severalCounts(name) ? `${scenario} · ${workers} ${workers === 1 ? "worker" : "workers"}` : scenario;
    const group = groups.get(key) ?? { title, scenario, workers, lines: [] };
    group.lines.push(line);
    groups.set(key, group);
  }
  return [...groups.values()];
}
