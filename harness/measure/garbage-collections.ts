import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";

interface Collection {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
}

/** A collection as it is told: when it began, how long it took, ms, and which kind it was. */
export interface Pause {
  readonly startedAt: number;
  readonly milliseconds: number;
  readonly kind: string;
}

/** Collections told one by one, of those between two times: the longest. All are counted. */
const TOLD = 40;

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weak callbacks",
};

/** Watches this thread's garbage collections, so that a pass can say which of its batches they touched. */
export class GarbageCollections {
  readonly #seen: Collection[] = [];
  readonly #observer: PerformanceObserver;

  constructor() {
    this.#observer = new PerformanceObserver((list) => this.#take(list.getEntries()));
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  /**
   * Collections between two times of performance.now(), how many batches they touched, and the longest of them. `batches` holds start and end of
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
      longest: longest(seen),
    };
  }

  #take(entries: ReadonlyArray<PerformanceEntry & { readonly detail?: unknown }>): void {
    for (const { startTime, duration, detail } of entries) {
      const kind = KINDS[(detail as { kind?: number } | undefined)?.kind ?? -1] ?? "other";
      this.#seen.push({ start: startTime, end: startTime + duration, kind });
    }
  }

  stop(): void {
    this.#observer.disconnect();
  }
}

function longest(seen: readonly Collection[]): Pause[] {
  return [...seen]
    .sort((a, b) => b.end - b.start - (a.end - a.start))
    .slice(0, TOLD)
    .map(({ start, end, kind }) => ({
      startedAt: performance.timeOrigin + start,
      milliseconds: end - start,
      kind,
    }));
}
