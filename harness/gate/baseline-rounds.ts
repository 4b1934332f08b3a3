/** Rounds of the head alone, each figure divided by the reference subject's of the same process, against stored ratios. */
import { type MetricSample, NEUTRAL, type RoundSource, worseBy } from "../statistics/index.js";
import { type Column, columnsOf, type LeftOut, type Table } from "./columns.js";
import { type ErrorReport, errorsOf } from "./errors-of-runs.js";
import { type Findings, findingsOf } from "./findings.js";
import type { Readings, Target } from "./readings.js";
import { seedOfRound } from "./settings.js";
import { pairedSample, toleranceOf } from "./toleranced.js";

export interface BaselineRoundsOptions {
  targets: readonly Target[];
  /** As a share, before a metric's own factor. */
  tolerance: number;
  seed: number;
  /** Stored ratios and shares by target id, one a round; targets it does not hold are not judged. */
  stored: ReadonlyMap<string, readonly number[]>;
  /** Error codes by scenario that the stored build had; a baseline that does not tell had none. */
  storedErrors?: ReadonlyMap<string, readonly string[]>;
  measure(seed: number): Promise<Readings>;
  onRound?(stage: string, done: number, total: number): void;
}

const VANISHED = "in the baseline, but not measured any more";

export class BaselineRounds implements RoundSource {
  private readonly same: Readings[] = [];
  private readonly head: Readings[] = [];

  constructor(private readonly options: BaselineRoundsOptions) {}

  /** Each round is two processes of the head; the second is not wasted on the head's rounds, which stay independent. */
  async sameAgainstSame(total: number): Promise<MetricSample[]> {
    await this.fill(this.same, 2 * total, "A/A check");
    return this.sameSamples(this.sameTable().columns.filter(({ target }) => !target.beside));
  }

  async headAgainstBase(total: number): Promise<MetricSample[]> {
    await this.fill(this.head, total, "head against baseline");
    return this.samples(this.table().columns.filter(({ target }) => !target.beside));
  }

  beside(): Findings {
    const table = this.table();
    const findings = findingsOf(this.options.targets, table, this.errors(), this.head, []);
    const vanished = table.leftOut
      .filter(({ reason }) => reason === VANISHED)
      .map(({ name }) => `${name}: ${VANISHED}`);
    const incomparable = [...findings.incomparable, ...vanished];
    return { ...findings, incomparable, comparable: incomparable.length === 0 };
  }

  /** Figures of the judged rounds and those stored: [head, baseline], not of the same length. */
  table(): Table {
    const { stored, targets } = this.options;
    const { columns, leftOut } = this.headTable(targets);
    // An operation that never failed is in no baseline.
    const storedOf = ({ id, metric }: Target) => stored.get(id) ?? (metric.silentAtZero ? [0] : undefined);
    const known = columns.flatMap(({ target, figures: [head], gaps }): Column[] => {
      const base = storedOf(target);
      return base === undefined ? [] : [{ target, figures: [head, [...base]], gaps }];
    });
    const unknown = columns
      .filter(({ target }) => storedOf(target) === undefined && !target.beside)
      .map(({ target: { id, name } }): LeftOut => ({ id, name, reason: "not in the baseline" }));
    const measured = new Set([...columns.map((c) => c.target.id), ...leftOut.map((l) => l.id)]);
    const vanished = this.storedTargets()
      .filter(({ id, metric }) => !measured.has(id) && !metric.silentAtZero)
      .map(({ id, name }): LeftOut => ({ id, name, reason: VANISHED }));
    return { columns: known, leftOut: [...leftOut, ...unknown, ...vanished] };
  }

  sameTable(): Table {
    const pairs = Array.from({ length: this.same.length >>> 1 }, (_, i) => [this.same[2 * i], this.same[2 * i + 1]]);
    return columnsOf(this.options.targets, pairs, ["head", "head again"]);
  }

  sameSamples(columns: readonly Column[]): MetricSample[] {
    return columns.map((column) => pairedSample(column, this.options.tolerance));
  }

  samples(columns: readonly Column[]): MetricSample[] {
    return columns.map(({ target: { id, metric }, figures: [head, stored] }) => {
      const { scale, better } = metric;
      const alone = (figure: number) => worseBy(scale, figure, NEUTRAL[scale], better);
      const tolerance = toleranceOf(metric, this.options.tolerance, stored);
      return { name: id, scale, tolerance, worse: head.map(alone), baseline: stored.map(alone) };
    });
  }

  errors(): ErrorReport[] {
    const counts = (list: readonly Readings[]) => list.map(({ errors }) => errors);
    return errorsOf(counts([...this.head, ...this.same]), [], this.options.storedErrors);
  }

  private async fill(readings: Readings[], total: number, stage: string): Promise<void> {
    while (readings.length < total) {
      this.options.onRound?.(stage, readings.length, total);
      readings.push(await this.options.measure(seedOfRound(this.options.seed, readings.length)));
    }
    this.options.onRound?.(stage, total, total);
  }

  private headTable(targets: readonly Target[]): Table {
    return columnsOf(
      targets,
      this.head.map((readings) => [readings]),
      ["head"],
    );
  }

  private storedTargets(): Target[] {
    return this.options.targets.filter((target) => this.options.stored.has(target.id));
  }
}
