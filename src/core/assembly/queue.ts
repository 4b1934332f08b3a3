/**
 * Work queues: a bounded table of cells behind the key of an entry of the store's own, as a channel's ring is (ring-cells.ts), with many
 * senders and many takers. A cell holds one message at a time. All that can change about it is one u64, so each step is one swap:
 *
 *   63      32 31    16 15      4 3   0
 *   | tick    | who    | attempts | state |
 *
 *   state     tick               who                    becomes                    by
 *   EMPTY     0                  0                      WRITING                    a sender
 *   WRITING   bytes              the sender             READY                      the sender
 *   READY     visible from, 0    low bits of its number HELD, attempts + 1         a taker
 *   HELD      the lease ends     the taker              HELD, attempts + 1         another, once the lease has ended or the taker is dead
 *                                                       HELD, a later tick         the taker extends its lease
 *                                                       READY, or LETTER           the taker gives it back; or its attempts are used up
 *                                                       SETTLING                   the taker acknowledges it: from here on it is done
 *   LETTER    0                  0                      READY, SETTLING            whoever retries dead letters, or clears them
 *   SETTLING  0                  who frees the message  EMPTY                      the same
 *
 * WRITING and SETTLING of a dead worker become SETTLING by whoever comes by: such a message was never sent, or is acknowledged. Who is dead
 * is known at once: `who` is slot and incarnation, as in a claim (ring.ts), and a reaper ends the incarnation when it has settled the rest.
 * Of an incarnation only nine bits fit; one of 512 lives ago that looks alive keeps a message no longer than its lease.
 *
 * So a message has never two holders whose leases run: a taker's word says until when, and whoever takes it over swaps that very word, having
 * found its tick come by a clock that it has told to all others first (expiry.ts). An extension swaps the same word. A delivery is known
 * by its word: it cannot come back. The same taker with the same tick would have to take another message in that cell before its own
 * lease ends, though it gave this one up, after which its handle asks no more (src/store/queue.ts); and a word READY carries bits of the
 * message's number. A taker copies the message and asks then whether the word is still its own: nobody frees a message under it. A message
 * in a span is copied by the host, which asks then (`isStill`): whoever frees it swaps the word first, so a word that is still ours says that
 * the span was the message's all the while. A dead letter has a word that comes back when it is retried and fails again; its number does not
 * come back with another message.
 *
 * Order: the lowest number among what is ready. A sender draws the number, makes the message READY, then bumps P_ARRIVALS; a taker that finds
 * the word bumped meanwhile looks again. So of two messages, one sent when the other had been, the earlier is taken first if both are ready.
 *
 * Messages are chunks as a channel's are, and noted in the slot in the same way: in hand until a cell names them, and again while they are freed.
 */
import {
  C_RECEIVED,
  C_SENT,
  D_BYTES,
  D_FIRST,
  D_SIZE,
  EMPTY,
  E_DEATH,
  E_HASH,
  E_KEY,
  E_META,
  E_NEXT,
  E_VALUE_LENGTH,
  FULL,
  GONE,
  H_SLOTS,
  LARGE,
  MISS,
  NO_MEMORY,
  OK,
  O_ACKED,
  O_ADDRESS,
  O_ATTEMPTS,
  O_BYTES,
  O_CELL,
  O_DELAYED,
  O_HIGH,
  O_LETTERS,
  O_LOW,
  O_MESSAGE_SIZE,
  O_NEXT_TICK,
  O_NUMBER,
  O_READY,
  O_REDELIVERED,
  O_SENT,
  O_WORKED_ON,
  P_ARRIVALS,
  P_DEPARTURES,
  Q_ACKED,
  Q_CELL_SHIFT,
  Q_LEASE,
  Q_MAX_ATTEMPTS,
  Q_MAX_BYTES,
  Q_MESSAGE,
  Q_NUMBER,
  Q_REDELIVERED,
  Q_SEQUENCE,
  RING_QUEUE,
  R_CAPACITY,
  R_CELLS,
  R_PLACE,
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
  S_STATE,
  S_VALUE,
  CLAIM_SLOT_MASK,
} from "../layout";
import { allocateOrEvict } from "./evict";
import { now } from "./expiry";
import { add32, add64, copyRacyExact, copyVectors, load32, load64, loadsFence, release32, store32, swap64 } from "./memory";
import { makeHolder } from "./large";
import { classOf, free, putBack } from "./pool";
import { clearHazards } from "./reclaim";
import { describeRing, enterRing, leaveIt } from "./ring";
import { ringOf } from "./ring-cells";
import { claim } from "./ring";
import { hasSpan, slabStart, unbindSpan } from "./slabs";
import { beginWrite, count, endWrite, slot } from "./worker";
import { writeRing } from "./write";

