/** Agents that do different things: what each kind of them reached, by itself. */
import { table } from "../chrome.js";
import { count, latencyFigure, rate } from "../format.js";
import type { Line } from "../groups.js";
import { type Hole, type Html, html } from "../html.js";

/** A row for each role and operation of each line; null where the agents of all lines do the same. */
export function rolesTable(scenario: string, lines: readonly Line[], lineTitle: string): Html | null {
  const several = lines.length > 1;
  const phased = lines.some(({ run }) => run.roles?.some(({ phase }) => phase !== undefined));
  const rows = lines.flatMap(({ label, run }) =>
    (run.roles ?? []).flatMap(({ name, phase, opsPerSecond, latency }) => {
      const head: Hole[] = [name, ...(phased ? [phase ?? "–"] : []), ...(several ? [label] : [])];
      const operations = Object.entries(latency);
      if (operations.length === 0) return [[...head, rate(opsPerSecond), "–", "–", "–", "–", "–", "–"]];
      return operations.map(([operation, one], index) => [
        ...head,
        index === 0 ? rate(opsPerSecond) : "",
        operation,
        ...[one.p50, one.p99, one.p999, one.max].map((ns) => latencyFigure(one, ns)),
        count(one.count),
      ]);
    }),
  );
  if (rows.length === 0) return null;
  const line = several ? [{ title: lineTitle, text: true }] : [];
  return html`<p class="small muted">By role: its operations a second${phased ? " over the phase's time" : null}, and its own latencies.</p>${table(
    [
      { title: "Role", text: true, wrap: true },
      ...(phased ? [{ title: "Phase", text: true, wrap: true }] : []),
      ...line,
      { title: "Throughput" },
      { title: "Operation", text: true },
      ...["P50", "P99", "P99.9", "max", "Samples"].map((title) => ({ title })),
    ],
    rows,
    { label: `By role in ${scenario}`, stacks: true },
  )}`;
}
