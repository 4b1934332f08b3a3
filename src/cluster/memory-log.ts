/** A domain's log in this process: what an engine promises, and nothing that could fail. */
import { type Appended, EngineConflict, type Logged, type LogKey } from "./engine.js";

export interface MemoryLogOptions {
  /** For how long attempts are remembered, ms. Default two minutes, as elsewhere. */
  readonly duplicateWindowMs?: number;
  /**
   * A duplicate that expects a number is told as a conflict, though it is the version that stands there: as nats-server 2.10 does. Default false.
   */
  readonly duplicatesConflict?: boolean;
}

const DUPLICATE_WINDOW_MS = 120_000;

export class MemoryLog {
  last = 0;
  readonly duplicateWindowMs: number;
  private readonly duplicatesConflict: boolean;
  /** The last versions, in the order of their numbers. */
  private readonly standing = new Map<LogKey, Logged>();
  private readonly attempts = new Map<string, { seq: number; atMs: number }>();
  private readonly subscribers = new Set<(seq: number, key: LogKey, entry: Uint8Array) => void>();

  constructor({ duplicateWindowMs = DUPLICATE_WINDOW_MS, duplicatesConflict = false }: MemoryLogOptions = {}) {
    this.duplicateWindowMs = duplicateWindowMs;
    this.duplicatesConflict = duplicatesConflict;
  }

  /** @throws EngineConflict */
  append(key: LogKey, entry: Uint8Array, id: string, expect: number | undefined, nowMs: number): Appended {
    this.forgetAttempts(nowMs);
    const before = this.attempts.get(id);
    if (before !== undefined && !(this.duplicatesConflict && expect !== undefined)) {
      return { seq: before.seq, duplicate: true };
    }
    const stands = this.standing.get(key)?.seq ?? 0;
    if (before !== undefined || (expect !== undefined && expect !== stands)) {
      throw new EngineConflict(`expected ${expect}, and ${stands} stands there`);
    }
    const seq = ++this.last;
    this.standing.delete(key);
    this.standing.set(key, { seq, entry: entry.slice() });
    this.attempts.set(id, { seq, atMs: nowMs });
    for (const subscriber of this.subscribers) subscriber(seq, key, entry.slice());
    return { seq, duplicate: false };
  }

  /** A copy, as of everything that leaves the log: whoever gets it may write into it. */
  read(key: LogKey): Logged | null {
    const logged = this.standing.get(key);
    return logged === undefined ? null : copy(logged);
  }

  /** What stands above `seq`, in order. */
  since(seq: number): { key: LogKey; logged: Logged }[] {
    const found: { key: LogKey; logged: Logged }[] = [];
    for (const [key, logged] of this.standing) if (logged.seq > seq) found.push({ key, logged: copy(logged) });
    return found;
  }

  forget(key: LogKey, seq: number): void {
    if (this.standing.get(key)?.seq === seq) this.standing.delete(key);
  }

  /** As servers that kept it in memory and all died: it counts from 1 again. */
  lose(): void {
    this.last = 0;
    this.standing.clear();
    this.attempts.clear();
  }

  subscribe(subscriber: (seq: number, key: LogKey, entry: Uint8Array) => void): () => void {
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  private forgetAttempts(nowMs: number): void {
    for (const [id, { atMs }] of this.attempts) {
      if (nowMs - atMs <= this.duplicateWindowMs) return;
      this.attempts.delete(id);
    }
  }
}

function copy({ seq, entry }: Logged): Logged {
  return { seq, entry: entry.slice() };
}