const VACANT: u32 = 0;
const WRITING: u32 = 1;
const READY: u32 = 2;
const HELD: u32 = 3;
const SETTLING: u32 = 4;
const LETTER: u32 = 5;

const WHO_MASK: u32 = 0xffff;
const ATTEMPTS_MASK: u32 = 0xfff;

// @ts-ignore: decorator
@inline
function stateOf(word: u64): u32 {
  return <u32>word & 15;
}

// @ts-ignore: decorator
@inline
function attemptsOf(word: u64): u32 {
  return (<u32>word >> 4) & ATTEMPTS_MASK;
}

// @ts-ignore: decorator
@inline
function whoOf(word: u64): u32 {
  return <u32>word >> 16;
}

// @ts-ignore: decorator
@inline
function tickOf(word: u64): u32 {
  return <u32>(word >> 32);
}

// @ts-ignore: decorator
@inline
function wordOf(state: u32, attempts: u32, who: u32, tick: u32): u64 {
  return (<u64>tick << 32) | <u64>((who << 16) | (attempts << 4) | state);
}

// @ts-ignore: decorator
@inline
function me(): u32 {
  return claim() & WHO_MASK;
}

/** Whether that worker still has its slot, in that incarnation. */
function isAlive(who: u32): bool {
  if (FAULT == 97) return true;
  const other = load<u32>(H_SLOTS) + ((who & CLAIM_SLOT_MASK) - 1) * SLOT_SIZE;
  if (load32(other + S_STATE) != SLOT_ACTIVE) return false;
  return ((load32(other + S_INCARNATION) << 7) & WHO_MASK) == (who & ~CLAIM_SLOT_MASK);
}

// @ts-ignore: decorator
@inline
function hasCome(tick: u32, time: u32): bool {
  return <i32>(time - tick) >= 0;
}

/** The tick that is so many after the one under way, which has begun before: whoever means a time asks for one more. 0 stands for at once. */
function tickAfter(ticks: u32): u32 {
  return max<u32>(now() + ticks, 1);
}

// @ts-ignore: decorator
@inline
function cellAt(queue: u32, index: u32): u32 {
  return queue + R_CELLS + (index << Q_CELL_SHIFT);
}

/** Makes the queue with the key in the key window: OK, UNMET when there is one, or NO_MEMORY. */
export function makeQueue(hash: u32, meta: u32, capacity: u32, lease: u32, maxAttempts: u32, maxBytes: u64): i32 {
  const made = slot + S_VALUE;
  describeRing(made, capacity, RING_QUEUE, 0);
  store<u32>(made + Q_LEASE, lease);
  store<u32>(made + Q_MAX_ATTEMPTS, maxAttempts);
  store<u64>(made + Q_MAX_BYTES, maxBytes);
  return writeRing(hash, meta, slot + S_KEY, made);
}

// ------------------------------------------------------------------ sending

/** Sends `length` bytes at `from`, ready after so many ticks. OK, FULL, NO_MEMORY or GONE. */
export function put(entry: u32, version: u32, from: u32, length: u32, delay: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const status = putInto(ringOf(entry), from, length, delay, false);
  leaveIt();
  return status;
}

/** The same of what lies in a span in hand, which goes with the message; unless it is OK the span is in hand still. */
export function putLarge(entry: u32, version: u32, address: u32, bytes: u32, delay: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const status = putInto(ringOf(entry), address, bytes, delay, true);
  leaveIt();
  return status;
}

