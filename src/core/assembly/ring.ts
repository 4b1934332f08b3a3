/**
 * Channels between agents (M-002): a bounded ring of cells, each a u64 (message chunk, position). A cell for position p is
 * empty while it reads (0, p), full while it reads (message, p); taking it leaves (0, p + capacity). A message goes in by one
 * swap of its cell, which is also where the send is linearized; tail and head are only hints that anyone may advance, so a
 * sender that dies after its swap stops nobody.
 *
 * One receiver per ring, who claims it. Senders: one (SPSC, wait-free: its cell store needs no swap, it never repeats) or
 * many (MPSC, lock-free). Messages live in chunks of their size class, so a ring costs 8 bytes a cell.
 *
 * For the reaper of a sender: the receiver marks the message before it empties the cell, so a message that is neither in
 * the ring nor marked was never sent.
 *
 * A ring may be dropped at any time. Every operation names the ring's entry first and asks whether it is current (ring-cells.ts); where it is
 * not, the channel is GONE. Who waits for a channel sleeps on words outside of it (PARKING).
 */
import {
  CLAIM_SLOT_BITS,
  CLAIM_SLOT_MASK,
  C_RECEIVED,
  C_SENT,
  DROPPED,
  D_BYTES,
  D_FIRST,
  D_SIZE,
  LARGE,
  O_ADDRESS,
  O_LENGTH,
  EMPTY,
  E_DEATH,
  E_KEY,
  E_META,
  E_NEXT,
  E_VALUE_LENGTH,
  FULL,
  GONE,
  H_NEXT_PLACE,
  H_SLOTS,
  MISS,
  NOT_YOURS,
  NO_MEMORY,
  OK,
  PARKING,
  PARKING_PLACES,
  PARKING_SIZE,
  P_ARRIVALS,
  P_DEPARTURES,
  Q_LEASE,
  Q_MAX_ATTEMPTS,
  Q_MAX_BYTES,
  RING_SPSC,
  O_CAPACITY,
  O_DROPPED,
  O_ENTRY,
  O_KIND,
  O_LEASE,
  O_MAX_ATTEMPTS,
  O_MAX_BYTES,
  O_PLACE,
  O_VERSION,
  O_WHEN_FULL,
  R_CAPACITY,
  R_CELLS,
  R_DROPPED,
  R_HEAD,
  R_KIND,
  R_PLACE,
  R_RECEIVER,
  R_SENDER,
  R_TAIL,
  R_WHEN_FULL,
  SLOT_ACTIVE,
  SLOT_SIZE,
  S_HAND_CHUNK,
  S_HAND_FREE,
  S_HAND_MESSAGE,
  S_HAND_MESSAGE_RING,
  S_HAND_RING,
  S_INCARNATION,
  S_KEY,
  S_OUT,
  S_RING,
  S_STATE,
  S_VALUE,
} from "../layout";
import { allocateOrEvict } from "./evict";
import { add32, add64, copyRacyExact, copyVectors, load32, load64, release32, store32, swap32, swap64 } from "./memory";
import { makeHolder } from "./large";
import { classOf, free, putBack } from "./pool";
import { isCurrent } from "./quota";
import { read } from "./read";
import { clearHazards, scan } from "./reclaim";
import { formatCells, ringOf } from "./ring-cells";
import { hasSpan, releaseSpan, slabStart, unbindSpan } from "./slabs";
import { removeLife } from "./remove";
import { beginWrite, count, endWrite, slot, slotNumber } from "./worker";
import { writeRing } from "./write";

/** Writes at `made` how a ring is to be made. Of what follows the first line all is zero. */
export function describeRing(made: u32, capacity: u32, kind: u32, whenFull: u32): void {
  memory.fill(made, 0, R_CELLS);
  store<u32>(made + R_CAPACITY, capacity);
  store<u32>(made + R_KIND, kind);
  store<u32>(made + R_WHEN_FULL, whenFull);
}

