/** What `engram trend` finds, as plain data: its page and its `--json`. */

export type Trend = HistoryTrend | RecordsTrend;

interface Found {
  readonly files: readonly string[];
  /** One line a damaged file. */
  readonly damage: readonly string[];
  /** Why there is too little to tell anything from. */
  readonly shortages: readonly string[];
}

export interface HistoryTrend extends Found {
  readonly kind: "history";
  /** Between two points, ms. */
  readonly width: number;
  /** Figures in the order of a point's values. */
  readonly names: readonly string[];
  /** Unix time, ms; null where a figure was not told. */
  readonly points: readonly { readonly at: number; readonly values: readonly (number | null)[] }[];
  readonly forecasts: readonly TrendForecast[];
}

export interface TrendForecast {
  readonly figure: string;
  readonly limit: number;
  readonly beyond: "above" | "below";
  readonly now: number | null;
  /** Unix time, ms, from which the points are of one piece, and whether a jump is what is before them. */
  readonly since: number | null;
  readonly jumped: boolean;
  readonly points: number;
  readonly crossing: {
    readonly kind: "past" | "reaches" | "not within" | "cannot tell";
    readonly from?: number;
    readonly to?: number | null;
    readonly until?: number;
    readonly why?: string;
    readonly line: TrendForecastLine | null;
  };
  readonly says: string;
}

export interface TrendForecastLine {
  /** Per ms. */
  readonly slope: number;
  readonly slopes: { readonly lower: number; readonly upper: number };
  readonly level: number;
  readonly centre: number;
  readonly scatter: number;
  readonly effective: number;
}

export interface RecordsTrend extends Found {
  readonly kind: "records";
  readonly records: number;
  /** Chance that anything is said to have moved where nothing has. */
  readonly level: number;
  readonly seed: number;
  readonly series: readonly TrendSeries[];
}

export interface TrendSeries {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  readonly scale: "ratio" | "points";
  readonly machine: string;
  readonly settings: string;
  readonly compared: "paired" | "measured";
  readonly points: readonly {
    readonly at: string;
    readonly commit: string | null;
    readonly dirty: boolean;
    readonly value: number;
    readonly level: number;
  }[];
  readonly needed: number;
  /** Null: too few records to tell. */
  readonly changes:
    | readonly {
        readonly index: number;
        readonly at: string;
        readonly commit: string | null;
        readonly after: string | null;
        readonly from: number;
        readonly to: number;
        readonly change: number;
        readonly interval: { readonly lower: number; readonly upper: number };
        readonly worse: boolean;
        readonly p: number;
        readonly says: string;
      }[]
    | null;
}