/** OK if there is room for so many bytes, else FULL; or GONE. Asked before a span is taken for them. */
export function admits(entry: u32, version: u32, bytes: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const queue = ringOf(entry);
  const most = load<u64>(queue + Q_MAX_BYTES);
  const room = findVacant(queue) != 0 && (most == 0 || bytesIn(queue) + bytes <= most);
  leaveIt();
  return room ? OK : FULL;
}

function putInto(queue: u32, from: u32, length: u32, delay: u32, isLarge: bool): i32 {
  if (findVacant(queue) == 0) return FULL;
  beginWrite();
  const message = allocateOrEvict(classOf(E_KEY + (isLarge ? D_SIZE : length)));
  clearHazards();
  endWrite();
  if (message == 0) return NO_MEMORY;
  store<u32>(message + E_NEXT, 0);
  store<u32>(message + E_DEATH, 0);
  store<u32>(message + E_HASH, length);
  if (isLarge) {
    makeHolder(message, from, length);
  } else {
    store<u32>(message + E_META, 0);
    store<u32>(message + E_VALUE_LENGTH, length); // and no flags
    copyVectors(message + E_KEY, from, length);
  }
  release32(slot + S_HAND_RING, queue);
  const cell = reserve(queue, length);
  if (cell == 0) {
    if (isLarge) unbindSpan(message);
    putBack(message);
    store<u32>(slot + S_HAND_RING, 0);
    return FULL;
  }
  store32(cell + Q_MESSAGE, message);
  store<u32>(slot + S_HAND_CHUNK, 0);
  store<u32>(slot + S_HAND_RING, 0);
  const number = add32(queue + Q_SEQUENCE, 1);
  store<u32>(cell + Q_NUMBER, number);
  // nobody else changes it while we live
  swap64(cell, wordOf(WRITING, 0, me(), length), readyAs(cell, 0, delay == 0 ? 0 : tickAfter(delay)));
  arrived(queue);
  count(C_SENT);
  return OK;
}

// @ts-ignore: decorator
@inline
function readyAs(cell: u32, attempts: u32, tick: u32): u64 {
  return wordOf(READY, attempts, load<u32>(cell + Q_NUMBER) & WHO_MASK, tick);
}

// @ts-ignore: decorator
@inline
function arrived(queue: u32): void {
  add32(load<u32>(queue + R_PLACE) + P_ARRIVALS, 1);
}

/**
 * A cell that looks vacant; 0 when there is none. What dead workers left on the way is settled. It looks first where the next message would be
 * if all were done in their order.
 */
function findVacant(queue: u32): u32 {
  const cells = load<u32>(queue + R_CAPACITY);
  const from = load32(queue + Q_SEQUENCE) % cells;
  for (let i: u32 = 0; i < cells; i++) {
    const index = from + i;
    const cell = cellAt(queue, index < cells ? index : index - cells);
    const word = load64(cell);
    if (stateOf(word) == VACANT || settleDead(queue, cell, word)) return cell;
  }
  return 0;
}

/** A cell that is ours to write, if the queue has room for so many bytes; else 0. */
function reserve(queue: u32, length: u32): u32 {
  const mine = wordOf(WRITING, 0, me(), length);
  while (true) {
    const cell = findVacant(queue);
    if (cell == 0) return 0;
    if (!swap64(cell, 0, mine)) continue;
    const most = load<u64>(queue + Q_MAX_BYTES);
    // it counts from here on: of two senders that have no room together, the later sees the earlier
    if (most == 0 || bytesIn(queue) <= most) return cell;
    swap64(cell, mine, 0);
    return 0;
  }
}

/** Bytes of the messages in all cells; of those that come and go meanwhile as they are seen. */
function bytesIn(queue: u32): u64 {
  let bytes: u64 = 0;
  const cells = load<u32>(queue + R_CAPACITY);
  for (let i: u32 = 0; i < cells; i++) {
    const cell = cellAt(queue, i);
    const word = load64(cell);
    if (stateOf(word) == WRITING) bytes += tickOf(word);
    else if (stateOf(word) != VACANT) bytes += lengthIn(load32(cell + Q_MESSAGE));
  }
  return bytes;
}