/** Makes what lies behind the key of a new entry an empty ring, as described. The place it gets is the next one in turn. */
export function initialiseRing(ring: u32, made: u32): void {
  memory.copy(ring, made, R_CELLS);
  store<u32>(ring + R_PLACE, PARKING + (add32(H_NEXT_PLACE, 1) % PARKING_PLACES) * PARKING_SIZE);
  formatCells(ring, load<u32>(ring + R_CAPACITY), load<u32>(ring + R_KIND));
}

/** Makes the channel with the key in the key window: OK, UNMET when there is one, or NO_MEMORY. */
export function makeRing(hash: u32, meta: u32, capacity: u32, kind: u32, whenFull: u32): i32 {
  describeRing(slot + S_VALUE, capacity, kind, whenFull);
  return writeRing(hash, meta, slot + S_KEY, slot + S_VALUE);
}

// ------------------------------------------------------------------ being in a ring

/** Names the ring's entry, so that it stays; then asks whether it is the channel's still. False when that was dropped. */
// @ts-ignore: decorator
@inline
export function enterRing(entry: u32, version: u32): bool {
  store32(slot + S_RING, entry);
  if (FAULT == 68 || isCurrent(entry, version)) return true;
  leaveIt();
  return false;
}

// @ts-ignore: decorator
@inline
export function leaveIt(): void {
  release32(slot + S_RING, 0);
}

/**
 * Finds the channel or queue with the key in the key window: O_ENTRY, O_VERSION, and of the ring O_CAPACITY, O_KIND, O_WHEN_FULL and O_PLACE;
 * of a queue O_LEASE, O_MAX_ATTEMPTS and O_MAX_BYTES as well. False when there is none.
 */
export function openRing(hash: u32, meta: u32): bool {
  while (true) {
    if (read(hash, meta, slot + S_KEY, slot + S_VALUE, 0, false) == MISS) return false;
    const entry = load<u32>(slot + S_OUT, O_ENTRY);
    if (!enterRing(entry, load<u32>(slot + S_OUT, O_VERSION))) continue;
    const ring = ringOf(entry);
    store<u32>(slot + S_OUT, load<u32>(ring + R_CAPACITY), O_CAPACITY);
    store<u32>(slot + S_OUT, load<u32>(ring + R_KIND), O_KIND);
    store<u32>(slot + S_OUT, load<u32>(ring + R_WHEN_FULL), O_WHEN_FULL);
    store<u32>(slot + S_OUT, load<u32>(ring + R_PLACE), O_PLACE);
    // of a queue; of a channel it means nothing
    store<u32>(slot + S_OUT, load<u32>(ring + Q_LEASE), O_LEASE);
    store<u32>(slot + S_OUT, load<u32>(ring + Q_MAX_ATTEMPTS), O_MAX_ATTEMPTS);
    store<u64>(slot + S_OUT, load<u64>(ring + Q_MAX_BYTES), O_MAX_BYTES);
    leaveIt();
    return true;
  }
}

/**
 * Drops the channel with the key in the key window: nobody finds it any more, who sleeps on it is to wake, and its memory is given back, by
 * us or by the scan that finds nobody in it. O_ENTRY and O_VERSION are its.
 *
 * @returns address of its place, whose sleepers the host wakes; 0 when there is none of that name
 */
export function dropRing(hash: u32, meta: u32): u32 {
  while (openRing(hash, meta)) {
    const place = load<u32>(slot + S_OUT, O_PLACE);
    if (!removeLife(hash, meta, slot + S_KEY, load<u32>(slot + S_OUT, O_ENTRY), load<u32>(slot + S_OUT, O_VERSION))) continue;
    // after the mark: who looked before it finds the words changed, who looks now finds the channel gone
    add32(place + P_ARRIVALS, 1);
    add32(place + P_DEPARTURES, 1);
    scan();
    return place;
  }
  return 0;
}

/** Messages in the ring, give or take those on their way; how many were dropped is in O_DROPPED. GONE when it was dropped. */
export function measureRing(entry: u32, version: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const ring = ringOf(entry);
  const length = load32(ring + R_TAIL) - load32(ring + R_HEAD);
  store<u64>(slot + S_OUT, load64(ring + R_DROPPED), O_DROPPED);
  leaveIt();
  return max<i32>(<i32>length, 0);
}

// ------------------------------------------------------------------ cells

