/** Rounds of head against base: one fresh process an arm, in an order drawn for each round. */
import { type Column, columnsOf, type LeftOut } from "./columns.js";
import type { Readings, Target } from "./readings.js";
import { type MetricSample, type RoundSource, SeededRandom, worseLogRatio } from "./statistics/index.js";

export interface PairedRoundsOptions {
  targets: readonly Target[];
  /** As a share, before a metric's own factor. */
  tolerance: number;
  seed: number;
  /** Runs one process; `seed` is the workload's and the same for both processes of a round. */
  measure(arm: "head" | "base", seed: number): Promise<Readings>;
  onRound?(stage: string, done: number, total: number): void;
}

type Pair = readonly [first: Readings, second: Readings];

export class PairedRounds implements RoundSource {
  private readonly same: Pair[] = [];
  private readonly different: Pair[] = [];
  private readonly order: SeededRandom;

  constructor(private readonly options: PairedRoundsOptions) {
    this.order = new SeededRandom(options.seed);
  }

  /** The base against itself: what the machine adds to a difference of nothing. */
  async sameAgainstSame(total: number): Promise<MetricSample[]> {
    await this.fill(this.same, total, "base", "A/A check");
    return this.samples(this.table(this.same, ["base", "base again"]).columns);
  }

  async headAgainstBase(total: number): Promise<MetricSample[]> {
    await this.fill(this.different, total, "head", "head against base");
    return this.samples(this.columns());
  }

  /** Figures of the judged rounds: [head, base]. */
  columns(): Column[] {
    return this.table(this.different, ["head", "base"]).columns;
  }

  leftOut(): LeftOut[] {
    const rounds = this.different.length > 0 ? this.different : this.same;
    return this.table(rounds, ["head", "base"]).leftOut;
  }

  private async fill(pairs: Pair[], total: number, first: "head" | "base", stage: string): Promise<void> {
    while (pairs.length < total) {
      this.options.onRound?.(stage, pairs.length, total);
      pairs.push(await this.round(first, this.options.seed + pairs.length));
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

  private table(pairs: readonly Pair[], names: readonly string[]): ReturnType<typeof columnsOf> {
    return columnsOf(this.options.targets, pairs, names);
  }

  private samples(columns: readonly Column[]): MetricSample[] {
    return columns.map(({ target, figures: [head, base] }) => ({
      name: target.id,
      tolerance: this.options.tolerance * target.metric.toleranceFactor,
      worse: head.map((figure, round) => worseLogRatio(figure, base[round], target.metric.better)),
    }));
  }
}
