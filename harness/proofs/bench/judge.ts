/** From ns per round to figures, ratios and verdicts. Ratios are taken within a round, and the median of them is judged. */
import { median, spreadOf } from "../../statistics/index.js";
import type { Contender } from "./contender.js";
import type { Figure, GroupResult, Judgement, TargetFigure } from "./results.js";
import type { Rounds } from "./turns.js";

/** Below this multiple of the empty loop a figure was probably optimised away. */
const SUSPECT_BELOW = 1.4;

export function ratios(of: readonly number[], to: readonly number[]): number[] {
  return of.map((value, round) => value / to[round]);
}

export type Comparison = Judgement["comparison"];

export interface Goal {
  readonly id: string;
  readonly what: string;
  readonly source: string;
  readonly unit: string;
  readonly comparison: Comparison;
  readonly goal: number;
}

/** `sample`: the judged value of each round. */
export function judge(goal: Goal, sample: readonly number[], suspect = false): Judgement {
  const { median: value, lowerQuartile, upperQuartile } = spreadOf(sample);
  const distance = goal.comparison === ">=" ? 1 - value / goal.goal : value / goal.goal - 1;
  const met = goal.comparison === "<" ? distance < 0 : distance <= 0;
  return { ...goal, value, lowerQuartile, upperQuartile, met: met && !suspect, distance, suspect };
}

export interface FigureOptions {
  /** Contender the ratios are taken to. */
  readonly reference?: string;
  /** Contender that does nothing: what the loop itself costs. */
  readonly floor?: string;
  /** ns by contender, from the source document. */
  readonly documented?: Readonly<Record<string, number>>;
}

/** A row for each contender, in ns. */
export function figuresOf(contenders: readonly Contender[], rounds: Rounds, options: FigureOptions = {}): Figure[] {
  const { reference, floor, documented } = options;
  const floorNs = floor === undefined ? 0 : median(rounds.get(floor) as number[]);
  return contenders.map(({ id, label, returns }) => {
    const sample = rounds.get(id) as readonly number[];
    const spread = spreadOf(sample);
    const compared = reference !== undefined && id !== reference && id !== floor;
    return {
      id,
      label,
      returns: returns ?? null,
      unit: "ns",
      ...spread,
      ratio: compared ? median(ratios(sample, rounds.get(reference) as number[])) : null,
      documented: documented?.[id] ?? null,
      suspect: id !== floor && spread.median < SUSPECT_BELOW * floorNs,
    };
  });
}

/** A goal on the ratio of two contenders: how many times `of` the other takes, or, as `faster`, the other way round. */
export interface RatioGoal extends Omit<Goal, "unit"> {
  readonly of: string;
  readonly to: string;
}

export function judgeRatio(goal: RatioGoal, rounds: Rounds, figures: readonly Figure[]): Judgement {
  const { of, to, ...rest } = goal;
  const sample = ratios(rounds.get(of) as number[], rounds.get(to) as number[]);
  return judge({ ...rest, unit: "x" }, sample, isSuspect(figures, of) || isSuspect(figures, to));
}

/** A goal in ns. */
export function judgeTime(goal: Omit<Goal, "unit">, id: string, rounds: Rounds, figures: readonly Figure[]): Judgement {
  return judge({ ...goal, unit: "ns" }, rounds.get(id) as number[], isSuspect(figures, id));
}

function isSuspect(figures: readonly Figure[], id: string): boolean {
  return figures.some((figure) => figure.id === id && figure.suspect);
}

/** A row that is no time of a contender: a rate, a count, a share. */
export function plainFigure(
  id: string,
  label: string,
  unit: string,
  sample: readonly number[],
  ratio: number | null = null,
): Figure {
  return { id, label, returns: null, unit, ...spreadOf(sample), ratio, documented: null, suspect: false };
}

/**
 * What a judged value says about documented targets: nothing when it was probably optimised away.
 *
 * @param rounds the median of which the value is
 */
export function answersOf(
  judgement: Judgement,
  rounds: number,
  targets: readonly string[],
  how: string = judgement.what,
): TargetFigure[] {
  if (judgement.suspect) return [];
  const { value, unit } = judgement;
  return targets.map((target) => ({ target, value, unit, method: methodOf(how, rounds), rounds }));
}

/** The same of a figure: its median. */
export function figureAnswers(
  { median: value, unit, label, suspect }: Figure,
  rounds: number,
  targets: readonly string[],
  how: string = label,
): TargetFigure[] {
  return suspect ? [] : targets.map((target) => ({ target, value, unit, method: methodOf(how, rounds), rounds }));
}

function methodOf(how: string, rounds: number): string {
  return `npm run bench: ${how}${rounds > 1 ? ", median" : ""}`;
}

/** A group without answers leaves them out. */
export type GroupOutcome = Omit<GroupResult, "name" | "title" | "profiles" | "answers"> &
  Partial<Pick<GroupResult, "answers">>;
