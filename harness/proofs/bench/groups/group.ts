import type { GroupOutcome } from "../judge.js";
import type { BenchSettings } from "../settings.js";
import type { OnRound } from "../turns.js";

export interface GroupContext {
  readonly settings: BenchSettings;
  /** An empty folder; removed afterwards, whatever happens. */
  readonly directory: string;
  /** Told after every round. */
  readonly onRound: OnRound;
}

/** Rows that are measured together, in a process of their own. */
export interface Group {
  readonly title: string;
  measure(context: GroupContext): Promise<GroupOutcome>;
}
