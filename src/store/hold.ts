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
import { layout } from "../core/index.js";
import { EngramError } from "../errors.js";
import { claimOf, isLiving } from "./claim.js";
import type { WorkerConnection } from "./worker.js";

const hold = layout.H_HOLD / 4;
const held = layout.H_HELD / 4;
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
  const buffer = worker.currentBuffer();
  const header = new Int32Array(buffer, 0, layout.HEADER_SIZE / 4);
  const mine = claimOf(buffer, worker.slotNumber);
  let left = naps;
  while (!take(buffer, header, mine)) {
    if (left-- === 0) throw busy(heldBy(header));
    await setTimeout(1);
    worker.assertOpen();
  }
  try {
    wake(worker);
    while (Atomics.load(header, layout.H_MAINTAINED / 4) !== 0 && Atomics.load(header, held) === 0) {
      if (left-- <= 0)
        throw busy("the maintenance thread does not pause: the thread that made the store may have died");
      await setTimeout(1);
      worker.assertOpen(); // the claim has ended with the connection
    }
    return look();
  } finally {
    Atomics.compareExchange(header, hold, mine, 0);
    Atomics.notify(header, hold);
  }
}

/** For the maintenance thread: stays out of the table as long as a living worker holds it. */
export function pauseWhileHeld(header: Int32Array): void {
  Atomics.store(header, held, 1);
  for (let claim = Atomics.load(header, hold); claim !== 0; claim = Atomics.load(header, hold)) {
    if (Atomics.load(header, layout.H_CLOSED / 4) !== 0) break;
    if (isLiving(header.buffer, claim)) Atomics.wait(header, hold, claim, LOOK_MS);
    else Atomics.compareExchange(header, hold, claim, 0);
  }
  Atomics.store(header, held, 0);
}

/** Makes the maintenance thread look up. */
export function wake(worker: WorkerConnection): void {
  const header = new Int32Array(worker.header.buffer, 0, layout.HEADER_SIZE / 4);
  Atomics.store(header, layout.H_WAKE / 4, 1);
  Atomics.notify(header, layout.H_WAKE / 4);
}

function take(buffer: ArrayBufferLike, header: Int32Array, mine: number): boolean {
  const now = Atomics.load(header, hold);
  return (now === 0 || !isLiving(buffer, now)) && Atomics.compareExchange(header, hold, now, mine) === now;
}

function heldBy(header: Int32Array): string {
  const slot = (Atomics.load(header, hold) & layout.CLAIM_SLOT_MASK) - 1;
  return `the worker in slot ${slot} is looking at it; if that worker died, store.watch(worker) would have given its slot back`;
}

function busy(why: string): EngramError {
  return new EngramError("BUSY", `the store cannot be looked at: ${why}`);
}
