/**
 * Limits over time. A breach must last before it alarms, and a figure must come back past its limit by a margin, and stay there, before
 * the alarm ends: so a figure that trembles about its limit alarms once. One alert when a breach begins, one when its severity changes,
 * one when it ends.
 *
 * Pure: time and figures come from outside. Time is a monotonic one; a clock that jumps would end or begin what has lasted no time at all.
 */
import type { CheckedRule } from "./alert-rules.js";
import type { Figures } from "./figures.js";

/** How bad it is; "ok": it is not. */
export type Severity = "ok" | "warning" | "critical";

/** One rule as it stands. */
export interface AlertState {
  /** The rule, with its defaults filled in. */
  readonly rule: CheckedRule;
  /** What has lasted long enough. */
  readonly severity: Severity;
  /** What is so now: other than `severity` while it has not lasted long enough. */
  readonly present: Severity;
  /** When `severity` began, ms on the monitor's clock; null while it has been well all along. */
  readonly since: number | null;
  /** The figure as last seen; null before there was one. */
  readonly value: number | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** `changing`: since when the present has been something else than what is told. */
type Tracked = Mutable<AlertState> & { changing: number };

export class Alerts {
  private readonly tracked: Tracked[];

  constructor(rules: readonly CheckedRule[]) {
    this.tracked = rules.map((rule) => ({
      rule,
      severity: "ok",
      present: "ok",
      since: null,
      value: null,
      changing: 0,
    }));
  }

  /**
   * Looks at the figures of one interval.
   *
   * @returns the rules whose severity has changed by it. A figure that is null says nothing: its rule stays as it is
   */
  judge(figures: Figures, now: number): AlertState[] {
    const changed: AlertState[] = [];
    for (const state of this.tracked) {
      const value = figures[state.rule.figure];
      if (value === null) continue;
      state.value = value;
      const present = severityOf(state.rule, value, state.severity);
      if (present !== state.present) {
        state.present = present;
        state.changing = now;
      }
      if (present === state.severity || now - state.changing < state.rule.forMs) continue;
      state.severity = present;
      state.since = now;
      changed.push(shown(state));
    }
    return changed;
  }

  /** All rules as they stand. */
  states(): AlertState[] {
    return this.tracked.map(shown);
  }
}

function shown({ rule, severity, present, since, value }: Tracked): AlertState {
  return { rule, severity, present, since, value };
}

/** A limit that was passed holds until the figure is back by the margin. */
function severityOf(rule: CheckedRule, value: number, before: Severity): Severity {
  if (rule.critical !== null && isBeyond(rule, rule.critical, value, before === "critical")) return "critical";
  if (rule.warning !== null && isBeyond(rule, rule.warning, value, before !== "ok")) return "warning";
  return "ok";
}

function isBeyond({ beyond, margin }: CheckedRule, limit: number, value: number, held: boolean): boolean {
  const slack = held ? Math.abs(limit) * margin : 0;
  return beyond === "above" ? value > limit - slack : value < limit + slack;
}
