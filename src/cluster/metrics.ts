/**
 * A node's figures as metrics: the fourth source's names (`erlmcp.memory.used` and so on) for meters, the same figures as families for Prometheus, and
 * a table for the live page. One list of what there is, so that no two of them disagree.
 */
import type { ReportFamily, StoreReport } from "../store/index.js";
import { formatBytes } from "../units.js";
import type { ClusterStatus, DomainStatus } from "./status.js";

/** One metric of a node, under its name in the source. */
export interface Metric {
  /** As `erlmcp.memory.used`. */
  readonly name: string;
  /** In a sentence. */
  readonly description: string;
  /** Of its points. */
  readonly unit: ReportFamily["unit"];
  /** Whether it only grows. */
  readonly type: ReportFamily["type"];
  /** Its numbers, with what tells them apart. */
  readonly points: ReportFamily["points"];
}

/** The metrics of a status. */
export function metricsOf(status: ClusterStatus): Metric[] {
  const { node } = status;
  const domains = Object.entries(status.domains);
  const each = (value: (domain: DomainStatus) => number | null, of = domains) =>
    of.flatMap(([domain, its]) => {
      const figure = value(its);
      return figure === null ? [] : [{ labels: { node, domain }, value: figure }];
    });
  const replicated = domains.filter(([, { backend }]) => backend === "cluster");
  const synced = (value: (domain: DomainStatus) => number | null) => each(value, replicated);
  const members = [{ labels: { node }, value: status.memory.nodes }];
  const bytes = (name: string, help: string, points: Points) => gauge(name, "bytes", help, points);
  const ratio = (name: string, help: string, points: Points) => gauge(name, "ratio", help, points);
  const plain = (name: string, help: string, points: Points) => gauge(name, "", help, points);
  // biome-ignore format: one line a metric
  return [
    bytes("memory.used", "Bytes that this node keeps.", each((of) => of.bytes)),
    bytes("memory.limit", "Bytes that it may keep.", each((of) => of.limitBytes)),
    ratio("memory.usage_ratio", "Bytes kept over bytes that may be.", each(ratioOf)),
    counter("cache.hits", "", "Reads that found a value.", each((of) => of.hits)),
    counter("cache.misses", "", "Reads that found none.", each((of) => of.misses)),
    ratio("cache.hit_rate", "Hits over reads.", each(hitRate)),
    counter("cache.evictions", "", "Entries given up for others.", each((of) => of.evictions)),
    counter("sync.duration", "seconds", "Time taken by fetching what was missed.", synced((of) => of.repairMs / 1000)),
    counter("sync.bytes", "bytes", "Bytes of versions that came in by the log.", synced((of) => of.syncBytes)),
    counter("sync.errors", "", "Repairs that failed, and versions that were none.", synced((of) => of.corrupt + of.failedRepairs)),
    plain("sync.lag_ms", "Age of the copy at most, ms.", synced((of) => of.staleMs)),
    counter("sync.completed", "", "Barriers that came back.", synced((of) => of.completed)),
    counter("sync.repairs", "", "Times that something was fetched from the log.", synced((of) => of.repairs)),
    counter("conflicts", "", "Conflicting writes of this node.", synced((of) => of.conflicts)),
    plain("outbox.entries", "Writes that are not in the log yet.", synced((of) => of.outbox)),
    plain("outbox.oldest_ms", "Age of the oldest of them, ms.", synced((of) => of.oldestUnsentMs)),
    plain("members", "Nodes that are alive, this one among them.", members),
  ];
}

/** For `/metrics` and the live page of the monitor. */
export function reportOf(status: ClusterStatus): StoreReport {
  const families = metricsOf(status).map(({ name, description, unit, type, points }) => {
    const flat = name.replaceAll(".", "_");
    // the unit is put behind it by whoever writes it
    const bare = unit !== "" && flat.endsWith(`_${unit}`) ? flat.slice(0, -unit.length - 1) : flat;
    return { name: bare, help: description, unit, type, points };
  });
  return { title: titleOf(status), table: [HEAD, ...Object.entries(status.domains).map(rowOf)], families };
}