/** A message may be freed while it is looked at: what is read of it then is wrong by one message. */
// @ts-ignore: decorator
@inline
function lengthIn(message: u32): u32 {
  return message == 0 ? 0 : load<u32>(message + E_HASH);
}

// ------------------------------------------------------------------ taking

/** What the last look over the cells has found: the cell to take, its word then; 0 = none. */
let chosen: u32 = 0;
let chosenWord: u64 = 0;
/** The earliest tick at which something that is not ready now will be; 0 = none that is known. */
let nextTick: u32 = 0;

function choose(queue: u32, time: u32): void {
  const cells = load<u32>(queue + R_CAPACITY);
  chosen = 0;
  nextTick = 0;
  let lowest: u32 = 0;
  for (let i: u32 = 0; i < cells; i++) {
    const cell = cellAt(queue, i);
    const word = load64(cell);
    const state = stateOf(word);
    if (state == VACANT || state == LETTER) continue;
    if (state != READY && state != HELD) {
      settleDead(queue, cell, word);
      continue;
    }
    const tick = tickOf(word);
    const due = (state == READY && tick == 0) || FAULT == 96 || hasCome(tick, time);
    if (!due && (state == READY || isAlive(whoOf(word)))) {
      if (nextTick == 0 || <i32>(tick - nextTick) < 0) nextTick = tick;
      continue;
    }
    const number = load32(cell + Q_NUMBER);
    if (chosen != 0 && <i32>(number - lowest) >= 0) continue;
    chosen = cell;
    chosenWord = word;
    lowest = number;
  }
}

/**
 * Takes the oldest message that is ready into `target` (16 KiB of room), for so many ticks. Its length, and of the delivery O_CELL,
 * O_LOW, O_HIGH, O_ATTEMPTS and O_NUMBER; LARGE when it lies at O_ADDRESS, with O_MESSAGE_SIZE bytes, and is to be copied, after which `isStill` tells
 * whether that is the message; or EMPTY, and O_NEXT_TICK; or GONE.
 */
export function take(entry: u32, version: u32, target: u32, lease: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const length = takeFrom(ringOf(entry), target, lease);
  leaveIt();
  return length;
}

function takeFrom(queue: u32, target: u32, lease: u32): i32 {
  const arrivals = load<u32>(queue + R_PLACE) + P_ARRIVALS;
  while (true) {
    const before = load32(arrivals);
    const time = now();
    choose(queue, time);
    if (chosen == 0) {
      store<u32>(slot + S_OUT, nextTick, O_NEXT_TICK);
      return EMPTY;
    }
    // an earlier one may have come behind our back
    if (load32(arrivals) != before) continue;
    const cell = chosen;
    const attempts = attemptsOf(chosenWord);
    if (isUsedUp(queue, attempts)) {
      swap64(cell, chosenWord, wordOf(LETTER, attempts, 0, 0));
      continue;
    }
    const mine = wordOf(HELD, min<u32>(attempts + 1, ATTEMPTS_MASK), me(), max<u32>(time + lease, 1));
    if (!swap64(cell, chosenWord, mine)) continue;
    const message = load32(cell + Q_MESSAGE);
    const number = load32(cell + Q_NUMBER);
    const length = copyMessage(message, target);
    loadsFence(); // the copy before the look
    // our lease may have ended, and the message be done and freed by another
    if (FAULT != 99 && load64(cell) != mine) continue;
    if (attempts > 0) add64(queue + Q_REDELIVERED, 1);
    count(C_RECEIVED);
    noteDelivery(cell - queue - R_CELLS, mine, number);
    return length;
  }
}

