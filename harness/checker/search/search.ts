/**
 * Wing & Gong's search with Lowe's memory of configurations, on the operations of one key.
 *
 * From the head of the list of events, an operation whose call comes before every return still in the list may go next.
 * If the model allows its output in the current state, take it out of the list and go on from the head; if not, try the
 * next call. Meeting a return means that its operation should have been placed by now and could not: step back, and
 * try the next state or the next call there. A read that is possible now is placed at once and for good: whatever order
 * has it later, the one that has it now is as good, for it changes nothing. Done when every answered operation is placed; those without an answer
 * may come anywhere after their call, or not at all.
 */
import type { AnyModel } from "../models/model.js";
import { EventList, type Span } from "./event-list.js";
import { LinearizedSet } from "./linearized-set.js";
import { Visited } from "./visited.js";

export interface SearchLimits {
  /** Called every thousand steps, with the number of configurations remembered; a reason stops the search. */
  shouldStop(configurations: number): string | undefined;
}

export type SearchResult =
  | { outcome: "ok"; steps: number; order: number[] }
  | { outcome: "illegal"; steps: number; longest: LongestPrefix }
  | { outcome: "unknown"; steps: number; reason: string };

/** The furthest the search came. */
export interface LongestPrefix {
  /** Indices of the operations, in the order they were placed. */
  order: number[];
  /** The model's state after them. */
  state: unknown;
}

const STEPS_BETWEEN_CHECKS = 1000;

interface Frame {
  operation: number;
  before: unknown;
  successors: readonly unknown[];
  /** Which successor to try when the search comes back here. */
  nextSuccessor: number;
  /** A read, placed for good: coming back here, nothing else is worth trying. */
  final: boolean;
}

/** @param actions of one key, as `model.prepare` made them, in the order of `spans` */
export function searchLinearization(
  model: AnyModel,
  spans: readonly Span[],
  actions: readonly unknown[],
  limits: SearchLimits,
): SearchResult {
  const search = new Search(model, spans, actions);
  for (let steps = 1; ; steps++) {
    const result = search.step();
    if (result === "ok") return { outcome: "ok", steps, order: search.order() };
    if (result === "illegal") return { outcome: "illegal", steps, longest: search.longest };
    if (steps % STEPS_BETWEEN_CHECKS === 0) {
      const reason = limits.shouldStop(search.configurations);
      if (reason !== undefined) return { outcome: "unknown", steps, reason };
    }
  }
}

class Search {
  readonly longest: LongestPrefix;
  private readonly events: EventList;
  private readonly visited = new Visited();
  private readonly frames: Frame[] = [];
  private readonly answered: LinearizedSet;
  private readonly unanswered: LinearizedSet;
  /** Place of each operation in its set: answered ones in the order of their calls, those without an answer apart. */
  private readonly place: Int32Array;
  private readonly reads: boolean[];
  private remaining: number;
  private fewestRemaining = Number.POSITIVE_INFINITY;
  /** Frames that are still those of the longest prefix. */
  private unchangedDepth = 0;
  private state: unknown;
  private node: number;

  constructor(
    private readonly model: AnyModel,
    private readonly spans: readonly Span[],
    private readonly actions: readonly unknown[],
  ) {
    this.events = new EventList(spans);
    this.place = new Int32Array(spans.length);
    this.reads = actions.map((action) => model.isRead(action));
    this.remaining = this.assignPlaces();
    this.answered = new LinearizedSet(this.remaining);
    this.unanswered = new LinearizedSet(spans.length - this.remaining);
    this.state = model.initial;
    this.longest = { order: [], state: model.initial };
    this.node = this.events.first();
  }

  get configurations(): number {
    return this.visited.size;
  }

  order(): number[] {
    return this.frames.map((frame) => frame.operation);
  }

