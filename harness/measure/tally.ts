/** What one worker counted in one pass. Plain numbers: they are exact up to 2^53. */
export class Tally {
  /** Operations that were done; what failed is in `failed` and `errors` alone. */
  operations = 0;
  failed = 0;
  /** Of those that failed those of each label, by number; shorter than the labels are many. */
  readonly failedByLabel: number[] = [];
  /** Batches that tell no cost, because something failed in them. */
  spoiltBatches = 0;
  /** How long the driver's own doings took during the pass, ms: no part of its time. */
  pausedMs = 0;
  hits = 0;
  misses = 0;
  /** Entries that scans read. */
  scanned = 0;
  /** Messages taken out of mailboxes, those handed on included. */
  received = 0;
  /** Messages that found a mailbox full. */
  refused = 0;
  /** Changes that watchers saw. */
  changes = 0;
  /** Operations that threw, by error code. */
  readonly errors = new Map<string, number>();
  /** Every result ends up here, and from here in the message to the main thread: nothing can be optimised away. */
  sink = 0;

  /** What a look-up answered with: a length, below 0 for no value. Whether there was one. */
  countLookUp(length: number): boolean {
    this.sink = (this.sink + length) | 0;
    if (length < 0) {
      this.misses++;
      return false;
    }
    this.hits++;
    return true;
  }

  countError(error: unknown, label = 0): void {
    this.failed++;
    this.failedByLabel[label] = (this.failedByLabel[label] ?? 0) + 1;
    const code = errorCode(error);
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }
}

function errorCode(error: unknown): string {
  if (typeof error === "object" && error !== null) {
    if ("code" in error && typeof error.code === "string") return error.code;
    if ("code" in error && typeof error.code === "number") return `code ${error.code}`;
    if (error instanceof Error) return error.name;
  }
  return String(error);
}
