/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** A regression was found, a history is not linearizable. */
  negative: 1,
  usage: 2,
  /** A run failed, an invariant broke, or the program itself has a fault. */
  failed: 3,
  undecided: 4,
  interrupted: 130,
} as const;
