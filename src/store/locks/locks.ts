/** All locks that a thread uses: by name, what it has of those with an order, how its tasks sleep, and who is in a deadlock. */
import { LockWords, layout, result } from "../../core/index.js";
import { DeadlockError, InvalidArgumentError, OutOfMemoryError } from "../../errors.js";
import { ownNames } from "../listing.js";
import { SYSTEM_KEYS } from "../system-keys.js";
import type { WorkerConnection } from "../worker.js";
import { type Deadlock, LocalLock, type LockThread, type Waiter } from "./local-lock.js";
import { heldBy, type Task } from "./task.js";

const KEY_PREFIX = SYSTEM_KEYS.lock;
/** Beyond the longest nap: what keeps the process alive while a task sleeps. */
const ALIVE_MS = 1000;

const ofWorkers = new WeakMap<WorkerConnection, Locks>();

/** The thread's locks; made when it uses the first. */
export function locksOf(worker: WorkerConnection): Locks {
  let locks = ofWorkers.get(worker);
  if (locks === undefined) {
    locks = new Locks(worker);
    ofWorkers.set(worker, locks);
  }
  return locks;
}

/** This thread has closed the store: those of its tasks that wait hear of it. */
export function closeLocks(worker: WorkerConnection): void {
  ofWorkers.get(worker)?.close();
}

export class Locks implements LockThread {
  readonly wakeWord: Int32Array;
  private readonly words: LockWords;
  private readonly byName = new Map<string, LocalLock>();
  /** Those with an order that tasks of this thread have, once for each. */
  private readonly ordered: LocalLock[] = [];

  constructor(readonly worker: WorkerConnection) {
    this.words = new LockWords(worker.header, worker.slot);
    this.wakeWord = this.words.wake;
  }

  /**
   * The lock of this name; made when it does not exist yet.
   *
   * @param order undefined: whichever it has, none when it is made
   * @param mayMake throws where the caller may not
   * @throws InvalidArgumentError for a lock of another kind or order; OutOfMemoryError
   */
  open(name: string, kind: number, order: number | undefined, mayMake: () => void): LocalLock {
    const { worker } = this;
    for (;;) {
      const key = worker.putKey(KEY_PREFIX + name);
      if (worker.engine.openLock(key) !== 0) return this.checked(this.local(name), kind, order);
      mayMake();
      const status = worker.engine.makeLock(
        worker.putKey(KEY_PREFIX + name),
        kind,
        order === undefined ? 0 : order + 1,
      );
      if (status === layout.NO_MEMORY) throw new OutOfMemoryError(`no chunk is free for lock "${name}"`);
      // made, by us or by another thread; it may even be dropped again: look once more
    }
  }

  /** What the engine has just found. */
  private local(name: string): LocalLock {
    const { out } = this.worker;
    const entry = out[result.ENTRY];
    const version = out[result.VERSION];
    let local = this.byName.get(name);
    if (local === undefined || local.entry !== entry || local.version !== version) {
      local = new LocalLock(this, name, entry, version, out[result.LOCK_KIND], out[result.LOCK_ORDER] - 1);
      this.byName.set(name, local);
    }
    return local;
  }

  private checked(lock: LocalLock, kind: number, order: number | undefined): LocalLock {
    if (lock.kind !== kind) {
      const [asked, instead] = kind === layout.LOCK_RW ? ["read-write lock", "mutex"] : ["mutex", "rwLock"];
      throw new InvalidArgumentError(`${lock} is no ${asked}; it was made by store.${instead}()`);
    }
    if (order !== undefined && order !== lock.order) {
      const made = lock.order < 0 ? "no order" : `order ${lock.order}`;
      throw new InvalidArgumentError(`${lock} was made with ${made}, not ${order}`);
    }
    return lock;
  }

  /** Takes the name away. False when there is no such lock. @throws InvalidArgumentError while somebody has it */
  drop(name: string): boolean {
    const { worker } = this;
    const local = this.byName.get(name);
    if (local?.isHeldHere)
      throw new InvalidArgumentError(`${local} is held by this thread; let it go before you drop it`);
    const status = worker.engine.dropLock(worker.putKey(KEY_PREFIX + name));
    if (status === layout.MISS) return false;
    if (status === layout.OK) {
      this.byName.delete(name);
      local?.close();
      return true;
    }
    const holder = worker.out[result.HOLDER];
    const whose = holder === 0 ? "by others" : `by thread ${this.words.threadOf(holder)}`;
    throw new InvalidArgumentError(`lock "${name}" is held ${whose}; drop it when nobody has it`);
  }