  step(): "ok" | "illegal" | "going on" {
    if (this.remaining === 0) return "ok";
    if (this.placeRead()) return "going on";
    const { node } = this;
    if (this.events.isCall(node)) {
      const operation = this.events.operationOf(node);
      this.tryOperation(operation, this.model.step(this.state, this.actions[operation]), 0);
      return "going on";
    }
    // A return: answered operations keep theirs in the list until placed, so the end is never met before one.
    this.rememberLongest();
    return this.backtrack() ? "going on" : "illegal";
  }

  /**
   * Places the first read that is possible now, if there is one. Only right after a step forward: the reads that were
   * possible when the search comes back to a configuration have been placed already.
   */
  private placeRead(): boolean {
    if (this.node !== this.events.first()) return false;
    for (let node = this.node; this.events.isCall(node); node = this.events.after(node)) {
      const operation = this.events.operationOf(node);
      if (!this.reads[operation]) continue;
      const [state] = this.model.step(this.state, this.actions[operation]);
      if (state === undefined) continue;
      this.mark(operation);
      this.frames.push({ operation, before: this.state, successors: [], nextSuccessor: 0, final: true });
      this.events.lift(operation);
      this.state = state;
      this.node = this.events.first();
      return true;
    }
    return false;
  }

  /** Goes on from the first successor, at or after `from`, in a configuration not seen; else to the next event. */
  private tryOperation(operation: number, successors: readonly unknown[], from: number): void {
    this.mark(operation);
    const linearized = this.answered.text() + this.unanswered.text();
    for (let i = from; i < successors.length; i++) {
      if (!this.visited.add(linearized, this.model.keyOf(successors[i]))) continue;
      this.frames.push({ operation, before: this.state, successors, nextSuccessor: i + 1, final: false });
      this.events.lift(operation);
      this.state = successors[i];
      this.node = this.events.first();
      return;
    }
    this.unmark(operation);
    this.node = this.events.after(this.events.callOf(operation));
  }

  /** Undoes steps up to one that had a choice, and takes the next there; false if there was none. */
  private backtrack(): boolean {
    for (;;) {
      const frame = this.frames.pop();
      if (!frame) return false;
      this.unchangedDepth = Math.min(this.unchangedDepth, this.frames.length);
      this.events.unlift(frame.operation);
      this.unmark(frame.operation);
      this.state = frame.before;
      if (frame.final) continue;
      this.tryOperation(frame.operation, frame.successors, frame.nextSuccessor);
      return true;
    }
  }

  private mark(operation: number): void {
    if (this.isAnswered(operation)) {
      this.answered.add(this.place[operation]);
      this.remaining--;
    } else {
      this.unanswered.add(this.place[operation]);
    }
  }

  private unmark(operation: number): void {
    if (this.isAnswered(operation)) {
      this.answered.delete(this.place[operation]);
      this.remaining++;
    } else {
      this.unanswered.delete(this.place[operation]);
    }
  }

  /**
   * Longest in answered operations; of those the one with the fewest others, which nobody needs to have happened.
   * Copies only what changed since the last time, or a long history would be copied once for every step back.
   */
  private rememberLongest(): void {
    const { order } = this.longest;
    if (this.remaining > this.fewestRemaining) return;
    if (this.remaining === this.fewestRemaining && this.frames.length >= order.length) return;
    this.fewestRemaining = this.remaining;
    order.length = this.unchangedDepth;
    for (let i = this.unchangedDepth; i < this.frames.length; i++) order.push(this.frames[i].operation);
    this.unchangedDepth = order.length;
    this.longest.state = this.state;
  }

  private isAnswered(operation: number): boolean {
    return this.spans[operation].return !== Number.POSITIVE_INFINITY;
  }

  /** Returns how many operations were answered. */
  private assignPlaces(): number {
    const byCall = this.spans.map((_, i) => i).sort((a, b) => this.spans[a].call - this.spans[b].call || a - b);
    let answered = 0;
    let unanswered = 0;
    for (const operation of byCall) {
      this.place[operation] = this.isAnswered(operation) ? answered++ : unanswered++;
    }
    return answered;
  }
}
