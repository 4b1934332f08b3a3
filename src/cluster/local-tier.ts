/**
 * A domain in the node's own store, for its worker threads and its backups: what each key reads as, and the writes that are unsent. The copy that
 * decides is the replica's; what finds no room here is missing to workers, which ask the cluster's thread then, and never wrong.
 *
 * A record is a number (f64), then the version as entry.ts writes it. The number is the version's in the log; 0 while it is on its way there, and -1
 * if it lies over one that the log has and that lasts.
 *
 * A store may evict. So that whoever finds these records later (a node that comes back, a checkpoint) knows whether all are there, the number of
 * versions that last is kept beside them: raised before such a record is written, lowered after one is gone. Evictions only take records away, so
 * as many records as that number says are all of them.
 */
import { OutOfMemoryError } from "../errors.js";
import type { Namespace, Store } from "../store/index.js";
import { type ClusterEntry, decodeEntry, encodeEntry, valueIn } from "./entry.js";
import type { Usage } from "./limits.js";
import { compareEntries } from "./merge.js";
import type { Outbox, Version } from "./versions.js";

const ENTRY_AT = 8;
const OVER_ONE_THAT_LASTS = -1;
/** By domain, how many versions last. */
const COUNTS = "cluster::counts"; // no domain has a colon in its name

export function localName(domain: string): string {
  return `cluster:${domain}`;
}

export function outboxName(domain: string): string {
  return `cluster:${domain}:outbox`;
}

/** What a worker reads in a record: the value's bytes, or null. */
export function valueBytesIn(record: Uint8Array): Uint8Array | null {
  return valueIn(record.subarray(ENTRY_AT), Date.now());
}

/** What an earlier life left of a domain in a store. */
export interface LocalCopy {
  /** Nothing that lasts was evicted or found no room. */
  readonly isWhole: boolean;
  /** Versions of the log, */
  readonly versions: ReadonlyMap<string, Version>;
  /** and versions that lay over it, on their way there. */
  readonly pending: ReadonlyMap<string, ClusterEntry>;
}

/** Of a store that may be a checkpoint's. Damaged records are left out: the copy is not whole then. */
export function copyIn(store: Store, domain: string): LocalCopy {
  const versions = new Map<string, Version>();
  const pending = new Map<string, ClusterEntry>();
  let lasting = 0;
  for (const [key, record] of store.namespace(localName(domain), { encoding: "binary" }).entries()) {
    const seq = record.length < ENTRY_AT ? 0 : new DataView(record.buffer, record.byteOffset).getFloat64(0, true);
    let entry: ClusterEntry;
    try {
      entry = decodeEntry(record.subarray(ENTRY_AT));
    } catch {
      continue;
    }
    if (seq > 0) versions.set(key, { seq, entry });
    else pending.set(key, entry);
    if (seq === OVER_ONE_THAT_LASTS || (seq > 0 && entry.expiresAt === 0)) lasting++;
  }
  const counted = store.namespace(COUNTS, { encoding: "binary" }).get(domain);
  const count = counted?.length === 8 ? new DataView(counted.buffer, counted.byteOffset).getFloat64(0, true) : -1;
  return { isWhole: count === lasting, versions, pending };
}

/** What is known of a key that is here. */
interface Kept {
  /** Of the key and its version. */
  readonly bytes: number;
  /** In which second of Unix time it is over; 0: never. */
  readonly second: number;
}

export class LocalTier {
  /** Versions for which there was no room. */
  missing = 0;
  private readonly namespace: Namespace<Uint8Array>;
  private readonly counts: Namespace<Uint8Array>;
  private readonly kept = new Map<string, Kept>();
  /** Keys by the second in which their time is over. */
  private readonly due = new Map<number, Set<string>>();
  /** Up to this second they have been asked for. */
  private lookedAt = Math.floor(Date.now() / 1000);
  private readonly lasting = new Set<string>();
  private readonly count = new Uint8Array(8);
  private readonly countView = new DataView(this.count.buffer);
  private bytes = 0;

  /** @param left what is there already and is right; all else is cleared */
  constructor(
    store: Store,
    private readonly domain: string,
    left: Pick<LocalCopy, "versions"> | null = null,
  ) {
    this.namespace = store.namespace(localName(domain), { encoding: "binary" });
    this.counts = store.namespace(COUNTS, { encoding: "binary" });
    if (left === null) this.namespace.clear();
    for (const [key, { entry }] of left?.versions ?? []) {
      if (entry === null) continue;
      this.note(key, entry);
      if (entry.expiresAt === 0) this.lasting.add(key);
    }
    this.writeCount();
  }