/** Copies a message that may be freed meanwhile into 16 KiB of room: its length. One in a span is left there: LARGE, O_ADDRESS and O_MESSAGE_SIZE. */
// @ts-ignore: decorator
@inline
function copyMessage(message: u32, target: u32): i32 {
  const length = load<u32>(message + E_HASH);
  if (hasSpan(message)) {
    store<u32>(slot + S_OUT, slabStart(load<u32>(message + E_KEY, D_FIRST)), O_ADDRESS);
    store<u32>(slot + S_OUT, load<u32>(message + E_KEY, D_BYTES), O_MESSAGE_SIZE);
    return LARGE;
  }
  copyRacyExact(target, message + E_KEY, min<u32>(length, 16384));
  return length;
}

/** Whether the cell has still this word and message: what was copied of it before is that message. 1, 0 or GONE. */
export function isStill(entry: u32, version: u32, offset: u32, low: u32, high: u32, number: u32): i32 {
  loadsFence(); // the copy before the look
  if (!enterRing(entry, version)) return GONE;
  const cell = ringOf(entry) + R_CELLS + offset;
  const still = load32(cell + Q_NUMBER) == number && load64(cell) == ((<u64>high << 32) | <u64>low);
  leaveIt();
  return still ? 1 : 0;
}

// @ts-ignore: decorator
@inline
function noteDelivery(offset: u32, word: u64, number: u32): void {
  store<u32>(slot + S_OUT, offset, O_CELL);
  store<u32>(slot + S_OUT, number, O_NUMBER);
  store<u32>(slot + S_OUT, <u32>word, O_LOW);
  store<u32>(slot + S_OUT, tickOf(word), O_HIGH);
  store<u32>(slot + S_OUT, attemptsOf(word), O_ATTEMPTS);
}

// @ts-ignore: decorator
@inline
function isUsedUp(queue: u32, attempts: u32): bool {
  const most = load<u32>(queue + Q_MAX_ATTEMPTS);
  return most != 0 && attempts >= most;
}

// ------------------------------------------------------------------ what a taker says of its delivery

/** It is done. 1, 0 when another has been given it since, or GONE. */
export function acknowledge(entry: u32, version: u32, offset: u32, low: u32, high: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const queue = ringOf(entry);
  const cell = queue + R_CELLS + offset;
  const word = FAULT == 98 ? load64(cell) : (<u64>high << 32) | <u64>low;
  const done = swap64(cell, word, wordOf(SETTLING, 0, me(), 0));
  if (done) {
    settle(queue, cell);
    add64(queue + Q_ACKED, 1);
  }
  leaveIt();
  return done ? 1 : 0;
}

/** It is another's to do, after so many ticks; a dead letter when its attempts are used up. 1, 0 or GONE, as above. */
export function giveBack(entry: u32, version: u32, offset: u32, low: u32, high: u32, delay: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const queue = ringOf(entry);
  const cell = queue + R_CELLS + offset;
  const word = (<u64>high << 32) | <u64>low;
  const attempts = attemptsOf(word);
  // while the word is ours, so is the number
  const next = isUsedUp(queue, attempts)
    ? wordOf(LETTER, attempts, 0, 0)
    : readyAs(cell, attempts, delay == 0 ? 0 : tickAfter(delay));
  const done = swap64(cell, word, next);
  if (done) arrived(queue);
  leaveIt();
  return done ? 1 : 0;
}

/** It is ours for so many ticks from now on; O_LOW and O_HIGH are its word then. 1, 0 or GONE, as above. */
export function extend(entry: u32, version: u32, offset: u32, low: u32, high: u32, lease: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const cell = ringOf(entry) + R_CELLS + offset;
  const word = (<u64>high << 32) | <u64>low;
  const longer = wordOf(HELD, attemptsOf(word), whoOf(word), tickAfter(lease));
  const done = swap64(cell, word, longer);
  if (done) noteDelivery(offset, longer, load32(cell + Q_NUMBER));
  leaveIt();
  return done ? 1 : 0;
}

/** What a dead worker was writing or freeing goes; true when the cell is vacant then. */
function settleDead(queue: u32, cell: u32, word: u64): bool {
  const state = stateOf(word);
  if ((state != WRITING && state != SETTLING) || isAlive(whoOf(word))) return false;
  if (!swap64(cell, word, wordOf(SETTLING, 0, me(), 0))) return false;
  settle(queue, cell);
  return true;
}

