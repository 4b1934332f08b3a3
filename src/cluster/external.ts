/**
 * The tier outside: a store that other programs share, read where the cluster has nothing and written after it. Best effort: it may be
 * empty, behind or gone, and none of that is anybody's error. What it must never do is be waited for.
 */
import type { ClusterEntry } from "./entry.js";
import { isSameVersion, mergeEntries } from "./merge.js";

/** How the tier outside fares. */
export interface ExternalCounts {
  /** Questions to it. */
  readonly reads: number;
  /** Reads that found a version. */
  readonly hits: number;
  /** Reads that were not answered in time, or not asked because it was known to be gone. */
  readonly missed: number;
  /** Versions that it took, or had a newer one of. */
  readonly written: number;
  /** Versions that it was never given: there were too many, or it was gone when the last was to be written. */
  readonly dropped: number;
  /** What was under a key of ours and no version of it: another program's. */
  readonly foreign: number;
  /** Versions that wait to be written. */
  readonly waiting: number;
  /** Whether it answers, as far as is known. */
  readonly up: boolean;
}

/** A tier outside the cluster: read where a domain has nothing, written after it, and never waited for longer than a moment. */
export interface ExternalTier {
  /** As of now. */
  readonly counts: ExternalCounts;
  /** Null when it has none, or does not say so in time. Never throws. A deleted key's version says so. */
  read(domain: string, key: string): Promise<ClusterEntry | null>;
  /** Returns at once. Of a key's versions the later one stays there, whichever comes first. */
  write(domain: string, key: string, entry: ClusterEntry): void;
  /** When nothing waits any more, or `timeoutMs` are over: false then. */
  settle(timeoutMs: number): Promise<boolean>;
  /** Gives what waits a last chance, within its deadline. */
  close(): Promise<void>;
}

/** The same in this process: for tests, and for what a tier outside would do where there is none. */
export class MemoryTier implements ExternalTier {
  /** By domain and key. */
  readonly entries = new Map<string, ClusterEntry>();
  #reads = 0;
  #hits = 0;
  #written = 0;

  /** As of now. */
  get counts(): ExternalCounts {
    const counted = { reads: this.#reads, hits: this.#hits, written: this.#written };
    return { ...counted, missed: 0, dropped: 0, foreign: 0, waiting: 0, up: true };
  }

  async read(domain: string, key: string): Promise<ClusterEntry | null> {
    this.#reads++;
    const entry = this.entries.get(nameOf(domain, key)) ?? null;
    if (entry !== null) this.#hits++;
    return entry;
  }

  write(domain: string, key: string, entry: ClusterEntry): void {
    const name = nameOf(domain, key);
    const before = this.entries.get(name);
    this.#written++;
    if (before === undefined || isSameVersion(mergeEntries(before, entry).entry, entry)) this.entries.set(name, entry);
  }

  async settle(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}
}

/** A domain's name has no colon in it. */
export function nameOf(domain: string, key: string): string {
  return `${domain}:${key}`;
}
