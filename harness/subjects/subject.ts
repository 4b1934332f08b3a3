/** What our own subjects have beyond what everybody's do: their stores can be backed up, watched and looked at while they are measured. */
import type {
  SharedPart as AnySharedPart,
  Subject as AnySubject,
  SubjectAgent,
  SubjectPlan,
} from "../../src/lab/index.js";
import type { Monitor } from "../../src/monitor/index.js";
import {
  SCENARIO_ONLY_OPERATIONS,
  type ScenarioOnlyOperation,
  type StreamOperation,
} from "../../workloads/operations.js";

export {
  type AgentContext,
  type Mailboxes,
  MESSAGES_STARTED,
  type MemoryUse,
  type SubjectAgent,
  type SubjectNamespace,
  type SubjectPlan,
} from "../../src/lab/index.js";

export interface SharedPart extends AnySharedPart {
  /** Makes ready for backups, for a subject that takes any: what a first one does besides is done here. */
  backups?(): Promise<RunningBackups>;
  /** Looks at the store each so many ms, for a subject that can be watched while it runs. It is to be closed before the store is. */
  monitor?(everyMs: number): Promise<Monitor>;
  /** What has changed since the last call and may explain a dent in a series; called some twenty times a second. */
  observe?(): Observation[];
}

export interface Observation {
  readonly kind: "pressure" | "policy";
  readonly label: string;
  /** Unix time, ms, where it is known better than that it was since the last look. */
  readonly at?: number;
}

export interface RunningBackups {
  /**
   * Takes one now and one every so often until the answer is called, which waits for the one under way. `onBackup` is told when
   * each began (`performance.now()`) and what it did.
   */
  run(everyMs: number, onBackup: (startedAt: number, label: string) => void): () => Promise<void>;
}

export interface Subject extends AnySubject {
  /** Whether the swarm of a scenario, which learns in memory that its agents share, is measured beside it. Default: not. */
  readonly learns?: boolean;
  open(plan: SubjectPlan): Promise<SharedPart>;
}

/** An agent that has every operation: what a stream is driven against once those the subject cannot do are left out. */
export type CapableAgent = Required<Pick<SubjectAgent, "borrow" | "scan" | "send" | "receive" | "handOff" | "watch">> &
  SubjectAgent;

export function canDo(
  subject: Pick<Subject, "cannot"> & Partial<Pick<Subject, "also">>,
  operation: StreamOperation,
): boolean {
  if (operation === "append") return !subject.cannot.includes("set");
  if (isScenarioOnly(operation)) return subject.also?.includes(operation) ?? false;
  return !subject.cannot.includes(operation);
}

function isScenarioOnly(operation: StreamOperation): operation is ScenarioOnlyOperation {
  return (SCENARIO_ONLY_OPERATIONS as readonly string[]).includes(operation);
}
