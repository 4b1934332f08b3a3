/** When a throughput is not to be believed: a run too short, slices that do not agree, a machine busy with something else. */
import { cpus } from "node:os";
import { FEWEST_SLICES, sliceRates } from "../../reports/slices.js";
import type { PhaseTotal } from "./phase-total.js";

/** A throughput known no better than this, as a share, tells nothing worth comparing. */
const WORTHLESS = 0.15;
/** A beginning slower than this share of what follows is one of code not yet compiled, or of a cache not yet filled. */
const SLOW_START = 0.75;
/** Of the slices, those that are the beginning. */
const BEGINNING = 0.2;

/** @param names whether the phase is told by name: the run has several */
export function doubtsAbout(total: PhaseTotal, names: boolean): string[] {
  // The throughput of an open loop is the rate it was given.
  if (total.loop === "open" || total.seconds === 0) return [];
  const where = names ? `${total.name}: ` : "";
  const rates = total.slices.flatMap((slices) => sliceRates(slices));
  if (rates.length < FEWEST_SLICES) {
    const milliseconds = Math.round(total.seconds * 1000);
    return [`${where}${milliseconds} ms are too short to tell how far its throughput is off; give it a second or more`];
  }
  const error = total.toPhase(true).error ?? 0;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const doubts: string[] = [];
  if (error > WORTHLESS) {
    doubts.push(`${where}its slices differ so much that the throughput is only known to ± ${percent(error)}`);
  }
  const slow = total.slices.map((slices) => startOf(sliceRates(slices))).find((share) => share < SLOW_START);
  if (slow !== undefined) {
    doubts.push(
      `${where}it began at ${percent(slow)} of the rate it ended with: the throughput is partly that of warming up`,
    );
  }
  return doubts;
}

/** The rate of the beginning over the median of the rest; 1 with too few slices to tell. */
function startOf(rates: readonly number[]): number {
  if (rates.length < FEWEST_SLICES) return 1;
  const first = Math.max(1, Math.floor(rates.length * BEGINNING));
  const rest = rates.slice(first).sort((a, b) => a - b);
  const median = rest[Math.floor(rest.length / 2)];
  const begun = rates.slice(0, first).reduce((sum, rate) => sum + rate, 0) / first;
  return median === 0 ? 1 : begun / median;
}

/** Processors that other processes have to take, in all, before they are worth a word. */
const OTHERS = 0.25;
/** As long as so much of a processor is idle nobody waits for another. */
const IDLE = 0.5;

/** Watches what else the machine does while something is measured. */
export class OtherLoad {
  readonly #startedAt = performance.now();
  readonly #machine = machineTimes();
  readonly #own = process.cpuUsage();

  /** Processors that others took, where that matters; else 0. To be asked when the measured part is over. */
  processors(): number {
    const elapsed = performance.now() - this.#startedAt;
    const machine = machineTimes();
    const { user, system } = process.cpuUsage(this.#own);
    const processors = cpus().length;
    // The counters move in hundredths of a second.
    if (elapsed < 100 || processors === 0) return 0;
    const others = (machine.busy - this.#machine.busy - (user + system) / 1000) / elapsed;
    const idle = (machine.idle - this.#machine.idle) / elapsed;
    return others < OTHERS || idle > IDLE ? 0 : others;
  }
}

/** @param others as `OtherLoad` tells them, the most of all passes */
export function doubtAboutLoad(others: number): string[] {
  if (others === 0) return [];
  return [`other processes took ${others.toFixed(1)} of ${cpus().length} processors while it was measured`];
}

/** Of all processors together, ms since they were started. */
function machineTimes(): { busy: number; idle: number } {
  let [busy, idle] = [0, 0];
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq;
    idle += times.idle;
  }
  return { busy, idle };
}
