/**
 * Which clients bring so much that the partition of their key carries more than its share. Measured, not told: metrics are counted by client
 * over a window of so many; whoever brings the share of a whole partition or more in one is hot. A hot one is cold again only after ten
 * windows with less than half of that, for each change moves its messages to other partitions, and order holds only within one.
 */

/** What makes a client hot. */
export interface HotOptions {
  /** Metrics of a window. Default 10,000. */
  window?: number;
  /** Of a partition's fair share, what makes a client hot. Default 1: as much as a partition carries when all carry the same. */
  share?: number;
}

const CALM_WINDOWS = 10;

export class HotClients {
  private counts = new Map<string, number>();
  private seen = 0;
  /** Hot ones, and how many windows in a row each has been calm for. */
  private readonly hot = new Map<string, number>();
  /** The largest client's part of the last whole window. */
  largestPart = 0;

  constructor(
    private readonly window: number,
    private readonly share: number,
  ) {}

  has(client: string): boolean {
    return this.hot.has(client);
  }

  get names(): string[] {
    return [...this.hot.keys()];
  }

  /** Counts one metric that was delivered. @param partitions of the topic, now */
  count(client: string, partitions: number): void {
    this.counts.set(client, (this.counts.get(client) ?? 0) + 1);
    if (++this.seen === this.window) this.endWindow(partitions);
  }

  private endWindow(partitions: number): void {
    // with one partition there is nothing to spread over
    const limit = partitions < 2 ? Number.POSITIVE_INFINITY : (this.share * this.window) / partitions;
    let most = 0;
    for (const [client, count] of this.counts) {
      most = Math.max(most, count);
      if (count >= limit) this.hot.set(client, 0);
    }
    for (const [client, calm] of this.hot) {
      if ((this.counts.get(client) ?? 0) >= limit / 2) this.hot.set(client, 0);
      else if (calm + 1 >= CALM_WINDOWS) this.hot.delete(client);
      else this.hot.set(client, calm + 1);
    }
    this.largestPart = most / this.window;
    this.counts = new Map();
    this.seen = 0;
  }
}
