/**
 * Permits that all threads of a store share, under one name: never more are out than there are, in whichever threads, and a dead thread's are free
 * again (src/core/assembly/permits.ts). A thread waits with its slot's wake word, as it does for a lock, and with no timer but the one that looks again.
 *
 * A permit that is free is for whoever has waited longest. A thread that keeps connections it does not need is told when another begins to wait: it
 * closes one, and of several that could, one does.
 */
import { describe } from "../../check.js";
import { layout, PERMIT_BYTES, PERMITS_MOST, PermitWords } from "../../core/index.js";
import { InvalidArgumentError, OutOfMemoryError } from "../../errors.js";
import { SYSTEM_KEYS } from "../system-keys.js";
import type { WorkerConnection } from "../worker.js";
import { openMemory } from "./memory.js";
import { resourcesOf } from "./table.js";
import { wakeCalls } from "./wake-calls.js";

const PERMITS = `${SYSTEM_KEYS.resource}permits:`;
/** How soon a thread that waits looks again by itself: what it was promised may have been lost with a thread, or gone to another. */
const LOOK_AGAIN_MS = 100;

export class SharedPermits {
  private readonly taken: number[] = [];
  private readonly claim: number;
  private retry: (() => void) | null = null;
  private asked: (() => void) | null = null;
  private unlisten: (() => void) | null = null;
  private since: number | null = null;
  private lookedAt = 0;
  private timer: NodeJS.Timeout | null = null;

  private constructor(
    private readonly worker: WorkerConnection,
    private readonly at: number,
  ) {
    this.claim = resourcesOf(worker).claim;
  }

  /**
   * The permits of this name; made when there are none yet.
   *
   * @throws InvalidArgumentError for more than there is room for, or when they were made with another `max`; OutOfMemoryError
   */
  static open(worker: WorkerConnection, name: string, max: number): SharedPermits {
    if (max > PERMITS_MOST) {
      throw new InvalidArgumentError(
        `option max is ${describe(max)}; of a pool with scope "process" it is at most ${PERMITS_MOST}`,
      );
    }
    const table = resourcesOf(worker);
    const first = table.first();
    const number = table.names.numberOf(name);
    const at = openMemory(worker, `${PERMITS}${number}`, PERMIT_BYTES, () => noRoom(name)) as number;
    const made = worker.engine.makePermits(at, max) >>> 0;
    if (made !== max) {
      throw new InvalidArgumentError(
        `option max is ${max}; the pools of scope "process" and name ${describe(name)} share ${made} permits: give all of them the same max`,
      );
    }
    if (!first.notePermits(number)) {
      throw new InvalidArgumentError(
        `there are ${layout.RESOURCES_PERMITS_MOST} pools of scope "process" in this store, the most there can be`,
      );
    }
    return new SharedPermits(worker, at);
  }

  /** Calls `asked` when another thread waits: `isOwed` says whether this one is to give one back. The function returned ends that. */
  onAsked(asked: () => void): () => void {
    this.asked = asked;
    this.listenWhileNeeded();
    return () => {
      this.asked = null;
      this.listenWhileNeeded();
    };
  }

  tryTake(): boolean {
    if (this.worker.closed) return false;
    const index = this.worker.engine.takePermit(this.at, this.claim);
    if (index < 0) return false;
    this.taken.push(index);
    this.endWait();
    this.listenWhileNeeded();
    return true;
  }

  give(): void {
    const index = this.taken.pop();
    if (index === undefined || this.worker.closed) return; // closed: what it had was freed with its slot
    this.worker.engine.givePermit(this.at, index, this.claim);
    this.listenWhileNeeded();
  }

  /** Calls `retry` when there may be one. The function returned ends the wait. */
  wait(retry: () => void): () => void {
    this.retry = retry;
    if (this.since === null && !this.worker.closed) {
      this.since = this.now();
      this.ask();
      this.listenWhileNeeded();
      this.timer = setInterval(() => this.lookAgain(), LOOK_AGAIN_MS).unref();
      // one may have come free before this thread was among those who are told
      queueMicrotask(() => this.tell());
    }
    return () => this.endWait();
  }

  /**
   * Whether this thread is to give one back to another that has waited for so long, in ms, or longer; it is promised then, and whoever asks
   * next is told otherwise.
   */
  isOwed(patience: number): boolean {
    if (this.taken.length === 0 || this.worker.closed) return false;
    return this.worker.engine.promisePermit(this.at, this.now(), patience) !== 0;
  }

  private now(): number {
    return Math.floor(this.worker.elapsed()) >>> 0;
  }

  private ask(): void {
    this.lookedAt = this.now();
    this.worker.engine.waitForPermit(this.at, this.claim, this.since as number);
  }

  /** What somebody has promised may have gone elsewhere: others are asked once more. */
  private lookAgain(): void {
    if (this.since === null || this.worker.closed) {
      this.endWait();
      return;
    }
    this.tell();
    if (this.since !== null && this.now() - this.lookedAt >= LOOK_AGAIN_MS) this.ask();
  }

  private endWait(): void {
    if (this.since === null) return;
    this.since = null;
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    if (!this.worker.closed) this.worker.engine.endWaitForPermit(this.at);
    this.listenWhileNeeded();
  }

  /** A thread that waits, or has some, is told; others cost nothing. */
  private listenWhileNeeded(): void {
    const needed = this.since !== null || (this.asked !== null && this.taken.length > 0);
    if (needed && this.unlisten === null) {
      this.unlisten = wakeCalls(this.worker, () => this.tell());
    } else if (!needed && this.unlisten !== null) {
      this.unlisten();
      this.unlisten = null;
    }
  }

  private tell(): void {
    if (this.worker.closed) return;
    if (this.since !== null) this.retry?.();
    if (this.taken.length > 0) this.asked?.();
  }
}

/** The permits of a pool, by whom they are held. */
export interface PermitFigures {
  readonly pool: string;
  readonly max: number;
  /** Claims. */
  readonly owners: readonly number[];
  readonly waiters: readonly number[];
}

/** Of all pools with permits that threads share. */
export function permitFigures(worker: WorkerConnection): PermitFigures[] {
  return eachPermits(worker).map(({ number, at }) => {
    const words = wordsAt(worker, at);
    const pool = resourcesOf(worker).names.nameOf(number) ?? `${number}`;
    return { pool, max: words.max, owners: words.owners().filter((claim) => claim !== 0), waiters: words.waiters() };
  });
}

/** Frees what threads have of permits of which `isGone` says so, and where they waited; how many permits. */
export function reapPermits(worker: WorkerConnection, isGone: (claim: number) => boolean): number {
  let freed = 0;
  for (const { at } of eachPermits(worker)) {
    const words = wordsAt(worker, at);
    const dead = new Set([...words.owners(), ...words.waiters()].filter((claim) => claim !== 0 && isGone(claim)));
    for (const claim of dead) freed += worker.engine.reapPermits(at, claim) >>> 0;
  }
  return freed;
}

function eachPermits(worker: WorkerConnection): { number: number; at: number }[] {
  const names = resourcesOf(worker).known()[0]?.words.permitNames() ?? [];
  return names.flatMap((number) => {
    const at = openMemory(worker, `${PERMITS}${number}`, null, () => noRoom(""));
    return at === null ? [] : [{ number, at }];
  });
}

function wordsAt(worker: WorkerConnection, at: number): PermitWords {
  return new PermitWords(worker.bufferHolding(at + PERMIT_BYTES), at);
}

function noRoom(name: string): OutOfMemoryError {
  return new OutOfMemoryError(`no slab of 64 KiB is free for the permits of pool ${describe(name)}`);
}