// @ts-ignore: decorator
@inline
function cellOf(ring: u32, position: u32): u32 {
  return ring + R_CELLS + ((position & (load<u32>(ring + R_CAPACITY) - 1)) << 3);
}

/** This worker's claim on a place: slot number + 1, and above it the slot's incarnation. */
// @ts-ignore: decorator
@inline
export function claim(): u32 {
  return (load<u32>(slot + S_INCARNATION) << CLAIM_SLOT_BITS) | (slotNumber + 1);
}

/** A claim ends with its worker: when that slot is given back, or reaped, its incarnation has moved on. */
function isHeld(place: u32): bool {
  const other = load<u32>(H_SLOTS) + ((place & CLAIM_SLOT_MASK) - 1) * SLOT_SIZE;
  if (load32(other + S_STATE) != SLOT_ACTIVE) return false;
  return load32(other + S_INCARNATION) << CLAIM_SLOT_BITS == (place & ~CLAIM_SLOT_MASK);
}

/** Whether this worker has the place, taking it if no living worker does. */
export function holder(register: u32): bool {
  const mine = claim();
  while (true) {
    const now = load32(register);
    if (now == mine) return true;
    if (now != 0 && isHeld(now)) return false;
    if (swap32(register, now, mine)) return true;
  }
}

/** Sends `length` bytes at `from`. OK, FULL, DROPPED, NO_MEMORY, NOT_YOURS or GONE. */
export function send(entry: u32, version: u32, from: u32, length: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const status = sendInto(ringOf(entry), from, length, false);
  leaveIt();
  return status;
}

/** The same of what lies in a span in hand, which goes with the message; unless it is OK the span is in hand still. */
export function sendLarge(entry: u32, version: u32, address: u32, bytes: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const status = sendInto(ringOf(entry), address, bytes, true);
  leaveIt();
  return status;
}

function sendInto(ring: u32, from: u32, length: u32, isLarge: bool): i32 {
  const alone = load<u32>(ring + R_KIND) == RING_SPSC;
  if (alone && !holder(ring + R_SENDER)) return NOT_YOURS;
  if (isFull(ring)) return refuse(ring);
  beginWrite();
  const message = allocateOrEvict(classOf(E_KEY + (isLarge ? D_SIZE : length)));
  clearHazards();
  endWrite();
  if (message == 0) return NO_MEMORY;
  store<u32>(message + E_NEXT, 0);
  store<u32>(message + E_DEATH, 0);
  if (isLarge) {
    makeHolder(message, from, length);
  } else {
    store<u32>(message + E_META, 0);
    store<u32>(message + E_VALUE_LENGTH, length); // and no flags
    copyVectors(message + E_KEY, from, length);
  }
  release32(slot + S_HAND_RING, ring);
  const sent = alone ? putAlone(ring, message) : putAmongMany(ring, message);
  if (!sent) {
    if (isLarge) unbindSpan(message);
    putBack(message);
    store<u32>(slot + S_HAND_RING, 0);
    return refuse(ring);
  }
  store<u32>(slot + S_HAND_CHUNK, 0);
  store<u32>(slot + S_HAND_RING, 0);
  add32(load<u32>(ring + R_PLACE) + P_ARRIVALS, 1);
  count(C_SENT);
  return OK;
}

/** OK unless the ring is full: then it is as if one more message had been sent. Asked before a span is taken for one. */
export function admits(entry: u32, version: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const ring = ringOf(entry);
  const status = isFull(ring) ? refuse(ring) : OK;
  leaveIt();
  return status;
}

function refuse(ring: u32): i32 {
  if (!load<u32>(ring + R_WHEN_FULL)) return FULL;
  add64(ring + R_DROPPED, 1);
  return DROPPED;
}

function isFull(ring: u32): bool {
  const tail = load32(ring + R_TAIL);
  return <u32>(load64(cellOf(ring, tail)) >> 32) == tail - load<u32>(ring + R_CAPACITY);
}

