/** Time that passes only when a simulation says so: the same events in the same order, however busy the machine. */
import type { ClusterClock } from "../../src/cluster/index.js";

interface Due {
  readonly atMs: number;
  /** Of what is due at the same time, what was asked for first comes first. */
  readonly order: number;
  callback: (() => void) | null;
}

export class SimulatedClock {
  timeMs = 0;
  events = 0;
  private orders = 0;
  /** A binary heap, the next one first. */
  private readonly heap: Due[] = [];

  /** A node's clock, so much ahead of the others'. */
  clockOf(aheadMs: () => number = () => 0): ClusterClock {
    return {
      now: () => START_MS + this.timeMs + aheadMs(),
      elapsed: () => this.timeMs,
      after: (ms, callback) => this.after(ms, callback),
    };
  }

  after(ms: number, callback: () => void): () => void {
    const due: Due = { atMs: this.timeMs + Math.max(0, ms), order: this.orders++, callback };
    this.push(due);
    return () => {
      due.callback = null;
    };
  }

  /** Lets time pass up to then; between two events all promises that can settle do. */
  async runUntil(atMs: number): Promise<void> {
    for (let due = this.heap[0]; due !== undefined && due.atMs <= atMs; due = this.heap[0]) {
      this.pop();
      if (due.callback === null) continue;
      this.timeMs = due.atMs;
      this.events++;
      due.callback();
      await settle();
    }
    this.timeMs = Math.max(this.timeMs, atMs);
  }

  /** Lets time pass until the promise is settled. @throws what it throws; Error when it is not within `mostMs` */
  async until<T>(promise: Promise<T>, mostMs = 60_000): Promise<T> {
    let settled = false;
    promise.then(
      () => {
        settled = true;
      },
      () => {
        settled = true;
      },
    );
    await settle();
    const end = this.timeMs + mostMs;
    while (!settled) {
      const next = this.heap[0];
      if (next === undefined || next.atMs > end) throw new Error(`not settled after ${mostMs} ms of simulated time`);
      await this.runUntil(next.atMs);
    }
    return promise;
  }

  private push(due: Due): void {
    const { heap } = this;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(due, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = due;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
  }
}

/** 2026-01-01. */
const START_MS = 1_767_225_600_000;

function before(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
