/** How much is measured. */
export interface BenchSettings {
  readonly rounds: number;
  /** Length of a turn, ms: one contender's share of a round, timed as a whole. */
  readonly turnMs: number;
  readonly seed: number;
  /** Keys of the tables that are to outgrow the caches. */
  readonly manyKeys: number;
  readonly quick: boolean;
  /** Whether each row is profiled after its rounds. */
  readonly profile: boolean;
}

export const DEFAULT_ROUNDS = 15;
const QUICK_ROUNDS = 3;

/** Long enough for several collections of the young generation to fall into a turn of whoever allocates. */
const TURN_MS = 30;
/** Still thirty times the shortest batch that the clock allows (60 us). */
const QUICK_TURN_MS = 2;

export function settingsOf(options: {
  rounds?: number;
  quick: boolean;
  profile: boolean;
  seed: number;
}): BenchSettings {
  const { rounds, quick, profile, seed } = options;
  return quick
    ? { rounds: rounds ?? QUICK_ROUNDS, turnMs: QUICK_TURN_MS, seed, manyKeys: 10_000, quick, profile }
    : { rounds: rounds ?? DEFAULT_ROUNDS, turnMs: TURN_MS, seed, manyKeys: 100_000, quick, profile };
}