function putAlone(ring: u32, message: u32): bool {
  let tail = load32(ring + R_TAIL);
  let cell = cellOf(ring, tail);
  let now = load64(cell);
  if (now == ((<u64>tail << 32) | <u64>message)) return true;
  // the sender before us died between its cell and the tail
  if (<u32>(now >> 32) == tail && <u32>now != 0) {
    tail++;
    store32(ring + R_TAIL, tail);
    cell = cellOf(ring, tail);
    now = load64(cell);
  }
  if (now != <u64>tail << 32) return false;
  swap64(cell, now, (<u64>tail << 32) | <u64>message);
  store32(ring + R_TAIL, tail + 1);
  return true;
}

function putAmongMany(ring: u32, message: u32): bool {
  while (true) {
    const tail = load32(ring + R_TAIL);
    const cell = cellOf(ring, tail);
    const now = load64(cell);
    const position = <u32>(now >> 32);
    if (position == tail) {
      if (<u32>now == 0 && swap64(cell, now, (<u64>tail << 32) | <u64>message)) {
        swap32(ring + R_TAIL, tail, tail + 1);
        return true;
      }
      swap32(ring + R_TAIL, tail, tail + 1); // filled: help, whoever filled it may be gone
    } else if (position == tail - load<u32>(ring + R_CAPACITY) && load32(ring + R_TAIL) == tail) {
      return false;
    } else {
      // taken already by a fast receiver: the tail lags behind
      if (<i32>(position - tail) > 0) swap32(ring + R_TAIL, tail, tail + 1);
    }
  }
}

/**
 * Takes the oldest message into `target` (16 KiB of room). Its length, EMPTY, NOT_YOURS or GONE. LARGE: its address is in O_ADDRESS, its
 * length in O_LENGTH, and it is this worker's until `endReceive`, whatever becomes of the channel.
 */
export function receive(entry: u32, version: u32, target: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const length = receiveFrom(ringOf(entry), target);
  leaveIt();
  return length;
}

function receiveFrom(ring: u32, target: u32): i32 {
  if (!holder(ring + R_RECEIVER)) return NOT_YOURS;
  while (true) {
    const head = load32(ring + R_HEAD);
    const cell = cellOf(ring, head);
    const now = load64(cell);
    const position = <u32>(now >> 32);
    const message = <u32>now;
    if (position != head) {
      // emptied, but the receiver before us died before it moved the head
      store32(ring + R_HEAD, head + 1);
      continue;
    }
    if (message == 0) return EMPTY;
    store<u32>(slot + S_HAND_MESSAGE_RING, ring);
    release32(slot + S_HAND_MESSAGE, message);
    if (FAULT != 17) store32(message + E_NEXT, 1);
    swap64(cell, now, <u64>(head + load<u32>(ring + R_CAPACITY)) << 32);
    store32(ring + R_HEAD, head + 1);
    const length = <u32>load<u16>(message + E_VALUE_LENGTH);
    add32(load<u32>(ring + R_PLACE) + P_DEPARTURES, 1);
    count(C_RECEIVED);
    if (hasSpan(message)) {
      store<u32>(slot + S_OUT, load<u32>(message + E_KEY, D_BYTES), O_LENGTH);
      store<u32>(slot + S_OUT, slabStart(load<u32>(message + E_KEY, D_FIRST)), O_ADDRESS);
      if (FAULT == 78) releaseSpan(message);
      store<u32>(slot + S_HAND_MESSAGE_RING, 0); // it is in none any more, and that one may be dropped before we are done
      return LARGE;
    }
    copyRacyExact(target, message + E_KEY, length);
    endReceive();
    return length;
  }
}

/** The message that was taken is of no use any more. Noted as being freed before it is no longer noted as received: freed twice would be worse than either. */
export function endReceive(): void {
  const message = load<u32>(slot + S_HAND_MESSAGE);
  store<u32>(slot + S_HAND_FREE, message);
  store<u32>(slot + S_HAND_MESSAGE, 0);
  free(message);
}

/** Gives up the receiver's or the sender's place, so that another worker may take it. */
export function leaveRing(entry: u32, version: u32): void {
  if (!enterRing(entry, version)) return;
  const ring = ringOf(entry);
  swap32(ring + R_RECEIVER, claim(), 0);
  swap32(ring + R_SENDER, claim(), 0);
  leaveIt();
}
