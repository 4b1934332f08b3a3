/**
 * The samples of the last ten seconds. One operation in a thousand is timed, so a second of a quiet store holds too few for a P99.9; and what
 * the documents judge by lasts ten seconds.
 */
import type { Interval } from "./interval.js";
import { mergeLatencies } from "./interval.js";

const WINDOW_MS = 10_000;

export class LatencyWindow {
  private readonly parts: { readonly latencies: Interval["latencies"]; readonly ms: number }[] = [];

  add(latencies: Interval["latencies"], ms: number): void {
    const { parts } = this;
    parts.push({ latencies, ms });
    let length = parts.reduce((sum, part) => sum + part.ms, 0);
    // the oldest goes when the window is full without it; the latest stays, however long it was
    while (parts.length > 1 && length - parts[0].ms >= WINDOW_MS) length -= parts.shift()?.ms ?? 0;
  }

  merged(): Interval["latencies"] {
    return mergeLatencies(this.parts.map((part) => part.latencies));
  }
}
