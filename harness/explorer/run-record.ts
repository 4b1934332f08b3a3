/** What a schedule leaves to be judged: the calls of its threads with their answers, and the first thing that was plainly wrong. */
import type { ChangeEvent } from "./change-events.js";
import { type Call, lifeOf } from "./history.js";
import type { Op } from "./program.js";
import { RecordHistory } from "./record-history.js";
import { RowHistory } from "./row-history.js";
import type { Thread } from "./thread.js";

export class RunRecord {
  /** Calls in the order they were made; only the first `length` are of this run, the others are room for the next. */
  readonly calls: Call[] = [];
  length = 0;
  /** Counts events: calls and returns. */
  clock = 0;
  broken: string | null = null;
  /** Records drained from the access log of each thread: four words each. */
  readonly drained: number[][] = [];
  /** By thread: when it was killed, by the clock; none if it was not. */
  readonly deaths: number[] = [];
  /** Threads whose log lost records to the death of the one that drained it. */
  readonly lostTo = new Set<number>();

  /** What changed, and what watchers were told, in the order in which it happened. */
  readonly changes: ChangeEvent[] = [];

  /** Of the one row. */
  readonly row = new RowHistory();

  /** Of the one table. */
  readonly records = new RecordHistory();

  reset(): void {
    this.row.reset();
    this.records.reset();
    if (this.changes.length > 0) this.changes.length = 0;
    this.length = 0;
    this.clock = 0;
    this.broken = null;
    if (this.deaths.length > 0) this.deaths.length = 0;
    if (this.drained.length > 0) this.drained.length = 0;
    if (this.lostTo.size > 0) this.lostTo.clear();
  }

  newCall(thread: Thread, op: Op, value: number): Call {
    let call = this.calls[this.length];
    if (call === undefined) {
      call = {} as Call;
      this.calls.push(call);
    }
    this.length++;
    call.thread = thread.number;
    call.op = op;
    call.kind = op.kind;
    call.key = op.key ?? -1;
    call.value = value;
    call.expected = thread.tokens[(op.key ?? 0) * 3 + 2];
    call.ttl = op.ttl === true;
    call.life = lifeOf(thread.ring, thread.ringVersion);
    call.delivery = -1;
    call.returned = Number.POSITIVE_INFINITY;
    call.result = 0;
    return call;
  }

  /** A look at one key that was part of a larger call: from when that call began to `returned`. */
  addRead(thread: Thread, op: Op, result: number, returned: number): void {
    const { invoked } = this.calls[thread.history];
    const call = this.newCall(thread, op, 0);
    call.invoked = invoked;
    call.returned = returned;
    call.result = result;
  }
}
