/**
 * What measures each target, or why nothing here can: an open row of a report is told from this table, so that its reader knows what to
 * run, or what is not there to be measured.
 */
import type { Target } from "../../src/metrics/target.js";

/** A command that measures it, or the reason that none does. */
export type MeasuredBy = { readonly command: string } | { readonly reason: string };

const run = (scenarios: string): MeasuredBy => ({ command: `engram run ${scenarios}` });
const BENCH: MeasuredBy = { command: "npm run bench" };
const BACKUP_SPEED: MeasuredBy = { command: "npm run backup:speed" };
const NO_CLUSTER: MeasuredBy = {
  reason: "there is no cluster: the store is the memory of one process, and every read of it is the strongest kind",
};

const MEASURED_BY: Readonly<Record<string, MeasuredBy>> = {
  "m010-read-p95": run("blackboard"),
  "m010-write-p95": run("blackboard"),
  "m010-throughput": run("blackboard"),
  "m010-memory-utilisation": run("churn"),
  "m010-hit-rate": run("tool-cache"),
  "m010-percentiles-kept": run("blackboard"),
  "m010-monitoring-overhead": BENCH,
  "m010-regression-threshold": BENCH,
  "m002-cas-attempts": {
    reason:
      "the engine has no such bound: a write tries again until it succeeds, with growing pauses from the fifth attempt on, and counts what it retried (writeRetries in store.stats())",
  },
  "m002-scaling": run("counters --workers 1,2"),
  "m003-cache-misses": {
    reason:
      "a Node.js program cannot read the processor's cache-miss counters; npm run bench, group padding, measures the time that unpadded counters cost instead",
  },
  "m003-memory-overhead": BENCH,
  "m004-hash-4b": BENCH,
  "m004-hash-16b": BENCH,
  "m004-hash-64b": BENCH,
  "m004-hash-256b": BENCH,
  "m004-hash-typical": BENCH,
  "m004-chi-squared": BENCH,
  "m004-avalanche": BENCH,
  "m004-collisions": BENCH,
  "m004-pattern-variance": BENCH,
  "m005-incremental-backup": BACKUP_SPEED,
  "m005-full-backup": BACKUP_SPEED,
  "m005-io-overhead": run("backup-under-load"),
  "m005-latency-during-backups": run("backup-under-load"),
  "m005-recovery": BACKUP_SPEED,
  "m005-storage-efficiency": BACKUP_SPEED,
  "m009-incremental-saving": BACKUP_SPEED,
  "m009-incremental-interval": BENCH,
  "m009-full-interval": BENCH,
  "m009-emergency-triggers": BENCH,
  "m009-dirty-threshold": BENCH,
  "m006-allocate": BENCH,
  "m006-free": BENCH,
  "m006-classes": run("blackboard"),
  "m006-smallest-class": run("blackboard"),
  "m006-largest-class": run("blackboard"),
  "m006-refill": BENCH,
  "m006-pool-share": BENCH,
  "m007-adaptive-gain": { command: "engram evict TRACE --policy lru,adaptive" },
  "m008-lookup": BENCH,
  "m008-namespace-bytes": BENCH,
  "m008-namespaces": BENCH,
  "r011-q-lookup": run("swarm-593"),
  "r011-state-encoding": BENCH,
  "r011-agent-memory": run("swarm-593"),
  "r011-agents": run("swarm-593"),
  "r011-pool-256b": BENCH,
  "r011-pool-1k": BENCH,
  "r011-pool-4k": BENCH,
  "r011-linear-memory": BENCH,
  "p-pool-acquire": BENCH,
  "p-pool-throughput": BENCH,
  "p-pool-bytes": BENCH,
  "p-pool-users": BENCH,
  "p-cleanup": BENCH,
  "p-tracking": BENCH,
  "p-tracking-bytes": BENCH,
  "p-cleanup-success": BENCH,
  "p-clone": {
    reason:
      "JavaScript counts no references: sharing one is an assignment of the engine's own, with nothing of ours in it",
  },
  "p-cow-read": BENCH,
  "p-rwlock-read": BENCH,
  "p-rwlock-write": BENCH,
  "p-concurrent-map": BENCH,
  "p-cache-hit": BENCH,
  "p-cache-miss": BENCH,
  "p-memory-efficiency": BENCH,
  "p-map-file": BENCH,
  "d-tier-process": run("blackboard"),
  "d-tier-node": run("blackboard"),
  "d-tier-cluster": NO_CLUSTER,
  "d-tier-external": run("blackboard --redis URL"),
  "d-local-get": run("blackboard"),
  "d-local-put": run("blackboard"),
  "d-local-delete": run("session"),
  "d-strong-latency": NO_CLUSTER,
  "d-strong-consistent": { command: "engram check HISTORY" },
  "d-bounded-latency": NO_CLUSTER,
  "d-bounded-consistent": NO_CLUSTER,
  "d-eventual-latency": NO_CLUSTER,
  "d-entry-overhead": BENCH,
  "d-pressure-medium": BENCH,
  "d-pressure-high": BENCH,
  "d-pressure-critical": BENCH,
  "s-ring-record": BENCH,
  "s-ring-speedup": BENCH,
  "s-jsonl": BENCH,
  "s-clients-served": run("swarm-593"),
  "s-mean-latency": run("swarm-593"),
  "s-requests": run("swarm-593"),
  "s-partition-deviation": BENCH,
  "s-partition-spread": BENCH,
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
