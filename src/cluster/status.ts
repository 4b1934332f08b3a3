/** What a node of the distributed memory can tell of itself at one moment: for status(), the control port, metrics and the live page. */
import type { CheckpointInfo } from "./checkpoints.js";
import type { ClusterMemory } from "./cluster-memory.js";
import type { Consistency } from "./consistency.js";
import type { DomainState } from "./domain-state.js";
import type { ExternalCounts } from "./external.js";
import type { Pressure } from "./limits.js";
import type { Member } from "./membership.js";
import type { RecoveryStatus } from "./recovery.js";
import type { Backend } from "./select-backend.js";

/** How a domain fares on this node. Counts are since it joined. */
export interface DomainStatus {
  /** Where its data is. */
  readonly backend: Backend;
  /** Where the re-evaluation would have it; null before the first, or when there is none. */
  readonly advised: Backend | null;
  /** Of calls that do not say. */
  readonly consistency: Consistency;
  /** As "nats 2.10.27, 3 copies". */
  readonly engine: string;
  /** Entries that this node keeps of it. */
  readonly entries: number;
  /** Bytes of them. */
  readonly bytes: number;
  /** Bytes that it may keep. */
  readonly limitBytes: number;
  /** How much of that is used. */
  readonly pressure: Pressure;
  /** Reads that found something. */
  readonly hits: number;
  /** Reads that found nothing. */
  readonly misses: number;
  /** Of the hits, those that only the tier outside had. */
  readonly externalHits: number;
  /** Writes of this node. */
  readonly writes: number;
  /** Entries given up for others. */
  readonly evictions: number;
  /** Number of the log up to which the copy is whole, */
  readonly applied: number;
  /** and at most so old, ms; null while that was never confirmed. */
  readonly staleMs: number | null;
  /** Barriers that came back, each a proof that the copy is whole. */
  readonly completed: number;
  /** Times that something was fetched from the log. */
  readonly repairs: number;
  /** How often that failed. */
  readonly failedRepairs: number;
  /** How long it took together, ms. */
  readonly repairMs: number;
  /** Bytes of versions that came in by the log. */
  readonly syncBytes: number;
  /** Writes that wait to be sent to the log. */
  readonly outbox: number;
  /** How long the oldest of them has waited, ms. */
  readonly oldestUnsentMs: number;
  /** Conflicting writes of this node's. */
  readonly conflicts: number;
  /** Of those, the ones that lost. */
  readonly dropped: number;
  /** Versions and messages that were none. */
  readonly corrupt: number;
  /** Versions that found no room in the store: workers ask for them. */
  readonly missing: number;
  /** Stamps of other nodes that were too far ahead to be followed. */
  readonly clockRefused: number;
  /** Why the copy stands still; null while it does not. */
  readonly fault: string | null;
}

/** How a node fares. */
export interface ClusterStatus {
  /** Its name. */
  readonly node: string;
  /** Of the replicated domains, as "nats 2.10.27, 3 copies". */
  readonly engine: string;
  /** Other nodes that it knows of, those that have gone among them. */
  readonly members: readonly Member[];
  /** What the nodes keep. */
  readonly memory: ClusterMemory;
  /** The highest of its limits'. */
  readonly pressure: Pressure;
  /** By name. */
  readonly domains: Readonly<Record<string, DomainStatus>>;
  /** The tier outside; null without one. */
  readonly external: ExternalCounts | null;
  /** How the latest recovery stands. */
  readonly recovery: RecoveryStatus;
  /** Those that there are. */
  readonly checkpoints: readonly CheckpointInfo[];
}

export function engineOf({ engine: { facts } }: DomainState): string {
  const { name, version, replicas } = facts;
  return `${name} ${version}, ${replicas} ${replicas === 1 ? "copy" : "copies"}`;
}

/** @param limits what the node says of it */
export function domainStatus(
  state: DomainState,
  limits: { readonly limitBytes: number; readonly pressure: Pressure; readonly advised: Backend | null },
): DomainStatus {
  const { settings, replica, tier, counts } = state;
  const { backend, consistency } = settings;
  const { applied, conflicts, dropped, repairs, corrupt, fault } = replica;
  const { failed, ms, bytes: syncBytes } = replica.fetched;
  const staleMs = replica.staleMs();
  return {
    ...{ backend, consistency, engine: engineOf(state) },
    ...tier.usage(),
    ...counts,
    ...limits,
    ...{ applied, conflicts, dropped, repairs, corrupt, syncBytes },
    ...{ completed: replica.barriersPassed, failedRepairs: failed, repairMs: Math.round(ms) },
    staleMs: Number.isFinite(staleMs) ? Math.round(staleMs) : null,
    ...{ outbox: replica.outboxSize, oldestUnsentMs: Math.round(replica.oldestUnsentMs()) },
    ...{ missing: tier.missing, clockRefused: replica.hybrid.refused, fault: fault?.message ?? null },
  };
}