  names(): string[] {
    return ownNames(this.worker, KEY_PREFIX);
  }

  close(): void {
    for (const lock of this.byName.values()) lock.close();
  }

  // ---------------------------------------------------------------- what the thread has

  took(lock: LocalLock): void {
    if (lock.order >= 0) this.ordered.push(lock);
  }

  left(lock: LocalLock): void {
    this.ordered.splice(this.ordered.lastIndexOf(lock), 1);
  }

  highest(): LocalLock | null {
    let highest: LocalLock | null = null;
    for (const lock of this.ordered) if (highest === null || lock.order > highest.order) highest = lock;
    return highest;
  }

  isOwned(lock: LocalLock): boolean {
    return this.words.isOwned(this.bufferOf(lock), lock.entry);
  }

  /** Who has it, as messages name it; nobody knows of readers. */
  holderOf(lock: LocalLock): string {
    const owner = this.words.owner(this.bufferOf(lock), lock.entry);
    return owner === 0 ? "others have it" : `thread ${this.words.threadOf(owner)} has it`;
  }

  poisonedBy(lock: LocalLock): number {
    return this.words.poisonedBy(this.bufferOf(lock), lock.entry);
  }

  private bufferOf({ entry }: LocalLock): ArrayBufferLike {
    return this.worker.bufferHolding(entry + layout.CHUNK_MAX);
  }

  // ---------------------------------------------------------------- deadlocks

  /** With what the task has, it waits for the lock; null: it does not wait any more. */
  noteTask(task: Task | undefined, lock: LocalLock | null, how: number): void {
    for (const { lock: held, how: heldHow } of heldBy(task)) {
      // of several readers one that waits does not keep the others from ending
      if (lock !== null && heldHow === layout.HOW_READ && held.isReadByMany) continue;
      this.worker.engine.noteWait(held.entry, lock === null ? 0 : targetOf(lock, how));
    }
  }

  /** The cycle that this thread's wait for the lock is in, if it is. */
  findDeadlock(lock: LocalLock, how: number): Deadlock | null {
    const { worker } = this;
    const rows = worker.engine.findDeadlock(targetOf(lock, how));
    if (rows === 0) return null;
    const chain = this.words.deadlock(worker.bufferHolding(worker.header.pool + worker.header.poolBytes), rows);
    const cycle = chain.map(({ key }) => key.slice(KEY_PREFIX.length));
    const told = chain.map(({ thread }, i) => `"${cycle[i]}", held by thread ${thread}`);
    const message = `waiting for ${lock} would never end: this thread waits for ${told.join(", which waits for ")}`;
    // one of them gives up, and the others go on: the last in the order of slots
    const isOurs = Math.max(...chain.map(({ holder }) => holder)) === worker.slotNumber + 1;
    return { isOurs, error: new DeadlockError(message, cycle) };
  }

  // ---------------------------------------------------------------- sleep

  /**
   * Sleeps until the waiter is woken, by its `wake` or, unless `seen` is null, because the thread's word is not what it was; or its nap
   * ends, or the signal aborts.
   */
  async sleep(waiter: Waiter, seen: number | null, nap: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return;
    let wake = () => {};
    const woken = new Promise<void>((done) => {
      wake = done;
    });
    waiter.wake = wake;
    signal?.addEventListener("abort", wake, { once: true });
    const shared = seen !== null && this.worker.shared;
    // the timer also keeps the process alive, which Atomics.waitAsync does not: who awaits a lock wants it to be
    const timer = setTimeout(wake, Math.min(Math.ceil(nap), shared ? ALIVE_MS : 2 ** 31 - 1));
    try {
      if (shared) {
        const told = Atomics.waitAsync(this.words.wake, 0, seen, nap);
        if (told.async) await Promise.race([told.value, woken]);
      } else {
        await woken;
      }
    } finally {
      clearTimeout(timer);
      waiter.wake = null;
      signal?.removeEventListener("abort", wake);
    }
  }
}

function targetOf(lock: LocalLock, how: number): number {
  return lock.entry | (how === layout.HOW_READ ? layout.HELD_READS : 0);
}
