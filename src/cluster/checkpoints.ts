/**
 * Checkpoints of a node: the store's own backups, with a note of where each domain's copy was in its log. The note is written before the cut: what
 * came in between is in the checkpoint and comes once more from the log, which does no harm; the other way round it would be missing.
 */
import type { Checkpoint, Restored } from "../backup/index.js";
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import type { Store } from "../store/index.js";
import type { ClusterClock } from "./engine.js";
import type { Stamp } from "./hlc.js";
import type { CheckpointCopy } from "./recovery.js";
import type { Version } from "./versions.js";

/** What is used of a store's backups. */
export interface BackupsOfStore {
  /** As `Backups.createCheckpoint`. */
  createCheckpoint(name: string): Promise<Checkpoint>;
  /** As `Backups.listCheckpoints`. */
  listCheckpoints(): Checkpoint[];
  /** As `Backups.restoreCheckpoint`. */
  restoreCheckpoint(name: string): Promise<Restored<Store>>;
  /** As `Backups.deleteCheckpoint`. */
  deleteCheckpoint(name: string): boolean;
  /** As `Backups.close`. */
  close(): Promise<void>;
}

/** Where domains were when a checkpoint was taken. */
export interface DomainNote {
  readonly applied: number;
  /** The word of that log. */
  readonly log: string;
  readonly stamp: Stamp;
}

/** A checkpoint of this node. */
export interface CheckpointInfo {
  /** As it was asked for, or made of the time. */
  readonly name: string;
  /** Unix time of its cut, ms. */
  readonly takenMs: number;
  /** Of its file. */
  readonly bytes: number;
}

export interface CheckpointSource {
  readonly clock: ClusterClock;
  /** Replicated domains, and where they are now. */
  notes(): ReadonlyMap<string, DomainNote>;
  /** The versions of a domain as they lie in a store, and whether those are all that there were. */
  copyIn(
    store: Store,
    domain: string,
  ): { readonly isWhole: boolean; readonly versions: Iterable<[key: string, version: Version]> };
}

export interface CheckpointSettings {
  /** Between two that are taken by themselves, ms; 0: none are. Default 300,000, the source's. */
  readonly everyMs?: number;
  /** How many of those are kept. Default 3. */
  readonly keep?: number;
  /** One that was to be taken by itself could not be. */
  readonly onError?: (error: Error) => void;
}

const EVERY_MS = 300_000;
const KEEP = 3;
/** Names of those that are taken by themselves, and nobody else's. */
const OWN = /^auto-\d{17}$/;
/** No domain has a colon in its name. */
const NOTES = "cluster::notes";

export class Checkpoints {
  private cancel: () => void = () => {};
  private closed = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly backups: BackupsOfStore,
    private readonly source: CheckpointSource,
    private readonly settings: CheckpointSettings = {},
  ) {
    this.plan();
  }

  /**
   * Takes one now. One at a time: another that is asked for meanwhile waits.
   *
   * @param name default: by the time, as "auto-…", of which only the latest are kept
   * @throws BackupError, InvalidArgumentError for a name that is none
   */
  create(name: string = this.nameNow()): Promise<CheckpointInfo> {
    if (name !== "" && OWN.test(name) && this.list().some((known) => known.name === name)) {
      return Promise.reject(new InvalidArgumentError(`there is a checkpoint ${describe(name)} of this moment already`));
    }
    const run = this.last.then(() => this.take(name));
    this.last = run.catch(() => {});
    return run;
  }

  /** Oldest first. */
  list(): CheckpointInfo[] {
    return this.backups.listCheckpoints().map(({ name, takenMs, bytes }) => ({ name, takenMs, bytes }));
  }

  /** @throws InvalidArgumentError when there is none of that name */
  delete(name: string): void {
    if (this.backups.deleteCheckpoint(name)) return;
    const names = this.list().map((known) => known.name);
    throw new InvalidArgumentError(
      `there is no checkpoint ${describe(name)}; ${names.length === 0 ? "there are none" : `there are ${names.join(", ")}`}`,
    );
  }

  /**
   * Opens one for reading: a store of its own, to be closed when done. Null when there is none at all.
   *
   * @param name default: the latest
   * @throws InvalidArgumentError when there is none of that name; CorruptBackupError
   */
  async open(name?: string): Promise<{
    copyOf(domain: string): CheckpointCopy | null;
    close(): Promise<void>;
  } | null> {
    const all = this.list();
    const wanted = name ?? all.at(-1)?.name;
    if (wanted === undefined) return null;
    if (!all.some((known) => known.name === wanted)) {
      throw new InvalidArgumentError(
        `there is no checkpoint ${describe(wanted)}; there are ${all.map((known) => known.name).join(", ") || "none"}`,
      );
    }
    const { store } = await this.backups.restoreCheckpoint(wanted);
    return {
      copyOf: (domain) => {
        const note = noteOf(store, domain);
        if (note === null) return null;
        const { isWhole, versions } = this.source.copyIn(store, domain);
        return { checkpoint: wanted, applied: note.applied, log: note.log, isWhole, versions: () => versions };
      },
      close: () => store.close(),
    };
  }

  /** No more are taken by themselves; one that is under way is waited for. The backups are closed with it. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.cancel();
    await this.last;
    await this.backups.close();
  }

  private async take(name: string): Promise<CheckpointInfo> {
    writeNotes(this.store, this.source.notes());
    const { takenMs, bytes } = await this.backups.createCheckpoint(name);
    if (OWN.test(name)) this.forgetOld();
    return { name, takenMs, bytes };
  }

  private forgetOld(): void {
    const own = this.list().filter(({ name }) => OWN.test(name));
    for (const { name } of own.slice(0, -(this.settings.keep ?? KEEP))) this.backups.deleteCheckpoint(name);
  }

  private plan(): void {
    const everyMs = this.settings.everyMs ?? EVERY_MS;
    if (everyMs === 0) return;
    this.cancel = this.source.clock.after(everyMs, () => {
      if (this.closed) return;
      this.create().catch((error) => this.settings.onError?.(error));
      this.plan();
    });
  }

  private nameNow(): string {
    return `auto-${new Date(this.source.clock.now()).toISOString().replace(/\D/g, "")}`;
  }
}

/** Where the copies of a store's domains were when its checkpoint, if it is one, was taken. */
export function notesIn(store: Store) {
  return store.namespace(NOTES, { encoding: "json" });
}

/** Notes in the store where its copies are. */
export function writeNotes(store: Store, notes: ReadonlyMap<string, DomainNote>): void {
  const namespace = notesIn(store);
  for (const [domain, note] of notes) namespace.set(domain, note);
}

/** Where a domain's copy in a store was; null when nothing says so. */
export function noteOf(store: Store, domain: string): DomainNote | null {
  const note = notesIn(store).get(domain) as Partial<DomainNote> | undefined;
  const { applied, log, stamp } = note ?? {};
  const isStamp = Number.isSafeInteger(stamp?.ms) && Number.isSafeInteger(stamp?.counter);
  return Number.isSafeInteger(applied) && typeof log === "string" && isStamp ? (note as DomainNote) : null;
}
