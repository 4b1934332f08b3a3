/**
 * What subscribers iterate over: each has what was told since it last asked, a bounded number of it. Whoever asks too late misses the oldest, and is
 * told so by `gap` on the next. Nobody who tells ever waits for one who listens.
 */
/** What each thing that is told has besides. */
export interface Told {
  /** Something before this one is missing, or was superseded unseen. */
  readonly gap: boolean;
}

/** To be iterated once; leaving the loop ends it. */
export interface Stream<T> extends AsyncIterableIterator<T, undefined, undefined>, AsyncDisposable {}

/** How something is told as it happens. */
export interface StreamOptions {
  /** Ends the iteration when it aborts. Default: none; it ends when the loop is left. */
  readonly signal?: AbortSignal;
  /** How many may wait to be asked for. Default 4,096. */
  readonly buffer?: number;
}

export const BUFFER = 4096;

/** One subscriber. */
class Subscription<T extends Told> implements Stream<T> {
  private waiting: T[] = [];
  private asking: ((result: IteratorResult<T, undefined>) => void)[] = [];
  private missed = false;
  private ended = false;
  private readonly onAbort = () => this.end();

  constructor(
    private readonly concerns: (told: T) => boolean,
    private readonly buffer: number,
    private readonly signal: AbortSignal | undefined,
    private readonly forget: (subscription: Subscription<T>) => void,
  ) {
    if (signal?.aborted) this.ended = true;
    else signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  offer(told: T): void {
    if (this.ended || !this.concerns(told)) return;
    const asking = this.asking.shift();
    if (asking !== undefined) {
      asking({ value: told, done: false });
      return;
    }
    this.waiting.push(told);
    if (this.waiting.length <= this.buffer) return;
    this.waiting.shift();
    this.missed = true;
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.signal?.removeEventListener("abort", this.onAbort);
    this.waiting = [];
    for (const asking of this.asking) asking({ value: undefined, done: true });
    this.asking = [];
    this.forget(this);
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const told = this.waiting.shift();
    if (told !== undefined) {
      const value = this.missed ? { ...told, gap: true } : told;
      this.missed = false;
      return { value, done: false };
    }
    if (this.ended) return { value: undefined, done: true };
    return new Promise((resolve) => this.asking.push(resolve));
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.end();
    return { value: undefined, done: true };
  }

  async throw(reason?: unknown): Promise<IteratorResult<T, undefined>> {
    this.end();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }
}

export class Subscribers<T extends Told> {
  private readonly all = new Set<Subscription<T>>();
  private closed = false;

  /** From now on. Ended at once when these are closed, or the signal has aborted. */
  subscribe(concerns: (told: T) => boolean, { signal, buffer = BUFFER }: StreamOptions = {}): Stream<T> {
    const subscription = new Subscription<T>(concerns, buffer, signal, (one) => this.all.delete(one));
    if (this.closed) subscription.end();
    else if (!signal?.aborted) this.all.add(subscription);
    return subscription;
  }

  tell(told: T): void {
    for (const subscription of this.all) subscription.offer(told);
  }

  get count(): number {
    return this.all.size;
  }

  /** Whoever iterates is done. */
  close(): void {
    this.closed = true;
    for (const subscription of [...this.all]) subscription.end();
  }
}
