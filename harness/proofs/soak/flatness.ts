/** Whether a store's memory stopped growing: the judgement at the end of a soak, apart from the soak so that it can be tested. */

export interface Sample {
  /** ms since the soak began. */
  at: number;
  /** Bytes of slabs cut: never given back, so any leak or creeping fragmentation shows here in the end. */
  slabBytes: number;
  /** Bytes of chunks in use. It swings with the load (ttl, clears), hence the averages. */
  usedBytes: number;
}

export interface Flatness {
  readonly flat: boolean;
  /** Bytes of slabs cut in the second half. */
  readonly slabGrowth: number;
  /** Average use in the last quarter against that in the quarter after the warm-up: 1 = no change. */
  readonly usedRatio: number;
}

/** The first share of a soak in which memory may grow: caches fill, every size class meets its peak. */
export const WARM_UP = 0.25;
/**
 * What may still be cut in the second half: a slab of each of the ten size classes, or 5 %. Each class keeps the slabs of its
 * highest peak, and peaks of a random load go on being exceeded, ever more rarely (five minutes cut 9 % more between a
 * quarter and the end, with the use of memory unchanged). A leak cuts as much in the second half as in the first.
 */
const SLAB_SLACK = 10 * 65_536;
const SLAB_SLACK_SHARE = 0.05;
/** How much higher the average use may be at the end: what the swings leave in averages of some dozen samples. */
const USED_SLACK = 1.1;

function average(samples: readonly Sample[]): number {
  return samples.reduce((sum, { usedBytes }) => sum + usedBytes, 0) / samples.length;
}

/**
 * @param samples in order of time, at least one in each quarter of `duration`
 * @param duration of the whole soak, ms
 */
export function judgeFlatness(samples: readonly Sample[], duration: number): Flatness {
  const between = (from: number, to: number) => samples.filter(({ at }) => at >= from * duration && at < to * duration);
  const warm = between(WARM_UP, 2 * WARM_UP);
  const last = between(0.75, Number.POSITIVE_INFINITY);
  if (warm.length === 0 || last.length === 0)
    throw new Error("a soak is judged by samples of its second and last quarters");
  const half = warm[warm.length - 1].slabBytes;
  const slabGrowth = last[last.length - 1].slabBytes - half;
  const usedRatio = average(last) / average(warm);
  return {
    flat: slabGrowth <= Math.max(SLAB_SLACK, half * SLAB_SLACK_SHARE) && usedRatio <= USED_SLACK,
    slabGrowth,
    usedRatio,
  };
}
