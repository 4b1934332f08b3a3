/** What can go wrong in the distributed memory, for those who call it. */
import { EngramError } from "../errors.js";

/** The copy here is older than the level allows, and no newer one could be had. */
export class StaleError extends EngramError {
  /** How old the copy is known to be at most; Infinity when it was never confirmed. */
  readonly staleMs: number;

  constructor(message: string, staleMs: number, options?: ErrorOptions) {
    super("STALE", message, options);
    this.staleMs = staleMs;
  }
}

/** A write was sent and not answered: it may stand, or come to stand. Asking again with the same `attempt` cannot write twice. */
export class UnknownOutcomeError extends EngramError {
  /** For `attempt` of the same write: asks what became of it. */
  readonly attempt: string;

  constructor(message: string, attempt: string, options?: ErrorOptions) {
    super("UNKNOWN_OUTCOME", message, options);
    this.attempt = attempt;
  }
}

/** No majority, no server, no connection: nothing was written. */
export class UnavailableError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("UNAVAILABLE", message, options);
  }
}

/** The engine's server is older than what the promises need. */
export class EngineTooOldError extends EngramError {
  /** Of the servers. */
  readonly version: string;
  /** The oldest that would do. */
  readonly needed: string;

  constructor(message: string, version: string, needed: string) {
    super("ENGINE_TOO_OLD", message);
    this.version = version;
    this.needed = needed;
  }
}

/** A synchronous invalidation was not acknowledged by every live member in time; those that are missing are named. */
export class MissingAcksError extends EngramError {
  /** Nodes that have not acknowledged. */
  readonly missing: readonly string[];

  constructor(message: string, missing: readonly string[]) {
    super("MISSING_ACKS", message);
    this.missing = missing;
  }
}

/** A limit of the node, the domain or the cluster is reached: a new key is refused, what stands can be changed. */
export class ClusterLimitError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("CLUSTER_LIMIT", message, options);
  }
}

/** Two nodes of one name, or a node that still counts as alive, met at join. */
export class NodeNameTakenError extends EngramError {
  constructor(message: string, options?: ErrorOptions) {
    super("NODE_NAME_TAKEN", message, options);
  }
}

/** This machine's wall clock is too far off those of the nodes that are there. */
export class ClockSkewError extends EngramError {
  /** By how much it is ahead of theirs, ms; below 0: behind. */
  readonly aheadMs: number;

  constructor(message: string, aheadMs: number) {
    super("CLOCK_SKEW", message);
    this.aheadMs = aheadMs;
  }
}
