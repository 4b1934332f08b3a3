/**
 * Leases and guards that were forgotten: collected as garbage before they ended. Where they were acquired is kept as text, so whoever asks for
 * this pays a stack trace for each; nobody else pays anything.
 */

/** Warns of what was forgotten, and tells whoever may take it back. */
export class LeakTrace<T> {
  private readonly registry: FinalizationRegistry<{ readonly held: T; readonly what: string; readonly site: string }>;

  /** @param forgotten told what the lease had held */
  constructor(forgotten: (held: T) => void = () => {}) {
    this.registry = new FinalizationRegistry(({ held, what, site }) => {
      process.emitWarning(`${what} was never given back; it was acquired at:\n${site}`, {
        type: "ForgottenResourceWarning",
        code: "ENGRAM_FORGOTTEN",
      });
      forgotten(held);
    });
  }

  /**
   * @param held must not lead to the lease, or it is never collected
   * @param what was forgotten, for the warning
   */
  watch(lease: object, held: T, what: string, site: string): void {
    this.registry.register(lease, { held, what, site }, lease);
  }

  unwatch(lease: object): void {
    this.registry.unregister(lease);
  }
}

/** The calls that led here, from the caller of `below` outwards. */
export function callSite(below: (...args: never[]) => unknown): string {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, below);
  return (trace.stack ?? "").split("\n").slice(1).join("\n");
}
