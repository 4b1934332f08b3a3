/** One load that several callers wait for: each may leave, and when all have left the loader is told. */
interface Caller<V> {
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly leave: () => void;
}

export class Flight<V> {
  readonly abort = new AbortController();
  private readonly callers = new Set<Caller<V>>();
  private landed: { readonly value: V | undefined } | null = null;

  /** @param onEmpty told when the last caller has left: nobody wants the value any more */
  constructor(private readonly onEmpty: () => void) {}

  join(signal: AbortSignal | undefined): Promise<V | undefined> {
    if (this.landed !== null) return Promise.resolve(this.landed.value); // the loader itself has set another value
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.callers.delete(caller);
        reject(signal?.reason);
        if (this.callers.size > 0) return;
        this.onEmpty();
        this.abort.abort(signal?.reason);
      };
      const caller: Caller<V> = { resolve, reject, signal, leave };
      this.callers.add(caller);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  land(value: V | undefined): void {
    this.landed ??= { value };
    for (const { resolve } of this.taken()) resolve(value);
  }

  fail(error: unknown): void {
    for (const { reject } of this.taken()) reject(error);
  }

  private taken(): Caller<V>[] {
    const callers = [...this.callers];
    this.callers.clear();
    for (const { signal, leave } of callers) signal?.removeEventListener("abort", leave);
    return callers;
  }
}
