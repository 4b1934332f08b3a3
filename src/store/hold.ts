/**
 * Keeping the maintenance thread out of the table while somebody looks at all of it.
 *
 * H_HOLD is the claim of the one who looks (claim.ts), 0 = nobody. The maintenance thread reads it before each round, and while it is that of
 * a living worker says so in H_HELD and stays out; so does whoever comes to look meanwhile, until it is their turn. H_HELD may still
 * be 1 from the holder before: the maintenance thread, which is about to leave its pause then, reads H_HOLD again before it touches the table,
 * and finds the new claim. A holder that dies leaves a claim that has ended once its slot is reaped: the maintenance thread takes it
 * away, or the next holder takes it over, by a swap each, so that no claim made meanwhile is lost.
 *
 * Nobody waits without an end. Waits are counted in naps, not read from a clock: a process that stood still for minutes has slept one nap.
 */
import { setTimeout } from "node:timers/promises";
import { type Header, headerWord, layout } from "../core/index.js";
import { EngramError } from "../errors.js";
import { claimOf, isLiving } from "./claim.js";
import type { WorkerConnection } from "./worker.js";

const { HELD, HOLD, WAKE } = headerWord;
/** Between two looks at whether the holder still lives. */
const LOOK_MS = 5;
/** Naps of a millisecond or more, one after the other: a round of maintenance and a look at a full store take some seconds at most. */
const NAPS = 30_000;

/**
 * Runs `look` while the maintenance thread, if there is one, stays out of the table.
 *
 * @throws EngramError "BUSY" when another holder or the maintenance thread does not give way within so many naps
 */
export async function whileHeld<T>(worker: WorkerConnection, look: () => T, naps = NAPS): Promise<T> {
  const { header } = worker;
  const { words } = header;
  const mine = claimOf(header, worker.slotNumber);
  let left = naps;
  while (!acquire(header, mine)) {
    if (left-- === 0) throw busy(heldBy(header));
    await setTimeout(1);
    worker.assertOpen();
  }
  try {
    wake(worker);
    while (header.maintained && Atomics.load(words, HELD) === 0) {
      if (left-- <= 0)
        throw busy("the maintenance thread does not pause: the thread that made the store may have died");
      await setTimeout(1);
      worker.assertOpen(); // the claim has ended with the connection
    }
    return look();
  } finally {
    Atomics.compareExchange(words, HOLD, mine, 0);
    Atomics.notify(words, HOLD);
  }
}

/** For the maintenance thread: stays out of the table as long as a living worker holds it. */
export function pauseWhileHeld(header: Header): void {
  const { words } = header;
  Atomics.store(words, HELD, 1);
  for (let claim = Atomics.load(words, HOLD); claim !== 0; claim = Atomics.load(words, HOLD)) {
    if (header.closed) break;
    if (isLiving(header, claim)) Atomics.wait(words, HOLD, claim, LOOK_MS);
    else Atomics.compareExchange(words, HOLD, claim, 0);
  }
  Atomics.store(words, HELD, 0);
}

/** Makes the maintenance thread look up. */
export function wake(worker: WorkerConnection): void {
  const { words } = worker.header;
  Atomics.store(words, WAKE, 1);
  Atomics.notify(words, WAKE);
}

function acquire(header: Header, mine: number): boolean {
  const now = Atomics.load(header.words, HOLD);
  return (now === 0 || !isLiving(header, now)) && Atomics.compareExchange(header.words, HOLD, now, mine) === now;
}

function heldBy({ words }: Header): string {
  const slot = (Atomics.load(words, HOLD) & layout.CLAIM_SLOT_MASK) - 1;
  return `the worker in slot ${slot} is looking at it; if that worker died, store.watch(worker) would have given its slot back`;
}

function busy(why: string): EngramError {
  return new EngramError("BUSY", `the store cannot be looked at: ${why}`);
}
