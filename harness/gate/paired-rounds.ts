/** Rounds of head against base: one fresh process an arm, in an order drawn for each round. */

import { SampleRandom } from "../../src/random.js";
import type { MetricSample, RoundSource } from "../statistics/index.js";
import { type Column, columnsOf, type Table } from "./columns.js";
import { type ErrorReport, errorsOf } from "./errors-of-runs.js";
import { type Findings, findingsOf } from "./findings.js";
import type { Readings, Target } from "./readings.js";
import { seedOfRound } from "./settings.js";
import { pairedSample } from "./toleranced.js";

export interface PairedRoundsOptions {
  targets: readonly Target[];
  /** As a share, before a metric's own factor. */
  tolerance: number;
  seed: number;
  /** Runs one process; `seed` is the workload's and the same for both processes of a round. */
  measure(arm: "head" | "base", seed: number): Promise<Readings>;
  onRound?(stage: string, done: number, total: number): void;
  /** What is known beforehand to keep the two from being compared, one line each. */
  incomparable?: readonly string[];
}

const isAsked = ({ target: { beside, standsIn } }: Column) => !beside || standsIn === true;

type Pair = readonly [first: Readings, second: Readings];

export class PairedRounds implements RoundSource {
  private readonly same: Pair[] = [];
  private readonly different: Pair[] = [];
  private readonly order: SampleRandom;

  constructor(private readonly options: PairedRoundsOptions) {
    this.order = new SampleRandom(options.seed);
  }

  /** The base against itself: what the machine adds to a difference of nothing. */
  async sameAgainstSame(total: number): Promise<MetricSample[]> {
    await this.fill(this.same, total, "base", "A/A check");
    return this.samples(this.sameTable().columns.filter(isAsked));
  }

  async headAgainstBase(total: number): Promise<MetricSample[]> {
    await this.fill(this.different, total, "head", "head against base");
    return this.samples(this.table().columns.filter(isAsked));
  }

  beside(): Findings {
    const [head, base] = [0, 1].map((process) => this.different.map((pair) => pair[process]));
    const findings = findingsOf(this.options.targets, this.table(), this.errors(), head, base);
    const incomparable = [...(this.options.incomparable ?? []), ...findings.incomparable];
    return { ...findings, incomparable, comparable: incomparable.length === 0 };
  }

  /** Figures of the judged rounds: [head, base]. */
  table(): Table {
    return columnsOf(this.options.targets, this.different, ["head", "base"]);
  }

  sameTable(): Table {
    return columnsOf(this.options.targets, this.same, ["base", "base again"]);
  }

  samples(columns: readonly Column[]): MetricSample[] {
    return columns.map((column) => pairedSample(column, this.options.tolerance));
  }

  sameSamples(columns: readonly Column[]): MetricSample[] {
    return this.samples(columns);
  }

  /** Every process of the base is asked, those of the A/A check too. */
  errors(): ErrorReport[] {
    const base = [...this.different.map((pair) => pair[1]), ...this.same.flat()];
    return errorsOf(
      this.different.map(([head]) => head.errors),
      base.map(({ errors }) => errors),
    );
  }

  private async fill(pairs: Pair[], total: number, first: "head" | "base", stage: string): Promise<void> {
    while (pairs.length < total) {
      this.options.onRound?.(stage, pairs.length, total);
      pairs.push(await this.round(first, seedOfRound(this.options.seed, pairs.length)));
    }
    this.options.onRound?.(stage, total, total);
  }

  private async round(first: "head" | "base", seed: number): Promise<Pair> {
    const { measure } = this.options;
    if (this.order.below(2) === 0) {
      const measured = await measure(first, seed);
      return [measured, await measure("base", seed)];
    }
    const base = await measure("base", seed);
    return [await measure(first, seed), base];
  }
}
