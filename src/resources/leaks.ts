/**
 * Leases and guards that were forgotten: collected as garbage before they ended. Where they were acquired is kept as text, so whoever asks for
 * this pays a stack trace for each; nobody else pays anything.
 */

/** What is known of a lease besides itself. */
interface Watched {
  readonly trace: WeakRef<LeakTrace<unknown>>;
  readonly held: unknown;
  readonly what: string;
  readonly site: string;
}

/** One registry for all pools and guards of the thread, which no one collects (decision 0075). */
const registry = new FinalizationRegistry<Watched>(({ trace, held, what, site }) => {
  process.emitWarning(`${what} was never given back; it was acquired at:\n${site}`, {
    type: "ForgottenResourceWarning",
    code: "ENGRAM_FORGOTTEN",
  });
  trace.deref()?.forgotten(held);
});

/** Warns of what was forgotten, and tells whoever may take it back. */
export class LeakTrace<T> {
  private readonly weakly = new WeakRef(this as LeakTrace<unknown>);

  /** @param forgotten told what the lease had held */
  constructor(readonly forgotten: (held: T) => void = () => {}) {}

  /**
   * @param held must not lead to the lease, or it is never collected
   * @param what was forgotten, for the warning
   */
  watch(lease: object, held: T, what: string, site: string): void {
    registry.register(lease, { trace: this.weakly, held, what, site }, lease);
  }

  unwatch(lease: object): void {
    registry.unregister(lease);
  }
}

/** The calls that led here, from the caller of `below` outwards. */
export function callSite(below: (...args: never[]) => unknown): string {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, below);
  return (trace.stack ?? "").split("\n").slice(1).join("\n");
}
