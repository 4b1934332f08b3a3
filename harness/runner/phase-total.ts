/** What the passes over one phase added up to. */
import type { RunPhase, SeriesPoint } from "../../reports/results.js";
import { throughputError } from "../../reports/slices.js";
import type { PassReport } from "./messages.js";
import type { WorkloadPhase } from "./workload.js";

/** What an open loop was to do. */
export interface Wanted {
  readonly operations: number;
  readonly seconds: number;
}

export class PhaseTotal {
  readonly name: string;
  readonly loop: "closed" | "open";
  operations = 0;
  failed = 0;
  seconds = 0;
  hits = 0;
  misses = 0;
  /** Of an open loop: operations that were meant to start, and in how many seconds. */
  readonly #wanted = { operations: 0, seconds: 0 };
  /** Of every time the phase was come back to, from its start. */
  readonly slices: SeriesPoint[][] = [];

  constructor({ name, rate }: Pick<WorkloadPhase, "name" | "rate">) {
    this.name = name;
    this.loop = rate === null ? "closed" : "open";
  }

  /** @param points from the phase's start @param wanted operations that were to start and in which time; null: closed loop */
  add(reports: readonly PassReport[], seconds: number, points: readonly SeriesPoint[], wanted: Wanted | null): void {
    this.seconds += seconds;
    this.slices.push([...points]);
    this.#wanted.operations += wanted?.operations ?? 0;
    this.#wanted.seconds += wanted?.seconds ?? 0;
    for (const { operations, failed, hits, misses } of reports) {
      this.operations += operations;
      this.failed += failed;
      this.hits += hits;
      this.misses += misses;
    }
  }

  get opsPerSecond(): number {
    return this.seconds === 0 ? 0 : this.operations / this.seconds;
  }

  /** Operations a second that were asked for, on average; null: closed loop. */
  get rate(): number | null {
    const { operations, seconds } = this.#wanted;
    return this.loop === "closed" || seconds === 0 || operations === 0 ? null : operations / seconds;
  }

  /** @param looksUp false: the subject answers every look-up, so that no ratio of its is one */
  toPhase(looksUp: boolean): RunPhase {
    const { name, loop, rate, operations: ops, failed, seconds, opsPerSecond, hits, misses } = this;
    const lookups = looksUp ? hits + misses : 0;
    return {
      ...{ name, loop, rate, ops, failed, seconds, opsPerSecond },
      error: throughputError(this.slices, opsPerSecond),
      hitRatio: lookups === 0 ? null : hits / lookups,
      ...{ hits: looksUp ? hits : 0, misses: looksUp ? misses : 0 },
    };
  }
}
