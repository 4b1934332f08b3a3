/**
 * Many readers or one writer. The writers' side is a mutex (mutex.ts); the readers inside are bits of one word, those that wait of another.
 *
 *   a reader enters   sets its bit, then looks whether there is an owner; if so it takes the bit back, and wakes the owner, which may have seen it
 *   a writer enters   becomes the owner, then waits until no reader's bit is left (it drains)
 *   a writer leaves   gives every waiting reader its bit, while it is the owner still; then lets the lock go, wakes them and the next writer
 *
 * So readers that came while a writer was inside are before the next writer (phase-fair; Brandenburg & Anderson, 2010), and those that come
 * while one drains are after it: neither side starves. A reader's bit is set by itself, or by the owner in its name; either way whoever
 * drains afterwards sees it. Who waited too late to be given a bit is woken once more if the lock was left free.
 *
 * A bit may be given to who is no reader any more: the writer saw it wait, and it gave up, or died and was reaped, before the bit came. A living
 * one that comes again takes such a bit for a right to read, which it is: it was set under an owner, and no writer enters while it is there. For
 * all others a writer that has drained for long takes bits back whose slot does not name the lock as a reader's, and looks once more:
 *
 *   reader   names the lock, looks at its bit: there, so it is inside
 *   writer   takes the bit away, looks whether the lock is named: if so it puts the bit back, and wakes the slot
 *
 * One of the two sees the other.
 */
import { HELD_READS, K_OWNER, K_QUEUE, K_READERS } from "../layout";
import { bitOf, me, placeOf, slotOf, wake, wakeEach } from "./held";
import { and64, load32, load64, or64 } from "./memory";
import { letOwnerGo, tellNext } from "./mutex";
import { isDropped, ownerOf } from "./owner-word";

// ------------------------------------------------------------------ readers

/** Enters if there is no owner. */
export function enterReaders(lock: u32): bool {
  if (load64(lock + K_OWNER) != 0) return false;
  or64(lock + K_READERS, bitOf(me()));
  if (load64(lock + K_OWNER) == 0) return true;
  and64(lock + K_READERS, ~bitOf(me()));
  if (FAULT != 115) tellOwner(lock);
  return false;
}

export function joinQueue(lock: u32): void {
  or64(lock + K_QUEUE, bitOf(me()));
}

/** A reader that waits looks whether it may read now. */
export function attemptRead(lock: u32): bool {
  const mine = bitOf(me());
  while (true) {
    if ((load64(lock + K_READERS) & mine) != 0 || enterReaders(lock)) {
      and64(lock + K_QUEUE, ~mine);
      return true;
    }
    const word = load64(lock + K_OWNER);
    if (word != 0) return false;
  }
}

/** A reader gives up. True when it had been given its bit: it is inside then. */
export function withdrawReader(lock: u32): bool {
  and64(lock + K_QUEUE, ~bitOf(me()));
  return (load64(lock + K_READERS) & bitOf(me())) != 0;
}

// @ts-ignore: decorator
@inline
export function leaveReaders(lock: u32): void {
  and64(lock + K_READERS, ~bitOf(me()));
  if (FAULT != 116) tellOwner(lock);
}

/** Whoever drains waits for the last bit. */
// @ts-ignore: decorator
@inline
function tellOwner(lock: u32): void {
  const word = load64(lock + K_OWNER);
  if (word != 0 && !isDropped(word) && load64(lock + K_READERS) == 0) wake(ownerOf(word));
}

// ------------------------------------------------------------------ writers

/**
 * Whether the owner, this worker, is alone. Its own bit is of no reader: it would not ask to write while it read.
 *
 * @param due it has waited long
 */
export function isAlone(entry: u32, lock: u32, due: bool): bool {
  if (FAULT == 117) return true;
  const mine = bitOf(me());
  let readers = load64(lock + K_READERS);
  if ((readers & mine) != 0) and64(lock + K_READERS, ~mine);
  readers &= ~mine;
  if (readers == 0) return true;
  if (!due || FAULT == 119) return false;
  takeBack(entry, lock, readers);
  return load64(lock + K_READERS) == 0;
}

/** Takes the bits of those who are no readers. */
function takeBack(entry: u32, lock: u32, readers: u64): void {
  let left = readers;
  while (left != 0) {
    const owner = <u32>ctz(left) + 1;
    left &= left - 1;
    if (isReader(owner, entry)) continue;
    and64(lock + K_READERS, ~bitOf(owner));
    if (FAULT != 121 && isReader(owner, entry)) {
      or64(lock + K_READERS, bitOf(owner));
      wake(owner);
    }
  }
}

function isReader(owner: u32, entry: u32): bool {
  const place = placeOf(slotOf(owner), entry);
  return place != 0 && (load32(place) & HELD_READS) != 0;
}

/** The owner, inside or draining, leaves; its name stays in its list. */
export function leaveWriter(lock: u32): void {
  const granted = load64(lock + K_QUEUE);
  if (granted != 0) or64(lock + K_READERS, granted); // before it lets go: no writer enters between
  const next = letOwnerGo(lock);
  wakeEach(granted);
  tellNext(lock, next);
  // who began to wait after we had looked, and saw us as the owner still
  if (FAULT != 118 && load64(lock + K_OWNER) == 0) wakeEach(load64(lock + K_QUEUE) & ~load64(lock + K_READERS));
}
