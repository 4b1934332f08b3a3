/** What a node tells of itself as it happens. */
import type { DomainAdvice } from "./evaluation.js";
import type { MemberEvent } from "./membership.js";
import type { PressureEvent } from "./pressure.js";
import type { RecoveryProgress } from "./recovery.js";

/** What `on` can be told of. */
export interface MemoryEvents {
  /** Two writes did not know of each other. */
  conflict: ConflictReport;
  /** A node came or went. */
  member: MemberEvent;
  /** A limit is nearer than before, or farther. */
  pressure: PressureEvent;
  /** How far a recovery is. */
  recovery: RecoveryProgress;
  /** The re-evaluation would have a domain elsewhere than until now. Nothing is moved. */
  advice: DomainAdvice;
  /** A domain's log was lost and made anew: so many versions go into it from this node's copy. */
  "log-renewed": {
    /** Whose log it was. */
    readonly domain: string;
    /** How many go into it. */
    readonly versions: number;
  };
  /** One that was to be taken by itself. */
  "checkpoint-failed": Error;
  /** The name was taken by another node while this one gave no sign: close it. */
  "name-lost": Error;
}

/** Two writes of a key that did not know of each other. */
export interface ConflictReport {
  /** Its domain. */
  readonly domain: string;
  /** The key. */
  readonly key: string;
  /** The node that wrote what was here. */
  readonly mine: string;
  /** The node that wrote what came. */
  readonly other: string;
  /** The node that wrote the one that stays. */
  readonly kept: string;
}
