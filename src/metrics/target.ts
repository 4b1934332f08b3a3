/** What a documented target is, and the words its rows are written in. */

/** How a measured figure is compared with its target. `within` takes both ends as allowed. */
export type Comparison = "<" | "<=" | ">" | ">=" | "within";

/** One promised figure. */
export interface Target {
  /** Stable name: source, then what is measured (`m010-read-p95`). */
  readonly id: string;
  /** Document letter and section, as in the table of documented targets (`M-010`). */
  readonly source: string;
  readonly metric: string;
  /** Unit of `target`, `alert`, `critical` and of every measurement handed to `judge`. */
  readonly unit: string;
  readonly comparison: Comparison;
  /** The limit; for `within`, the two ends of the allowed range. */
  readonly target: number | readonly [low: number, high: number];
  /** Beyond this figure the document calls for an alert; null where it names none. */
  readonly alert: number | null;
  /** Beyond this figure the document calls the state critical; null where it names none. */
  readonly critical: number | null;
  /** What the document says, in its own figures. */
  readonly documented: string;
  /** How the figure has to be measured to count. */
  readonly how: string;
}

type Limits = { alert: number; critical: number };

/** A row of the table; see Target for what each part says. */
export function row(
  id: string,
  source: string,
  metric: string,
  unit: string,
  [comparison, target]: readonly [Comparison, Target["target"]],
  documented: string,
  how: string,
  limits?: Limits,
): Target {
  return {
    id,
    source,
    metric,
    unit,
    comparison,
    target,
    alert: limits?.alert ?? null,
    critical: limits?.critical ?? null,
    documented,
    how,
  };
}

export const below = (limit: number) => ["<", limit] as const;
export const atMost = (limit: number) => ["<=", limit] as const;
export const above = (limit: number) => [">", limit] as const;
export const atLeast = (limit: number) => [">=", limit] as const;
export const between = (low: number, high: number) => ["within", [low, high]] as const;
/** A setting or a count that is named as one figure: anything else is a miss. */
export const exactly = (figure: number) => between(figure, figure);

export const SAMPLED = "sampled single operations, timer floor subtracted";
export const BATCHED = "batched cost: nanoseconds per operation over batches of at least 60 µs";
