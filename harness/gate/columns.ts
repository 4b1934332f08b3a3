/** Rounds side by side: one column of figures a target, or the reason why a target has none. */
import type { Reading } from "./metrics.js";
import type { Readings, Target } from "./readings.js";

export interface LeftOut {
  id: string;
  name: string;
  reason: string;
}

export interface Column {
  target: Target;
  /** One inner array a process of the round (head and base, or the head alone), one number a round that counts. */
  figures: number[][];
  /** What is missing in the rounds that do not count, for the reader; null: all count. */
  gaps: string | null;
}

export interface Table {
  columns: Column[];
  leftOut: LeftOut[];
}

/** A target is judged on the rounds that have it when at most this share of them lacks it. */
const MOST_GAPS = 1 / 4;

/**
 * A target that has a figure in every process of at least three rounds out of four becomes a column of those rounds: one odd round takes itself
 * out and not the metric. A round counts whole or not at all, for half a pair compares nothing. A target that is absent everywhere is not
 * of this scenario and dropped silently; one with more gaps is left out by name, for what is missing so often is not missing by chance,
 * and the rest would be a choice of rounds.
 */
export function columnsOf(
  targets: readonly Target[],
  rounds: readonly (readonly Readings[])[],
  processNames: readonly string[],
): Table {
  const columns: Column[] = [];
  const leftOut: LeftOut[] = [];
  for (const target of targets) {
    const figures: number[][] = processNames.map(() => []);
    const gaps = new Map<string, number>();
    let incomplete = 0;
    let present = 0;
    for (const round of rounds) {
      const readings = round.map((process): Reading => process.figures.get(target.id) ?? { kind: "absent" });
      const values = readings.flatMap((reading) => (reading.kind === "figure" ? [reading.value] : []));
      present += readings.filter(({ kind }) => kind !== "absent").length;
      if (values.length === readings.length) {
        for (const [process, value] of values.entries()) figures[process].push(value);
        continue;
      }
      incomplete++;
      for (const [process, reading] of readings.entries()) {
        if (reading.kind === "figure") continue;
        const gap = `${processNames[process]}: ${reading.kind === "absent" ? "not measured" : reading.reason}`;
        gaps.set(gap, (gaps.get(gap) ?? 0) + 1);
      }
    }
    if (present === 0) continue;
    if (target.metric.silentAtZero && figures.every((own) => own.every((value) => value === 0))) continue;
    const why = incomplete === 0 ? null : describeGaps(gaps, rounds.length);
    if (incomplete <= rounds.length * MOST_GAPS) columns.push({ target, figures, gaps: why });
    else leftOut.push({ id: target.id, name: target.name, reason: why as string });
  }
  return { columns, leftOut };
}

function describeGaps(gaps: ReadonlyMap<string, number>, rounds: number): string {
  return [...gaps].map(([gap, count]) => `${gap} (${count} of ${rounds} rounds)`).join("; ");
}
