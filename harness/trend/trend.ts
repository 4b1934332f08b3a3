/** Everything that `engram trend` found, as plain data: printed by --json, and what table and page are made from. */
import type { Trend } from "../../reports/index.js";
import { FIGURE_NAMES } from "../../src/monitor/index.js";
import { POINTS_FROM } from "../statistics/index.js";
import { type Bins, binsOf } from "./bins.js";
import { documentedLimits, forecastsOf, type Limit } from "./forecasts.js";
import type { Read } from "./read.js";
import { recordSeries } from "./record-series.js";
import { changeWords, commitWords, forecastWords, span, valueWords } from "./words.js";

export interface TrendSettings {
  readonly limits: readonly Limit[];
  readonly level: number;
  readonly seed: number;
}

export function trendOf(files: readonly string[], read: Read, { limits, level, seed }: TrendSettings): Trend {
  const { damage } = read;
  if (read.kind === "records") {
    const series = recordSeries(read.records, level, seed).map(({ changes, ...one }) => ({
      ...one,
      changes:
        changes?.map((change) => ({
          ...change,
          says: `${changeWords(change, one.scale)}: ${valueWords(change.from, one)} to ${valueWords(change.to, one)} at ${commitWords(change.commit)}`,
        })) ?? null,
    }));
    const short = series.filter(({ changes }) => changes === null);
    const most = short.reduce((a, { points }) => Math.max(a, points.length), 0);
    const shortages =
      series.length === 0
        ? ["cannot tell: no gate could measure a metric"]
        : short.length === series.length
          ? [
              `cannot tell: ${most} of the ${series[0].needed} records that it takes to tell a change at ${100 * level} %`,
            ]
          : [];
    return { kind: "records", files: [...files], damage, shortages, level, seed, records: read.records.length, series };
  }
  const bins = binsOf(read.histories);
  const end = bins.bins.at(-1)?.at ?? 0;
  const forecasts = forecastsOf(bins, limits.length > 0 ? limits : told(documentedLimits(), bins)).map((forecast) => ({
    ...forecast,
    says: forecastWords(forecast, end),
  }));
  const shortages =
    bins.bins.length < POINTS_FROM
      ? [
          `cannot tell: ${bins.bins.length} of the ${POINTS_FROM} points that a forecast takes, of ${span(bins.width)} each`,
        ]
      : [];
  return {
    ...{ kind: "history", files: [...files], damage, shortages, width: bins.width, forecasts },
    points: bins.bins.map(({ at, figures }) => ({ at, values: FIGURE_NAMES.map((name) => figures[name]) })),
    names: [...FIGURE_NAMES],
  };
}

/** Of figures that the history never tells of, nothing is said unless it is asked for. */
function told(limits: readonly Limit[], { bins }: Bins): Limit[] {
  return limits.filter(({ figure }) => bins.some(({ figures }) => figures[figure] !== null));
}
