/**
 * A schedule that lies in its program: each operation carries the moments at which its thread is interrupted, and who goes on
 * then. If an operation is taken out of the program its switches go with it, and what the others do stays aligned with their
 * accesses, so that shrinking can take the operations one by one.
 */
import { type Machine, type Op, type Segment, type Strategy, TO_THE_END } from "#dist/harness/explorer/index.js";

export interface Switch {
  /** Accesses since the operation's start, or since its switch before this one. Beyond its end: there. */
  readonly after: number;
  /** Who goes on; the next that can if this one has nothing to do. */
  readonly to: number;
  /** The thread dies. */
  readonly kill: boolean;
}

export interface ScheduledOp {
  readonly op: Op;
  readonly switches: readonly Switch[];
}

export class Switching implements Strategy {
  private current = 0;
  /** By thread: the operation it is in, and how many of that one's switches are behind it. */
  private readonly operation: number[] = [];
  private readonly passed: number[] = [];
  private pending: Switch | null = null;

  /** @param threads by thread and operation */
  constructor(
    private readonly first: number,
    private readonly threads: readonly (readonly (readonly Switch[])[])[],
  ) {}

  begin(): void {
    this.current = this.first;
    this.operation.length = 0;
    this.passed.length = 0;
    this.pending = null;
  }

  next(machine: Machine): Segment {
    if (this.pending !== null) {
      this.current = this.pending.to;
      this.pending = null;
    }
    const thread = this.runnable(machine);
    this.current = thread;
    const at = machine.threads[thread].at;
    if (this.operation[thread] !== at) {
      this.operation[thread] = at;
      this.passed[thread] = 0;
    }
    const next = this.threads[thread]?.[at]?.[this.passed[thread]];
    if (next === undefined) return { thread, steps: TO_THE_END, kill: false, toOpEnd: true };
    this.passed[thread]++;
    this.pending = next;
    return { thread, steps: next.after, kill: next.kill, toOpEnd: true };
  }

  private runnable(machine: Machine): number {
    const able = machine.runnable.subarray(0, machine.runnableCount);
    return able.includes(this.current) ? this.current : (able.find((thread) => thread > this.current) ?? able[0]);
  }
}