  /**
   * @param entry what the key reads as; null when it has none
   * @param confirmed what the log has of it
   * @param isPending whether `entry` is not that
   */
  show(key: string, entry: ClusterEntry | null, confirmed: Version | undefined, isPending: boolean): void {
    this.forget(key);
    const lasts = confirmed?.entry?.value != null && confirmed.entry.expiresAt === 0;
    if (lasts && !this.lasting.has(key)) {
      this.lasting.add(key);
      this.writeCount();
    }
    const ttl = entry === null || entry.expiresAt === 0 ? undefined : entry.expiresAt - Date.now();
    if (entry === null || entry.value === null || (ttl !== undefined && ttl <= 0)) this.namespace.delete(key);
    else this.write(key, entry, isPending ? (lasts ? OVER_ONE_THAT_LASTS : 0) : (confirmed?.seq ?? 0), ttl);
    if (!lasts && this.lasting.delete(key)) this.writeCount();
  }

  /** Keys that are here and whose time was over by then; each is told until it is shown anew. */
  over(nowMs: number): string[] {
    const now = Math.floor(nowMs / 1000);
    const seconds: number[] = [];
    // after a leap of the clock there are more seconds than keys
    if (now - this.lookedAt > this.due.size) {
      for (const second of this.due.keys()) if (second <= now) seconds.push(second);
    } else for (let second = this.lookedAt; second <= now; second++) seconds.push(second);
    this.lookedAt = Math.max(this.lookedAt, now);
    return seconds.flatMap((second) => [...(this.due.get(second) ?? [])]);
  }

  usage(): Usage {
    return { bytes: this.bytes, entries: this.kept.size };
  }

  /** Bytes of the key and its version. */
  sizeOf(key: string): number {
    return this.kept.get(key)?.bytes ?? 0;
  }

  private write(key: string, entry: ClusterEntry, seq: number, ttl: number | undefined): void {
    const bytes = encodeEntry(entry);
    const record = new Uint8Array(ENTRY_AT + bytes.length);
    new DataView(record.buffer).setFloat64(0, seq, true);
    record.set(bytes, ENTRY_AT);
    this.note(key, entry, bytes.length);
    try {
      this.namespace.set(key, record, ttl === undefined ? {} : { ttl: Math.ceil(ttl) });
    } catch {
      this.missing++;
      this.namespace.delete(key); // an older one would be wrong
    }
  }

  private writeCount(): void {
    this.countView.setFloat64(0, this.lasting.size, true);
    try {
      this.counts.set(this.domain, this.count);
    } catch {
      this.counts.delete(this.domain); // not known: not whole
    }
  }

  private note(key: string, entry: ClusterEntry, length = encodeEntry(entry).length): void {
    const bytes = key.length + length;
    // one that is over already is asked for at the next look
    const second = entry.expiresAt === 0 ? 0 : Math.max(Math.ceil(entry.expiresAt / 1000), this.lookedAt);
    this.kept.set(key, { bytes, second });
    this.bytes += bytes;
    if (second === 0) return;
    const keys = this.due.get(second);
    if (keys === undefined) this.due.set(second, new Set([key]));
    else keys.add(key);
  }

  private forget(key: string): void {
    const kept = this.kept.get(key);
    if (kept === undefined) return;
    this.bytes -= kept.bytes;
    this.kept.delete(key);
    const keys = this.due.get(kept.second);
    keys?.delete(key);
    if (keys?.size === 0) this.due.delete(kept.second);
  }
}

/** Unsent writes in the store, so that its backups carry them. */
export class StoredOutbox implements Outbox {
  private readonly namespace: Namespace<Uint8Array>;

  constructor(store: Store, domain: string) {
    this.namespace = store.namespace(outboxName(domain), { encoding: "binary" });
  }

  /** @throws OutOfMemoryError and others of the store's */
  set(key: string, entry: ClusterEntry): void {
    if (this.namespace.set(key, encodeEntry(entry))) return;
    throw new OutOfMemoryError(`the store has no room for an unsent write of "${key}"`);
  }

  delete(key: string): void {
    this.namespace.delete(key);
  }

  /** Those that can be read, the oldest first. */
  entries(): [string, ClusterEntry][] {
    const found: [string, ClusterEntry][] = [];
    const utf8 = new TextDecoder();
    for (const [key, bytes] of this.namespace.entries()) {
      const name = typeof key === "string" ? key : utf8.decode(key as Uint8Array);
      try {
        found.push([name, decodeEntry(bytes)]);
      } catch {
        this.namespace.delete(key); // no version: somebody else wrote here
      }
    }
    return found.sort(([, a], [, b]) => compareEntries(a, b));
  }
}
