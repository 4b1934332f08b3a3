/** Alert rules: which figure, beyond which limit, for how long. The documented ones are the default. */
import { choice, describe, KnownOptions } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import type { Target } from "../metrics/index.js";
import { HIT_RATE, MEMORY_UTILISATION, READ_P95, THROUGHPUT, WRITE_P95 } from "../store/health-targets.js";
import { FIGURE_NAMES, FIGURES, type FigureName } from "./figures.js";

/** What an alert does besides telling listeners: write a line to stderr, or let the store make room. */
export type AlertAction = "log" | "evict";

/** What a program writes. */
export interface AlertRule {
  /** Told apart by it; of letters, digits and hyphens. */
  name: string;
  /** The figure that is judged, once an interval. */
  figure: FigureName;
  /** Whether what lies above the limits is bad, or what lies below. */
  beyond: "above" | "below";
  /** In the figure's unit; default: no such limit. One of the two is needed, and the critical one lies beyond this. */
  warning?: number;
  /** As `warning`, for what has to be looked after now. */
  critical?: number;
  /** How long, ms, a breach must last before it is one, and its end before it has ended. Default 10 s. */
  forMs?: number;
  /** How far back within the limit a figure must come to end the alert, as a share of the limit. Default 0.02. */
  margin?: number;
  /** Besides telling listeners: write it to stderr, or let the store make room. Default: neither. */
  actions?: readonly AlertAction[];
  /** Where the limit comes from. Default: nothing is said. */
  source?: string;
}

/** A rule with its defaults filled in. */
export type CheckedRule = Required<Omit<AlertRule, "warning" | "critical">> & {
  /** Null: no such limit. */
  readonly warning: number | null;
  /** Null: no such limit. */
  readonly critical: number | null;
};

const SECOND = 1000;
const DEFAULT_FOR_MS = 10 * SECOND;
const DEFAULT_MARGIN = 0.02;
const DAY_MS = 24 * 3600 * SECOND;

const KNOWN = new KnownOptions("an alert rule", [
  "name",
  "figure",
  "beyond",
  "warning",
  "critical",
  "forMs",
  "margin",
  "actions",
  "source",
]);

/**
 * M-010's table and the distributed memory's two rules, with their windows. Not here: M-010's throughput below 800 K, since
 * what a store is asked is its load and not what it can do, and every idle store would alarm; `THROUGHPUT_RULE` is for those who want it.
 */
export const DOCUMENTED_RULES: readonly AlertRule[] = [
  documented("read-latency", "getP95", READ_P95, 10),
  documented("write-latency", "setP95", WRITE_P95, 10),
  { ...documented("memory", "utilisation", MEMORY_UTILISATION, 60), actions: ["evict"] },
  documented("hit-rate", "hitRate", HIT_RATE, 300),
  {
    name: "hit-rate-collapse",
    figure: "hitRate",
    beyond: "below",
    critical: 50,
    forMs: 300 * SECOND,
    source: "D: cache hit rate 0.50 over 5 min",
  },
];

/**
 * Whether the store does as many operations a second as is documented: for programs that are meant to keep it busy, so not among the
 * documented rules.
 */
export const THROUGHPUT_RULE: AlertRule = documented("throughput", "operations", THROUGHPUT, 60);

function documented(name: string, figure: FigureName, target: Target, seconds: number): AlertRule {
  return {
    name,
    figure,
    beyond: target.comparison.startsWith("<") ? "above" : "below",
    warning: target.alert ?? undefined,
    critical: target.critical ?? undefined,
    forMs: seconds * SECOND,
    source: `${target.source}: ${target.documented}`,
  };
}

/** @throws InvalidArgumentError for a rule that says nothing, twice the same thing, or what nobody knows */
export function checkRules(rules: unknown): CheckedRule[] {
  if (!Array.isArray(rules)) throw new InvalidArgumentError(`alerts is ${describe(rules)}; expected an array of rules`);
  const names = new Set<string>();
  return rules.map((rule) => {
    const checked = checkRule(rule);
    if (names.has(checked.name)) throw new InvalidArgumentError(`two alert rules are named ${describe(checked.name)}`);
    names.add(checked.name);
    return checked;
  });
}

function checkRule(rule: AlertRule): CheckedRule {
  KNOWN.check(rule);
  const { name } = rule;
  if (typeof name !== "string" || !/^[a-z\d]+(?:-[a-z\d]+)*$/i.test(name)) {
    throw new InvalidArgumentError(`an alert rule's name is ${describe(name)}; expected letters, digits and hyphens`);
  }
  const of = (field: string) => `${field} of the alert rule "${name}"`;
  const figure = choice(of("figure"), rule.figure, FIGURE_NAMES, undefined);
  if (figure === undefined)
    throw new InvalidArgumentError(`${of("figure")} is missing; expected one of ${FIGURE_NAMES.join(", ")}`);
  const beyond = choice(of("beyond"), rule.beyond, ["above", "below"], undefined);
  if (beyond === undefined) throw new InvalidArgumentError(`${of("beyond")} is missing; expected above or below`);
  const warning = limit(of("warning"), rule.warning);
  const critical = limit(of("critical"), rule.critical);
  if (warning === null && critical === null) {
    throw new InvalidArgumentError(
      `the alert rule "${name}" has no limit; expected warning, critical or both, in ${FIGURES[figure].unit || "figures"}`,
    );
  }
  if (warning !== null && critical !== null && (beyond === "above" ? critical < warning : critical > warning)) {
    throw new InvalidArgumentError(
      `${of("critical")} is ${critical}; expected a limit ${beyond} the warning's, ${warning}`,
    );
  }
  return {
    name,
    figure,
    beyond,
    warning,
    critical,
    forMs: within(of("forMs"), rule.forMs, DEFAULT_FOR_MS, DAY_MS),
    margin: within(of("margin"), rule.margin, DEFAULT_MARGIN, 1),
    actions: checkActions(of("actions"), rule.actions),
    source: rule.source ?? "",
  };
}

function limit(of: string, value: unknown): number | null {
  if (value === undefined) return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`${of} is ${describe(value)}; expected a number`);
}

function within(of: string, value: unknown, standard: number, max: number): number {
  if (value === undefined) return standard;
  if (typeof value === "number" && value >= 0 && value <= max) return value;
  throw new InvalidArgumentError(`${of} is ${describe(value)}; expected a number from 0 to ${max}`);
}

function checkActions(of: string, actions: unknown): readonly AlertAction[] {
  if (actions === undefined) return [];
  if (!Array.isArray(actions))
    throw new InvalidArgumentError(`${of} is ${describe(actions)}; expected an array of log, evict`);
  return actions.map((action) => choice(of, action, ["log", "evict"] as const, "log"));
}
