/**
 * What adaptive decided, for every thread to see: a ring of the latest changes in the store's header, written by the evictor alone.
 * Entries are written before the count that includes them; a reader leaves out those that may have been overwritten meanwhile.
 */
import { DECISION_WORDS, decisionRing, EvictorWords, layout } from "../../core/index.js";
import { type Adaptive, type AdaptiveDecision, type CandidateName, candidates } from "../../eviction/index.js";
import type { WorkerConnection } from "../worker.js";

/** A change of the policy that an adaptive store follows. */
export interface EvictionDecision {
  /** Unix time, ms, when the evictor told of it: within a round of the change. */
  at: number;
  /** Requests the policy had seen since it was started. */
  request: number;
  /** The policy that was followed before. */
  from: CandidateName;
  /** The one that is followed since. */
  to: CandidateName;
  /** "better": at least so much hit ratio was to be gained. "rolled back": the change before fell short of its forecast by so much. */
  reason: AdaptiveDecision["reason"];
  /** Of the hit ratio, 0 to 1: what was forecast, or what it fell short by. */
  gain: number;
}

/** What an adaptive store has decided. */
export interface AdaptiveStats {
  /** The policy followed at present. */
  following: CandidateName;
  /** Changes since the store was created. */
  changes: number;
  /** The latest 32 of them, oldest first. */
  decisions: EvictionDecision[];
}

const REASONS: readonly AdaptiveDecision["reason"][] = ["better", "rolled back"];

/** The writing end: tells what a policy has decided since it last told. */
export class DecisionLog {
  private readonly figures: EvictorWords;
  private readonly ring: Float64Array;
  private policy: Adaptive | null = null;
  /** Changes of that policy that have been told. */
  private seen = 0;

  constructor(private readonly worker: WorkerConnection) {
    this.figures = new EvictorWords(worker.header.buffer);
    this.ring = decisionRing(worker.header.buffer);
  }

  append(policy: Adaptive): void {
    if (policy !== this.policy) {
      this.policy = policy;
      this.seen = 0;
    }
    const kept = policy.decisions;
    const first = policy.changes - kept.length;
    for (let change = Math.max(this.seen, first); change < policy.changes; change++) this.write(kept[change - first]);
    this.seen = policy.changes;
    this.figures.following = candidates.indexOf(policy.incumbent) + 1;
  }

  private write({ request, from, to, gain, reason }: AdaptiveDecision): void {
    const count = this.figures.decisions;
    const at = (count % layout.DECISIONS_KEPT) * DECISION_WORDS;
    this.ring[at] = this.worker.elapsed();
    this.ring[at + 1] = request;
    this.ring[at + 2] = gain;
    this.ring[at + 3] = candidates.indexOf(from) + 256 * (candidates.indexOf(to) + 256 * REASONS.indexOf(reason));
    this.figures.decisions = count + 1;
  }
}

/** What the evictor has told; null when it has not yet run an adaptive policy. */
export function readDecisions(worker: WorkerConnection): AdaptiveStats | null {
  const figures = new EvictorWords(worker.header.buffer);
  const ring = decisionRing(worker.header.buffer);
  const following = candidates[figures.following - 1];
  if (following === undefined) return null;
  const changes = figures.decisions;
  const first = Math.max(0, changes - layout.DECISIONS_KEPT);
  const decisions: EvictionDecision[] = [];
  for (let change = first; change < changes; change++) {
    const at = (change % layout.DECISIONS_KEPT) * DECISION_WORDS;
    const code = ring[at + 3];
    decisions.push({
      at: worker.createdMs + ring[at],
      request: ring[at + 1],
      from: candidates[code & 255],
      to: candidates[(code >> 8) & 255],
      reason: REASONS[code >> 16],
      gain: ring[at + 2],
    });
  }
  const overwritten = figures.decisions - layout.DECISIONS_KEPT - first;
  return { following, changes, decisions: overwritten > 0 ? decisions.slice(overwritten) : decisions };
}
