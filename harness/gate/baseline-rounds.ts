/** Rounds of the head alone, each figure divided by the reference subject's of the same process, against stored ratios. */
import { type Column, columnsOf, type LeftOut } from "./columns.js";
import type { Readings, Target } from "./readings.js";
import { type MetricSample, type RoundSource, worseLogRatio } from "./statistics/index.js";

export interface BaselineRoundsOptions {
  targets: readonly Target[];
  /** As a share, before a metric's own factor. */
  tolerance: number;
  seed: number;
  /** Stored ratios by target id, one a round; targets it does not hold are not judged. */
  stored: ReadonlyMap<string, readonly number[]>;
  measure(seed: number): Promise<Readings>;
  onRound?(stage: string, done: number, total: number): void;
}

export class BaselineRounds implements RoundSource {
  private readonly same: Readings[] = [];
  private readonly head: Readings[] = [];

  constructor(private readonly options: BaselineRoundsOptions) {}

  /** Each round is two processes of the head; the second is not wasted on the head's rounds, which stay independent. */
  async sameAgainstSame(total: number): Promise<MetricSample[]> {
    await this.fill(this.same, 2 * total, "A/A check");
    const pairs = Array.from({ length: total }, (_, i) => [this.same[2 * i], this.same[2 * i + 1]]);
    const { columns } = columnsOf(this.storedTargets(), pairs, ["head", "head again"]);
    return columns.map((column) => ({
      name: column.target.id,
      tolerance: this.toleranceOf(column.target),
      worse: column.figures[0].map((f, i) => worseLogRatio(f, column.figures[1][i], column.target.metric.better)),
    }));
  }

  async headAgainstBase(total: number): Promise<MetricSample[]> {
    await this.fill(this.head, total, "head against baseline");
    return this.columns().map(({ target, figures: [head, stored] }) => ({
      name: target.id,
      tolerance: this.toleranceOf(target),
      worse: head.map((figure) => worseLogRatio(figure, 1, target.metric.better)),
      baseline: stored.map((figure) => worseLogRatio(figure, 1, target.metric.better)),
    }));
  }

  /** Ratios of the judged rounds and those stored: [head, baseline], not of the same length. */
  columns(): Column[] {
    const { columns } = this.table(this.storedTargets());
    return columns.map(({ target, figures: [head] }) => ({
      target,
      figures: [head, [...(this.options.stored.get(target.id) ?? [])]],
    }));
  }

  leftOut(): LeftOut[] {
    const { stored, targets } = this.options;
    const { columns, leftOut } = this.table(targets);
    const unknown = columns
      .filter(({ target }) => !stored.has(target.id))
      .map(({ target: { id, name } }) => ({ id, name, reason: "not in the baseline" }));
    const measured = new Set([...columns.map((c) => c.target.id), ...leftOut.map((l) => l.id)]);
    const vanished = this.storedTargets()
      .filter(({ id }) => !measured.has(id))
      .map(({ id, name }) => ({ id, name, reason: "in the baseline, but not measured any more" }));
    return [...leftOut, ...unknown, ...vanished];
  }

  private async fill(readings: Readings[], total: number, stage: string): Promise<void> {
    while (readings.length < total) {
      this.options.onRound?.(stage, readings.length, total);
      readings.push(await this.options.measure(this.options.seed + readings.length));
    }
    this.options.onRound?.(stage, total, total);
  }

  private table(targets: readonly Target[]): ReturnType<typeof columnsOf> {
    const rounds = (this.head.length > 0 ? this.head : this.same).map((readings) => [readings]);
    return columnsOf(targets, rounds, ["head"]);
  }

  private storedTargets(): Target[] {
    return this.options.targets.filter((target) => this.options.stored.has(target.id));
  }

  private toleranceOf(target: Target): number {
    return this.options.tolerance * target.metric.toleranceFactor;
  }
}
