/** Permits as the explorer's threads use them: a thread asks for one, waits as a thread of the host does, is inside for a step, and gives it back. */
import { layout as L } from "../../src/core/index.js";
import { NO_EFFECT } from "./history.js";
import { type Op, type Program, permitsOf } from "./program.js";
import type { RunRecord } from "./run-record.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";
import type { TinyStore } from "./tiny-store.js";

export class PermitSteps {
  private threads: readonly Thread[] = [];
  private most = 0;

  constructor(
    private readonly store: TinyStore,
    private readonly record: RunRecord,
  ) {}

  begin(program: Program, threads: readonly Thread[]): void {
    this.threads = threads;
    this.most = permitsOf(program);
    for (const thread of threads) thread.permit = -1;
  }

  start({ locks }: Thread, op: Op): Thread["calling"] {
    locks.rescues = 0;
    locks.naps = op.ttl ? (op.wide ? 2 : 1) : 0;
    locks.waits = false;
    locks.refused = false;
    return "takePermit";
  }

  /** null = the operation goes on, else what it answers. */
  finishCall(thread: Thread, result: number): number | null {
    const { locks } = thread;
    switch (thread.calling) {
      case "takePermit":
        if (result >= 0) {
          thread.permit = result;
          thread.calling = locks.waits ? "endWait" : "inside";
          this.enter(thread);
        } else {
          thread.calling = locks.waits ? "sleep" : "waitForPermit";
        }
        return null;
      case "waitForPermit":
        locks.waits = true;
        this.look(thread);
        return null;
      case "endWait":
        locks.waits = false;
        if (locks.refused) return NO_EFFECT;
        thread.calling = "inside";
        return null;
      default:
        if (result !== 1) this.record.broken = `a permit of thread ${thread.number} could not be given back`;
        return 1;
    }
  }

  look(thread: Thread): void {
    thread.locks.seen = this.store.words[(thread.slot + L.S_LOCK_WAKE) >> 2];
    thread.calling = "takePermit";
  }

  /** The step inside. */
  leave(thread: Thread): void {
    thread.inPermit = false;
    thread.calling = "givePermit";
  }

  timeOut(thread: Thread): void {
    if (thread.locks.naps > 0) {
      this.look(thread);
      return;
    }
    thread.locks.refused = true;
    thread.calling = "endWait";
  }

  private enter(thread: Thread): void {
    thread.inPermit = true;
    const inside = this.threads.filter(({ inPermit }) => inPermit).length;
    if (inside > this.most) this.record.broken = `${inside} threads have a permit, of ${this.most}`;
    const other = this.threads.find((one) => one !== thread && one.inPermit && one.permit === thread.permit);
    if (other !== undefined)
      this.record.broken = `threads ${other.number} and ${thread.number} have permit ${thread.permit}`;
  }

  /** The dead thread's permit is free from some moment on. */
  noteReaping(thread: Thread): void {
    thread.inPermit = false;
  }

  /** What is wrong with the permits, all threads being at rest. */
  fault(): string | null {
    const { words } = this.store;
    for (let index = 0; index < this.most; index++) {
      const owner = words[(T.PERMITS + L.PERMITS_OWNERS + index * 4) >> 2];
      if (owner !== 0) return `permit ${index} is claim ${owner}'s still`;
    }
    for (let slot = 0; slot < T.SLOT_COUNT; slot++) {
      if (words[(T.PERMITS + L.PERMITS_WAITERS + slot * L.PERMIT_WAITER_SIZE) >> 2] !== 0)
        return `slot ${slot} still waits for a permit`;
    }
    return null;
  }
}