/** Frees the message of a cell that is ours to settle, as a receiver does, and makes the cell vacant. */
function settle(queue: u32, cell: u32): void {
  const message = load32(cell + Q_MESSAGE);
  if (message != 0) {
    store<u32>(slot + S_HAND_MESSAGE_RING, queue);
    release32(slot + S_HAND_MESSAGE, message);
    store32(message + E_NEXT, 1);
    store32(cell + Q_MESSAGE, 0);
    store<u32>(slot + S_HAND_FREE, message);
    store<u32>(slot + S_HAND_MESSAGE, 0);
    free(message);
  }
  swap64(cell, wordOf(SETTLING, 0, me(), 0), 0);
  add32(load<u32>(queue + R_PLACE) + P_DEPARTURES, 1);
}

// ------------------------------------------------------------------ dead letters, and counts

/** Copies the dead letter in this cell into `target`: its length, or LARGE, and the rest as of a delivery; MISS when it holds none, or GONE. */
export function readLetter(entry: u32, version: u32, index: u32, target: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const cell = cellAt(ringOf(entry), index);
  const word = load64(cell);
  let length: i32 = MISS;
  if (stateOf(word) == LETTER) {
    const number = load32(cell + Q_NUMBER);
    loadsFence(); // the number before the message that has it
    const message = load32(cell + Q_MESSAGE);
    const got = message == 0 ? MISS : copyMessage(message, target);
    noteDelivery(index << Q_CELL_SHIFT, word, number);
    loadsFence(); // the copy before the look
    if (load64(cell) == word && load32(cell + Q_NUMBER) == number) length = got;
  }
  leaveIt();
  return length;
}

/** Makes the dead letter in this cell ready again, with no attempts so far, or frees it. 1, 0 when there is none, or GONE. */
export function endLetter(entry: u32, version: u32, index: u32, again: bool): i32 {
  if (!enterRing(entry, version)) return GONE;
  const queue = ringOf(entry);
  const cell = cellAt(queue, index);
  const word = load64(cell);
  let done = false;
  if (stateOf(word) == LETTER) {
    done = swap64(cell, word, again ? readyAs(cell, 0, 0) : wordOf(SETTLING, 0, me(), 0));
    if (done && again) arrived(queue);
    if (done && !again) settle(queue, cell);
  }
  leaveIt();
  return done ? 1 : 0;
}

/** Counts what is in the cells: O_READY and what follows it. OK or GONE. */
export function measureQueue(entry: u32, version: u32): i32 {
  if (!enterRing(entry, version)) return GONE;
  const queue = ringOf(entry);
  const cells = load<u32>(queue + R_CAPACITY);
  const time = now();
  let ready: u32 = 0;
  let delayed: u32 = 0;
  let held: u32 = 0;
  let letters: u32 = 0;
  for (let i: u32 = 0; i < cells; i++) {
    const word = load64(cellAt(queue, i));
    const state = stateOf(word);
    const tick = tickOf(word);
    if (state == LETTER) letters++;
    else if (state == READY && tick != 0 && !hasCome(tick, time)) delayed++;
    else if (state == READY) ready++;
    else if (state == HELD && !hasCome(tick, time) && isAlive(whoOf(word))) held++;
    else if (state == HELD) ready++;
  }
  store<u32>(slot + S_OUT, ready, O_READY);
  store<u32>(slot + S_OUT, delayed, O_DELAYED);
  store<u32>(slot + S_OUT, held, O_WORKED_ON);
  store<u32>(slot + S_OUT, letters, O_LETTERS);
  store<u64>(slot + S_OUT, bytesIn(queue), O_BYTES);
  store<u64>(slot + S_OUT, load32(queue + Q_SEQUENCE), O_SENT);
  store<u64>(slot + S_OUT, load64(queue + Q_ACKED), O_ACKED);
  store<u64>(slot + S_OUT, load64(queue + Q_REDELIVERED), O_REDELIVERED);
  leaveIt();
  return OK;
}
