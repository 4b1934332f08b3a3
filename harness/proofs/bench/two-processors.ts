/** Whether two workers really had two processors. */
import { median } from "../../statistics/index.js";
import { plainFigure } from "./judge.js";
import type { Figure } from "./results.js";

/** Of two: what is missing is the start of the later one, and the little that others need. */
const ENOUGH = 1.9;

export interface ProcessorCheck {
  readonly figure: Figure;
  /** False: the workers shared a processor, and what was measured decides nothing. */
  readonly enough: boolean;
  readonly notes: readonly string[];
}

/** @param sample processors in use on average, in each turn of two workers */
export function checkProcessors(sample: readonly number[]): ProcessorCheck {
  const enough = median(sample) >= ENOUGH;
  return {
    figure: plainFigure("processors", "processors that two workers had", "of 2", sample),
    enough,
    notes: enough
      ? []
      : [
          "The two workers did not have two processors to themselves: what two of them did decides nothing. Try again on a quiet machine.",
        ],
  };
}
