/** Whether a series of memory readings is flat: the judgement at the end of a soak, apart from the soak so that it can be tested. */

export interface Point {
  /** ms since the soak began. */
  readonly at: number;
  readonly bytes: number;
}

export interface Steadiness {
  readonly flat: boolean;
  /** Mean of the last quarter over that of the second. */
  readonly ratio: number;
  /** Of the least squares line through all but the first quarter, bytes an hour. */
  readonly slope: number;
}

const QUARTER = 0.25;
const HOUR_MS = 3_600_000;

/**
 * @param points in order of time
 * @param slackBytes what a mean may rise beside the share: pages that the allocator and the engine's caches take by chance
 * @returns null where the second or the last quarter has no reading, as in a soak of seconds on a busy machine
 */
export function judgeSteadiness(points: readonly Point[], slackBytes: number, slackShare = 0.1): Steadiness | null {
  if (points.length === 0) return null;
  const duration = points[points.length - 1].at;
  const between = (from: number, to: number) => points.filter(({ at }) => at > from * duration && at <= to * duration);
  const [early, late] = [between(QUARTER, 2 * QUARTER), between(1 - QUARTER, 1)];
  if (early.length === 0 || late.length === 0) return null;
  const [second, last] = [mean(early), mean(late)];
  return {
    flat: last <= second + Math.max(slackBytes, second * slackShare),
    ratio: last / second,
    slope: slopeOf(between(QUARTER, 1)) * HOUR_MS,
  };
}

function mean(points: readonly Point[]): number {
  return points.reduce((sum, { bytes }) => sum + bytes, 0) / points.length;
}

/** Bytes a millisecond. */
function slopeOf(points: readonly Point[]): number {
  const at = points.reduce((sum, point) => sum + point.at, 0) / points.length;
  const bytes = mean(points);
  let together = 0;
  let square = 0;
  for (const point of points) {
    together += (point.at - at) * (point.bytes - bytes);
    square += (point.at - at) ** 2;
  }
  return square === 0 ? 0 : together / square;
}