const HEAD = [
  "domain",
  "backend",
  "entries",
  "kept",
  "pressure",
  "log",
  "lag",
  "unsent",
  "conflicts",
  "repairs",
  "state",
];

function rowOf([name, domain]: [string, DomainStatus]): string[] {
  const { backend, entries, bytes, limitBytes, pressure, applied, staleMs, outbox, conflicts, repairs, fault } = domain;
  const kept = `${formatBytes(bytes)} of ${formatBytes(limitBytes)}`;
  const first = [name, backend, String(entries), kept, pressure];
  if (backend !== "cluster") return [...first, "", "", "", "", "", "this node's alone"];
  const lag = staleMs === null ? "unknown" : `${staleMs} ms`;
  const unsent = outbox === 0 ? "0" : `${outbox}, ${domain.oldestUnsentMs} ms`;
  const state = fault === null ? "in step" : fault;
  return [...first, String(applied), lag, unsent, String(conflicts), String(repairs), state];
}

function titleOf({ node, engine, members }: ClusterStatus): string {
  const alive = members.filter(({ isAlive }) => isAlive).map((member) => member.node);
  const silent = members.filter(({ isAlive, hasLeft }) => !isAlive && !hasLeft).map((member) => member.node);
  const others = alive.length === 0 ? "alone" : `with ${alive.join(", ")}`;
  return `Cluster: ${node} ${others}${silent.length === 0 ? "" : `; silent: ${silent.join(", ")}`} (${engine})`;
}

function ratioOf({ bytes, limitBytes }: DomainStatus): number {
  return limitBytes === 0 ? 0 : bytes / limitBytes;
}

/** null before the first read. */
function hitRate({ hits, misses }: DomainStatus): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}

type Points = Metric["points"];

function gauge(name: string, unit: Metric["unit"], description: string, points: Points): Metric {
  return { name: `erlmcp.${name}`, description, unit, type: "gauge", points };
}

function counter(name: string, unit: Metric["unit"], description: string, points: Points): Metric {
  return { name: `erlmcp.${name}`, description, unit, type: "counter", points };
}

/** What is used of `@opentelemetry/api`'s Meter. */
export interface Meter {
  /** As OpenTelemetry has it. */
  createObservableCounter(name: string, options: { description?: string; unit?: string }): object;
  /** As OpenTelemetry has it. */
  createObservableGauge(name: string, options: { description?: string; unit?: string }): object;
  /** As OpenTelemetry has it. */
  addBatchObservableCallback(callback: (result: Observer) => void, observables: object[]): void;
  /** As OpenTelemetry has it. */
  removeBatchObservableCallback(callback: (result: Observer) => void, observables: object[]): void;
}

/** What is used of `@opentelemetry/api`'s BatchObservableResult. */
export interface Observer {
  /** As OpenTelemetry has it. */
  // biome-ignore lint/suspicious/noExplicitAny: the API's own type of instruments, which this package does not import
  observe(instrument: any, value: number, attributes?: Readonly<Record<string, string>>): void;
}

const UNITS = { "": "", bytes: "By", seconds: "s", ratio: "1" } as const;

/** Observes a node on a meter from now on, until the function returned is called. */
export function observeCluster(status: () => ClusterStatus, meter: Meter): () => void {
  const instruments = new Map(
    metricsOf(status()).map(({ name, description, unit, type }) => [
      name,
      type === "counter"
        ? meter.createObservableCounter(name, { description, unit: UNITS[unit] })
        : meter.createObservableGauge(name, { description, unit: UNITS[unit] }),
    ]),
  );
  const all = [...instruments.values()];
  const callback = (result: Observer) => {
    for (const { name, points } of metricsOf(status())) {
      for (const { labels, value } of points) result.observe(instruments.get(name), value, labels);
    }
  };
  meter.addBatchObservableCallback(callback, all);
  return () => meter.removeBatchObservableCallback(callback, all);
}
