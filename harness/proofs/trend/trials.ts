/** Made-up histories and records, with nothing in them or something planted, through the very functions that `engram trend` uses. */
import { SampleRandom } from "../../../src/random.js";
import { changePoints, crossingOf, type Interval, wilson } from "../../statistics/index.js";

export interface Rate {
  readonly what: string;
  readonly count: number;
  readonly trials: number;
  readonly share: number;
  /** 95 %, Wilson. */
  readonly interval: Interval;
  /** Null: told, and held to nothing. */
  readonly atMost: number | null;
  readonly atLeast: number | null;
}

/** The level of the change points, and of the forecasts' intervals on one side. */
export const LEVEL = 0.01;
const ONE_SIDE = 0.025;
const LEAST_FOUND = 0.8;
const LEAST_HELD = 0.95;

/** Whether a rate is as it has to be: as far as the trials can tell. */
export function holds({ interval, atMost, atLeast }: Rate): boolean {
  return (atMost === null || interval.lower <= atMost) && (atLeast === null || interval.upper >= atLeast);
}

/** @param trials of each kind; planted changes take a fifth of them */
export function tryTrends(trials: number, seed: number, onKind: (what: string) => void = () => {}): Rate[] {
  const rates: Rate[] = [];
  for (const { records, rho, outliers } of [
    { records: 14, rho: 0, outliers: 0 },
    { records: 40, rho: 0, outliers: 0.05 },
    { records: 100, rho: 0, outliers: 0 },
    { records: 40, rho: 0.3, outliers: 0 },
  ]) {
    const noise = `${records} records${outliers > 0 ? ", outliers in 5 %" : ""}${rho > 0 ? `, neighbours alike (${rho})` : ""}`;
    const what = `a change where there is none: ${noise}`;
    onKind(what);
    const found = count(
      trials,
      (random) => changePoints(drawSeries(random, records, rho, outliers), LEVEL, random).length > 0,
      seed,
    );
    rates.push(rateOf(what, found, trials, rho > 0 ? {} : { atMost: LEVEL }));
  }
  for (const { records, step } of [
    { records: 40, step: 2 },
    { records: 40, step: 4 },
    { records: 20, step: 4 },
  ]) {
    const what = `a planted step of ${step} standard deviations, ${records} records, within 2 of its place`;
    onKind(what);
    const own = Math.ceil(trials / 5);
    const at = Math.floor(records * 0.6);
    const found = count(
      own,
      (random) => {
        const series = drawSeries(random, records, 0, 0).map((value, i) => (i >= at ? value + step : value));
        return changePoints(series, LEVEL, random).some((one) => Math.abs(one.at - at) <= 2);
      },
      seed,
    );
    rates.push(rateOf(what, found, own, step >= 4 ? { atLeast: LEAST_FOUND } : {}));
  }
  for (const { points, rho } of [
    { points: 20, rho: 0 },
    { points: 60, rho: 0.5 },
    { points: 60, rho: 0.9 },
  ])
    rates.push(...tryForecasts(points, rho, trials, seed, onKind));
  return rates;
}

function tryForecasts(
  points: number,
  rho: number,
  trials: number,
  seed: number,
  onKind: (what: string) => void,
): Rate[] {
  const name = `${points} points, neighbours alike (${rho})`;
  onKind(`forecasts: ${name}`);
  const times = Array.from({ length: points }, (_, i) => i);
  // Nothing rises; the limit is near enough that a line by chance would get there.
  const falsely = count(
    trials,
    (random) => crossingOf(times, drawSeries(random, points, rho, 0), 5, "above").kind === "reaches",
    seed,
  );
  // A rise of 12 standard deviations over what was seen, and the limit at 1.6 times as far.
  let told = 0;
  const own = Math.ceil(trials / 5);
  const held = count(
    own,
    (random) => {
      const rise = 12 / points;
      const series = drawSeries(random, points, rho, 0).map((value, i) => value + rise * i);
      const crossing = crossingOf(times, series, 1.6 * points * rise, "above");
      if (crossing.kind !== "reaches") return false;
      told++;
      return crossing.from <= 1.6 * points && (crossing.to === null || crossing.to >= 1.6 * points);
    },
    seed,
  );
  return [
    rateOf(`a limit is reached where nothing rises: ${name}`, falsely, trials, { atMost: ONE_SIDE }),
    rateOf(
      `the interval holds the moment: ${name}; told in ${told} of ${own}`,
      held,
      Math.max(1, told),
      told === 0 ? {} : { atLeast: LEAST_HELD },
    ),
  ];
}

function count(trials: number, one: (random: SampleRandom) => boolean, seed: number): number {
  let found = 0;
  for (let trial = 0; trial < trials; trial++) if (one(new SampleRandom(seed + trial))) found++;
  return found;
}

/** Normal, of standard deviation 1; some of them up to 8 further out, each like the one before by `rho`. */
function drawSeries(random: SampleRandom, length: number, rho: number, outliers: number): number[] {
  let last = normal(random);
  return Array.from({ length }, () => {
    last = rho * last + Math.sqrt(1 - rho * rho) * normal(random);
    return random.unit() < outliers ? last + 8 * random.unit() : last;
  });
}

function normal(random: SampleRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}

function rateOf(what: string, found: number, trials: number, goal: { atMost?: number; atLeast?: number }): Rate {
  const { atMost = null, atLeast = null } = goal;
  return { what, count: found, trials, share: found / trials, interval: wilson(found, trials), atMost, atLeast };
}
