/**
 * Where threads sleep that wait for a channel or a queue: two words of a place, which many share (PARKING in src/core/layout.ts). The engine
 * bumps the one when something has come, the other when there is room.
 *
 * A sleeper reads the word, looks for what it waits for, says by a flag that it will sleep, then sleeps on the word as it was before it
 * looked. Who has bumped the word sees the flag, or the sleeper finds its word changed. The flag is one for all: whoever wakes takes it back
 * and bumps the word once more, so who says so after that sleeps on the new word, and its flag stays. A sleeper that died leaves a
 * flag that costs the next one a wake-up, and no more.
 */
import { isMainThread } from "node:worker_threads";
import { parking } from "../core/index.js";
import { InvalidArgumentError } from "../errors.js";
import { threadNow } from "./clock.js";
import { type Patience, untilAborted } from "./waiting.js";
import type { WorkerConnection } from "./worker.js";

/** How often a sleeping thread wakes by itself, in ms: a wake-up may have gone to another sleeper, and that one died. */
const LOOK_AGAIN_MS = 100;

interface Side {
  readonly word: number;
  readonly flag: number;
}

/** Something has come. */
export const ARRIVALS: Side = { word: parking.ARRIVALS, flag: parking.RECEIVERS_WAIT };
/** There is room. */
export const DEPARTURES: Side = { word: parking.DEPARTURES, flag: parking.SENDERS_WAIT };

/** What is asked before a thread is put to sleep, and how soon it is to look again by itself. */
interface Wish<T> {
  /** undefined: not yet. */
  readonly attempt: () => T | undefined;
  /** Of the attempt before: milliseconds until there may be something without anybody's word. */
  readonly nap?: () => number;
}

export class Place {
  private readonly words: Int32Array;

  /** @param address of the place */
  constructor(
    private readonly worker: WorkerConnection,
    address: number,
  ) {
    this.words = parking.parkingWords(worker.currentBuffer(), address);
  }

  /** Wakes who sleeps on a word that the engine has bumped, if any may. */
  wake({ word, flag }: Side): void {
    const { words, worker } = this;
    if (Atomics.load(words, flag) === 0) return;
    Atomics.store(words, flag, 0);
    Atomics.add(words, word, 1);
    if (worker.shared) Atomics.notify(words, word);
    else worker.wakeUps.emit(this.eventOf(word));
  }

  /** @throws InvalidArgumentError where blocking would stop everything */
  mayBlock(verb: string, instead: string): void {
    if (!this.worker.shared) {
      throw new InvalidArgumentError(`${verb} would block the only thread that has this store; use await ${instead}()`);
    }
    if (isMainThread) throw new InvalidArgumentError(`${verb} would block the main thread; use await ${instead}()`);
  }

  /** Blocks the thread until the attempt succeeds or the time is `end`, then undefined. */
  block<T>(side: Side, wish: Wish<T>, end: number): T | undefined {
    const { words } = this;
    for (;;) {
      const seen = Atomics.load(words, side.word);
      const result = wish.attempt();
      const left = end - threadNow();
      if (result !== undefined || left <= 0) return result;
      Atomics.store(words, side.flag, 1);
      Atomics.wait(words, side.word, seen, napOf(wish, left));
    }
  }

  /** The same without blocking the event loop. @throws what the signal aborts with, after an attempt that did not succeed */
  async until<T>(side: Side, wish: Wish<T>, { end, signal }: Patience): Promise<T | undefined> {
    const { words } = this;
    for (;;) {
      const seen = Atomics.load(words, side.word);
      const result = wish.attempt();
      const left = end - threadNow();
      if (result !== undefined || left <= 0) return result;
      Atomics.store(words, side.flag, 1);
      const nap = napOf(wish, left);
      if (this.worker.shared) await this.sleepShared(side.word, seen, nap, signal);
      else await this.sleepAlone(side.word, nap, signal);
      signal?.throwIfAborted();
    }
  }

  private async sleepShared(word: number, seen: number, nap: number, signal?: AbortSignal): Promise<void> {
    // waitAsync alone does not keep the process alive; someone who awaits a message wants it to be
    const alive = setTimeout(() => {}, LOOK_AGAIN_MS * 2);
    try {
      const wait = Atomics.waitAsync(this.words, word, seen, nap);
      if (wait.async) await untilAborted(wait.value, signal);
    } finally {
      clearTimeout(alive);
    }
  }

  /** Private memory has no Atomics.wait, and needs none: who wakes us runs in this thread. */
  private async sleepAlone(word: number, nap: number, signal?: AbortSignal): Promise<void> {
    const { wakeUps } = this.worker;
    const event = this.eventOf(word);
    let wake = () => {};
    const woken = new Promise<void>((done) => {
      wake = done;
    });
    const timer = setTimeout(wake, nap);
    wakeUps.on(event, wake);
    try {
      await untilAborted(woken, signal);
    } finally {
      clearTimeout(timer);
      wakeUps.off(event, wake);
    }
  }

  private eventOf(word: number): string {
    return `${this.words.byteOffset + word * 4}`;
  }
}

function napOf<T>({ nap }: Wish<T>, left: number): number {
  return Math.min(left, LOOK_AGAIN_MS, nap === undefined ? LOOK_AGAIN_MS : nap());
}

/** A thread has gone: what it held is others' now, and whoever waits looks again. */
export function wakeAll(worker: WorkerConnection): void {
  for (const address of parking.placesGiven(worker.currentBuffer())) {
    const place = new Place(worker, address);
    place.wake(ARRIVALS);
    place.wake(DEPARTURES);
  }
}
