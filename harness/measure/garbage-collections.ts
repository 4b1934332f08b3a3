import { PerformanceObserver } from "node:perf_hooks";

interface Collection {
  readonly start: number;
  readonly end: number;
}

/** Watches this thread's garbage collections, so that a pass can say which of its batches they touched. */
export class GarbageCollections {
  readonly #seen: Collection[] = [];
  readonly #observer: PerformanceObserver;

  constructor() {
    this.#observer = new PerformanceObserver((list) => this.#take(list.getEntries()));
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  /**
   * Collections between two times of performance.now(), and how many batches they touched. `batches` holds start and end of
   * each, ascending. Waits a turn of the event loop, for observers are told late.
   */
  async between(from: number, to: number, batches: readonly number[]) {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    this.#take(this.#observer.takeRecords());
    const seen = this.#seen.filter(({ start, end }) => end >= from && start <= to).sort((a, b) => a.start - b.start);
    this.#seen.length = 0;
    let touched = 0;
    let next = 0;
    for (let i = 0; i < batches.length && next < seen.length; i += 2) {
      while (next < seen.length && seen[next].end < batches[i]) next++;
      if (next < seen.length && seen[next].start <= batches[i + 1]) touched++;
    }
    return {
      count: seen.length,
      totalMs: seen.reduce((sum, { start, end }) => sum + (end - start), 0),
      batchesTouched: touched,
      batches: batches.length / 2,
    };
  }

  #take(entries: readonly { startTime: number; duration: number }[]): void {
    for (const { startTime, duration } of entries) this.#seen.push({ start: startTime, end: startTime + duration });
  }

  stop(): void {
    this.#observer.disconnect();
  }
}
