/**
 * What measures each target, or why nothing here can: an open row of a report is told from this table, so that its reader knows what to
 * run, or what is not there to be measured.
 */
import type { Target } from "../../src/metrics/target.js";

/** A command that measures it, or the reason that none does. */
export type MeasuredBy = { readonly command: string } | { readonly reason: string };

const run = (scenarios: string): MeasuredBy => ({ command: `engram run ${scenarios}` });
/** @param group of the bench's, the one that answers it */
const bench = (group: string): MeasuredBy => ({ command: `npm run bench -- --only ${group}` });
const BACKUP_SPEED: MeasuredBy = { command: "npm run backup:speed" };

const MEASURED_BY: Readonly<Record<string, MeasuredBy>> = {
  "m010-read-p95": run("blackboard"),
  "m010-write-p95": run("blackboard"),
  "m010-throughput": run("blackboard"),
  "m010-memory-utilisation": run("churn"),
  "m010-hit-rate": run("tool-cache"),
  "m010-percentiles-kept": run("blackboard"),
  "m010-monitoring-overhead": bench("monitoring"),
  "m010-regression-threshold": bench("limits"),
  "m002-cas-attempts": {
    reason:
      "the engine has no such bound: a write tries again until it succeeds, with growing pauses from the fifth attempt on, and counts what it retried (writeRetries in store.stats())",
  },
  "m002-scaling": run("counters --workers 1,2"),
  "m003-cache-misses": {
    reason:
      "a Node.js program cannot read the processor's cache-miss counters; npm run bench, group padding, measures the time that unpadded counters cost instead",
  },
  "m003-memory-overhead": bench("padding"),
  "m004-hash-4b": bench("hash"),
  "m004-hash-16b": bench("hash"),
  "m004-hash-64b": bench("hash"),
  "m004-hash-256b": bench("hash"),
  "m004-hash-typical": bench("hash"),
  "m004-chi-squared": bench("hash-quality"),
  "m004-avalanche": bench("hash-quality"),
  "m004-collisions": bench("hash-quality"),
  "m004-pattern-variance": bench("hash"),
  "m005-incremental-backup": BACKUP_SPEED,
  "m005-full-backup": BACKUP_SPEED,
  "m005-io-overhead": run("backup-under-load"),
  "m005-latency-during-backups": run("backup-under-load"),
  "m005-recovery": BACKUP_SPEED,
  "m005-storage-efficiency": BACKUP_SPEED,
  "m009-incremental-saving": BACKUP_SPEED,
  "m009-incremental-interval": bench("limits"),
  "m009-full-interval": bench("limits"),
  "m009-emergency-triggers": bench("limits"),
  "m009-dirty-threshold": bench("limits"),
  "m006-allocate": bench("engine"),
  "m006-free": bench("engine"),
  "m006-classes": run("blackboard"),
  "m006-smallest-class": run("blackboard"),
  "m006-largest-class": run("blackboard"),
  "m006-refill": bench("limits"),
  "m006-pool-share": bench("limits"),
  "m007-adaptive-gain": { command: "engram evict TRACE --policy lru,adaptive" },
  "m008-lookup": bench("engine"),
  "m008-namespace-bytes": bench("limits"),
  "m008-namespaces": bench("limits"),
  "r011-q-lookup": run("swarm-593"),
  "r011-state-encoding": bench("agents"),
  "r011-agent-memory": run("swarm-593"),
  "r011-agents": run("swarm-593"),
  "r011-pool-256b": bench("agents"),
  "r011-pool-1k": bench("agents"),
  "r011-pool-4k": bench("agents"),
  "r011-linear-memory": bench("limits"),
  "p-pool-acquire": run("pool-1000-users"),
  "p-pool-throughput": run("pool-1000-users"),
  "p-pool-bytes": bench("pool"),
  "p-pool-users": run("pool-1000-users"),
  "p-cleanup": bench("buffers"),
  "p-tracking": bench("tracking"),
  "p-tracking-bytes": bench("tracking"),
  "p-cleanup-success": bench("buffers"),
  "p-clone": bench("shared-data"),
  "p-cow-read": bench("shared-data"),
  "p-rwlock-read": bench("locks"),
  "p-rwlock-write": bench("locks"),
  "p-concurrent-map": bench("cache"),
  "p-cache-hit": run("cache-aside-inprocess"),
  "p-cache-miss": run("cache-aside-inprocess"),
  "p-memory-efficiency": run("cache-aside-inprocess"),
  "p-map-file": bench("records"),
  "d-tier-process": run("blackboard"),
  "d-tier-node": run("blackboard"),
  "d-tier-cluster": run("cluster-strong"),
  "d-tier-external": run("blackboard --redis URL"),
  "d-local-get": run("blackboard"),
  "d-local-put": run("blackboard"),
  "d-local-delete": run("session"),
  "d-strong-latency": run("cluster-strong"),
  "d-strong-consistent": run("cluster-strong"),
  "d-bounded-latency": run("cluster-bounded"),
  "d-bounded-consistent": run("cluster-bounded"),
  "d-eventual-latency": run("cluster-eventual"),
  "d-entry-overhead": bench("cache"),
  "d-pressure-medium": bench("limits"),
  "d-pressure-high": bench("limits"),
  "d-pressure-critical": bench("limits"),
  "s-ring-record": bench("client-rings"),
  "s-ring-speedup": bench("client-rings"),
  "s-jsonl": bench("records"),
  "s-clients-served": run("ingest-100-clients"),
  "s-mean-latency": run("ingest-100-clients"),
  "s-requests": run("ingest-saturation"),
  "s-partition-deviation": bench("hash-quality"),
  "s-partition-spread": bench("hash-quality"),
};

/** @throws RangeError for an id that is in no table */
export function measuredBy(id: string): MeasuredBy {
  const found = Object.hasOwn(MEASURED_BY, id) ? MEASURED_BY[id] : undefined;
  if (found === undefined) throw new RangeError(`nothing says what measures target "${id}"`);
  return found;
}

/** Why there is no figure, for the reader of a row. `reason`: why this run has none. */
export function whyNotMeasured({ id, how }: Target, reason: string): string {
  const by = measuredBy(id);
  return "reason" in by ? by.reason : `${reason}; ${by.command} measures it (${how})`;
}

/** Commands, and which of these targets each measures, in the order of the targets; what nothing can measure is in none. */
export function commandsFor(ids: readonly string[]): { command: string; targets: string[] }[] {
  const byCommand = new Map<string, string[]>();
  for (const id of ids) {
    const by = measuredBy(id);
    if ("command" in by) byCommand.set(by.command, [...(byCommand.get(by.command) ?? []), id]);
  }
  return [...byCommand].map(([command, targets]) => ({ command, targets }));
}
