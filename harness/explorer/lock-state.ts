/** What a thread knows of its locks between its steps; locks.ts has the steps. */
import { layout as L } from "../../src/core/index.js";

/** Where a thread is in its locks. */
export class LockState {
  /** By lock: its entry and version as this thread knows them. */
  readonly entries: number[] = [];
  readonly versions: number[] = [];
  /** Locks of the operation under way, in the order in which they are taken, and how many of them it has. */
  wanted: readonly number[] = [];
  taken = 0;
  how = L.HOW_ALONE;
  /** Between the answer that it has a lock and the call that lets it go. */
  readonly inside = new Set<number>();
  /** What it read in its wake word. */
  seen = 0;
  asleep = false;
  /** It has waited long. */
  due = 0;
  /** Times that it may still wake by itself. */
  naps = 0;
  rescues = 0;
  /** Withdrawals in the whole run when its search for a deadlock began. */
  withdrawals = 0;
  /** permit: it has said that it waits. */
  waits = false;
  /** It gave up, and lets go of what it has. */
  refused = false;

  reset(): void {
    this.wanted = [];
    this.taken = 0;
    this.inside.clear();
    this.asleep = false;
  }

  /** The lock it asks for, or lets go. */
  get current(): number {
    return this.wanted[this.taken];
  }
}
