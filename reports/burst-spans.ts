/** When bursts were asked for in a run, so that what becomes of them can be seen in its figures. */
import type { Results, Run } from "./results.js";

type Scenarios = NonNullable<Results["scenarios"]>;
type Bursts = NonNullable<Scenarios[number]["phases"][number]["bursts"]>;

/** Seconds since the start of the measured part. */
export interface BurstSpan {
  readonly from: number;
  readonly to: number;
}

/** More of them would be a grey field. */
const MOST_SPANS = 100;

/** The bursts of a run, in order; none where its scenario has none, is not told, or has too many to be seen. */
export function burstSpans(run: Run, scenarios: Scenarios): BurstSpan[] {
  const phases = scenarios.find(({ name }) => name === run.scenario)?.phases ?? [];
  const spans = stretchesOf(run).flatMap(({ name, from, to, ops }) => {
    const bursts = phases.find((phase) => phase.name === name || (name === null && phases.length === 1))?.bursts;
    return bursts === undefined ? [] : spansIn(bursts, from, Math.min(to, from + askedFor(bursts, ops)));
  });
  return spans.length > MOST_SPANS ? [] : spans;
}

/** A run as a whole, or from one phase to the next: a phase that comes again is several stretches. */
function stretchesOf(run: Run): { name: string | null; from: number; to: number; ops: number }[] {
  const { events = [], seconds, ops, phases } = run;
  if (phases === undefined) return [{ name: null, from: 0, to: seconds, ops }];
  const starts = events.filter(({ kind, label }) => kind === "phase" && label !== undefined);
  return starts.map(({ t, label }, i) => ({
    ...{ name: label as string, from: t, to: starts[i + 1]?.t ?? seconds },
    ops: Number.POSITIVE_INFINITY,
  }));
}

/** Seconds until the last operation was asked for: a store that lags goes on without bursts afterwards. */
function askedFor({ base, burst, everyMs, forMs }: Bursts, ops: number): number {
  if (!Number.isFinite(ops)) return ops;
  const calm = (everyMs - forMs) / 1000;
  const period = base * calm + (burst * forMs) / 1000;
  const periods = Math.floor(ops / period);
  const rest = ops - periods * period;
  const within = rest <= base * calm ? rest / base : calm + (rest - base * calm) / burst;
  return (periods * everyMs) / 1000 + within;
}

/** A burst is the last part of each period. */
function spansIn({ everyMs, forMs }: Bursts, from: number, to: number): BurstSpan[] {
  const spans: BurstSpan[] = [];
  for (let period = 1; spans.length <= MOST_SPANS; period++) {
    const end = from + (period * everyMs) / 1000;
    const start = end - forMs / 1000;
    if (start >= to) break;
    spans.push({ from: start, to: Math.min(end, to) });
  }
  return spans;
}
