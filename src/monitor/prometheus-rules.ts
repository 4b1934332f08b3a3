/** Alert rules for Prometheus, of the same rules that a monitor judges by: `engram monitor rules` prints them. */
import { type AlertRule, type CheckedRule, checkRules, DOCUMENTED_RULES } from "./alert-rules.js";
import { FIGURES } from "./figures.js";
import { promqlBeyond } from "./promql.js";

/** An alerting rule, as Prometheus' rule files have them. */
export interface PrometheusRule {
  /** Its name. */
  readonly alert: string;
  /** PromQL: a breach for as long as it gives anything. */
  readonly expr: string;
  /** How long a breach must last, such as "10s". */
  readonly for: string;
  /** `severity` among them. */
  readonly labels: Readonly<Record<string, string>>;
  /** A summary, and where the limit comes from. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What rates are taken over, where the rule's own duration is no longer. */
const WINDOW = "1m";

/**
 * A rule file as data, to be written as YAML.
 *
 * @throws InvalidArgumentError for rules that are none
 */
export function prometheusRules(rules: readonly AlertRule[] = DOCUMENTED_RULES): {
  groups: { name: string; rules: PrometheusRule[] }[];
} {
  return { groups: [{ name: "engram", rules: checkRules(rules).flatMap(rulesOf) }] };
}

function rulesOf(rule: CheckedRule): PrometheusRule[] {
  const of = (severity: "warning" | "critical", limit: number): PrometheusRule => ({
    alert: `Engram${pascal(rule.name)}`,
    expr: promqlBeyond(rule, limit, { window: WINDOW, selector: "" }),
    for: `${Math.round(rule.forMs / 1000)}s`,
    labels: { severity },
    annotations: {
      summary: `${FIGURES[rule.figure].label} ${rule.beyond} ${limit} ${FIGURES[rule.figure].unit}`.trimEnd(),
      ...(rule.source === "" ? {} : { documented: rule.source }),
    },
  });
  const { warning, critical } = rule;
  return [
    ...(warning === null ? [] : [of("warning", warning)]),
    ...(critical === null ? [] : [of("critical", critical)]),
  ];
}

/** hit-rate -> HitRate. */
function pascal(name: string): string {
  return name
    .split("-")
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join("");
}
