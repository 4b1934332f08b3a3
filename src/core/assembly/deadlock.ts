/**
 * Looks for a deadlock: from a lock that this worker waits for to whoever has it, to what that one waits for, and so on, until it comes back.
 * Asked by whoever has waited for a while; who has not pays for nothing but a word that says what it waits for.
 *
 * A worker that is blocked waits with everything that it has (S_LOCK_WAITS). One that goes on with other tasks does not: of each lock it
 * has, the list says what the task that has it waits for, where the host knows that (held.ts, `noteWait`).
 *
 * The words are read one after the other while others go on, so a chain may be found of parts that never were together. It is looked at
 * once more, from its end: the last one waits for what this worker has, and is stuck with whatever it has for as long as this worker waits;
 * so the one before it, if it still waits for something that the last one has, is stuck as well; and so on to the beginning. What passes is a deadlock,
 * unless somebody in it gives up.
 */
import {
  HELD_BITS,
  HELD_READS,
  H_SLOT_COUNT,
  K_KIND,
  K_OWNER,
  K_READERS,
  LOCK_RW,
  S_LOCK_WAITS,
  S_MANY,
} from "../layout";
import { bitOf, me, placeOf, slotOf } from "./held";
import { lockOf } from "./lock-words";
import { load32, load64 } from "./memory";
import { isDropped, ownerOf } from "./owner-word";
import { slot } from "./worker";

/** Rows of the chain in S_MANY: how a lock is waited for (its entry and HELD_READS), and slot + 1 of who has it. */
const ROWS_MAX: u32 = 64;
/** Locks that were looked at. */
const SEEN: u32 = 1024;
const SEEN_MAX: u32 = 1024;
let seen: u32 = 0;

/** @param target the entry and HELD_READS. How many rows the cycle has, 0 = there is none. The last row's holder is this worker. */
export function findDeadlock(target: u32): u32 {
  seen = 0;
  const rows = follow(target, target, 0);
  return rows != 0 && isStuck(target, rows) ? rows : 0;
}

/** Who keeps others from a lock that is waited for so; the waiter too, where another task of it has the lock. */
function keepers(waits: u32): u64 {
  const lock = lockOf(waits & ~HELD_BITS);
  const word = load64(lock + K_OWNER);
  const owner = ownerOf(word);
  let all: u64 = owner == 0 || isDropped(word) || owner > load<u32>(H_SLOT_COUNT) ? 0 : bitOf(owner);
  if (load<u32>(lock + K_KIND) == LOCK_RW && (waits & HELD_READS) == 0) all |= load64(lock + K_READERS);
  return all;
}

/** What the worker waits for with this lock in its hands. 0 = nothing, or it has it not, or this very one, which it has been given and not yet entered. */
function waitOf(owner: u32, entry: u32): u32 {
  const its = slotOf(owner);
  const place = placeOf(its, entry);
  if (place == 0) return 0;
  const blocked = load32(its + S_LOCK_WAITS);
  const waits = blocked != 0 ? blocked : load32(place + 4);
  return (waits & ~HELD_BITS) == entry ? 0 : waits;
}

function follow(target: u32, waits: u32, row: u32): u32 {
  if (row == ROWS_MAX || wasSeen(waits)) return 0;
  const at = slot + S_MANY + (row << 3);
  store<u32>(at, waits);
  let left = keepers(waits);
  while (left != 0) {
    const keeper = <u32>ctz(left) + 1;
    left &= left - 1;
    if (keeper > load<u32>(H_SLOT_COUNT)) break;
    const its = waitOf(keeper, waits & ~HELD_BITS);
    if (its == 0) continue;
    store<u32>(at + 4, keeper);
    if (keeper == me() && its == target) return row + 1;
    const rows = follow(target, its, row + 1);
    if (rows != 0) return rows;
  }
  return 0;
}

function wasSeen(waits: u32): bool {
  const list = slot + S_MANY + SEEN;
  for (let i: u32 = 0; i < seen; i++) if (load<u32>(list + (i << 2)) == waits) return true;
  if (seen == SEEN_MAX) return true;
  store<u32>(list + (seen << 2), waits);
  seen++;
  return false;
}

/** From the end: whoever has a row's lock waits for the next row's, and keeps the one before from its own. */
function isStuck(target: u32, rows: u32): bool {
  if (FAULT == 122) return true;
  for (let row: i32 = <i32>rows - 1; row >= 0; row--) {
    const at = slot + S_MANY + (<u32>row << 3);
    const waits = load<u32>(at);
    const keeper = load<u32>(at + 4);
    const next = <u32>row == rows - 1 ? target : load<u32>(at + 8);
    if (waitOf(keeper, waits & ~HELD_BITS) != next) return false;
    if ((keepers(waits) & bitOf(keeper)) == 0) return false;
  }
  return true;
}
