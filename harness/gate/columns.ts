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
  /** One inner array a process of the round (head and base, or the head alone), one number a round. */
  figures: number[][];
}

/**
 * A target that has a figure in every process of every round becomes a column. One that is absent everywhere is not of
 * this scenario and dropped silently; one with gaps is left out by name, for half a column would compare unlike rounds.
 */
export function columnsOf(
  targets: readonly Target[],
  rounds: readonly (readonly Readings[])[],
  processNames: readonly string[],
): { columns: Column[]; leftOut: LeftOut[] } {
  const columns: Column[] = [];
  const leftOut: LeftOut[] = [];
  for (const target of targets) {
    const figures: number[][] = processNames.map(() => []);
    const gaps = new Map<string, number>();
    let absent = 0;
    for (const round of rounds) {
      round.forEach((readings, process) => {
        const reading: Reading = readings.get(target.id) ?? { kind: "absent" };
        if (reading.kind === "figure") {
          figures[process].push(reading.value);
          return;
        }
        if (reading.kind === "absent") absent++;
        const reason = reading.kind === "absent" ? "not measured" : reading.reason;
        const gap = `${processNames[process]}: ${reason}`;
        gaps.set(gap, (gaps.get(gap) ?? 0) + 1);
      });
    }
    if (absent === rounds.length * processNames.length) continue;
    if (gaps.size === 0) columns.push({ target, figures });
    else leftOut.push({ id: target.id, name: target.name, reason: describeGaps(gaps, rounds.length) });
  }
  return { columns, leftOut };
}

function describeGaps(gaps: ReadonlyMap<string, number>, rounds: number): string {
  return [...gaps].map(([gap, count]) => `${gap} (${count} of ${rounds} rounds)`).join("; ");
}
