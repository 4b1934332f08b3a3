/** What single calls took, by kind and level, as the results keep it. */
import type { ClusterUse } from "../../reports/results.js";
import { Histogram } from "../../src/metrics/index.js";

const NS_PER_MS = 1e6;
const NS_PER_US = 1000;

export class CallTimes {
  private readonly times = new Map<string, { readonly call: string; readonly at: string; readonly took: Histogram }>();

  /** @param at the level, or what else the call goes by */
  async time<T>(at: string, call: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const answer = await work();
    this.add(at, call, performance.now() - began);
    return answer;
  }

  add(at: string, call: string, milliseconds: number): void {
    const name = `${at}\n${call}`;
    let own = this.times.get(name);
    if (own === undefined) {
      own = { at, call, took: new Histogram() };
      this.times.set(name, own);
    }
    own.took.record(Math.round(milliseconds * NS_PER_MS));
  }

  /** µs, in the order in which they were first taken. */
  rows(): ClusterUse["calls"] {
    return [...this.times.values()].map(({ at, call, took }) => ({
      ...{ at, call, count: took.count },
      ...{ p50: took.percentile(0.5) / NS_PER_US, p95: took.percentile(0.95) / NS_PER_US },
      ...{ p99: took.percentile(0.99) / NS_PER_US, max: took.max / NS_PER_US },
    }));
  }
}
