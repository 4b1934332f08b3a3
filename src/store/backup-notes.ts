/**
 * What the backups of a store that this thread has open have done: noted by the room that takes them, told by `stats()` to whoever watches the
 * store. Here alone the two meet: neither knows of the other.
 */

/** What the backups of a store have come to, and how the last one fared. */
export interface BackupStats {
  /** Where they go. */
  directory: string;
  /** Backups that came to be since they were opened. */
  taken: number;
  /** Backups that failed since they were opened. */
  failed: number;
  /** Failures since the last one that came to be. */
  failedSince: number;
  /** Why the latest failed; null when the last one came to be. */
  error: string | null;
  /** The last that came to be; null before the first. */
  last: LastBackup | null;
}

/** What the last backup did. */
export interface LastBackup {
  /** Whether it wrote all regions, or those that had changed. */
  kind: "full" | "incremental";
  /** Unix time of the cut, ms. */
  takenMs: number;
  /** How long ago that was, ms. */
  ageMs: number;
  /** Bytes that were written. */
  bytes: number;
  /** How long it took, ms. */
  tookMs: number;
}

export class BackupNotes {
  private taken = 0;
  private failed = 0;
  private failedSince = 0;
  private error: string | null = null;
  private last: (Omit<LastBackup, "ageMs"> & { readonly heardAt: number }) | null = null;

  constructor(private readonly directory: string) {}

  noteTaken(last: Omit<LastBackup, "ageMs">): void {
    this.last = { ...last, heardAt: performance.now() };
    this.taken++;
    this.failedSince = 0;
    this.error = null;
  }

  noteFailed(why: string): void {
    this.failed++;
    this.failedSince++;
    this.error = why;
  }

  read(): BackupStats {
    const { directory, taken, failed, failedSince, error } = this;
    return { directory, taken, failed, failedSince, error, last: this.readLast() };
  }

  private readLast(): LastBackup | null {
    if (this.last === null) return null;
    const { heardAt, ...last } = this.last;
    // by this clock, which is not set: the wall's may have been since
    return { ...last, ageMs: performance.now() - heardAt + last.tookMs };
  }
}
