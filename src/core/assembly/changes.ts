/**
 * Changes, told to whoever watches: each set, delete, expiry and eviction of what a worker wants to know of, in order per key, or a gap.
 * No writer ever waits for a watcher, nor does more than test a word while there is none.
 *
 *   header      H_WATCHERS: which slots watch. H_STAMP: stamps drawn so far
 *   slot        S_CHANGING: a bound of the stamp that its worker's change under way has, S_INTEREST: what its worker wants to know of,
 *               S_BELL, S_LISTENING, S_LOST: how it is woken, and told that it was not told
 *   change log  one a slot, a ring of bytes: its worker alone writes, over the oldest, and asks nobody. Where a watcher is in it
 *               is the watcher's own business, so any number of them read, and a dead or a slow one holds up nothing
 *
 * ORDER. A change draws its stamp after `find` has read the chain and before the swap that makes it. Whatever it saw had then been
 * published, and had its stamp: so the stamps of one key grow in the order of its swaps, as epochs do (write.ts). A swap that
 * fails gives its stamp up, and the next attempt draws another after it has read the chain again. One case remains: an insert has found no entry of its key,
 * then one came and went, and the bucket's head is what it was; the insert's swap succeeds, and its stamp is below theirs. So a removal counts in H_REMOVALS
 * between its stamp and its swap, and an insert reads that word before it reads the chain and after its swap. If it has changed, the order is not known, and
 * the insert is told as a gap. Logs of several workers are merged by
 * stamp. A watcher may pass on a stamp once no smaller one can come, which is below `settled`: every worker says in S_CHANGING, before it draws,
 * that none of its stamps will be below what H_STAMP was, and takes that back when its record is in its log. H_STAMP is read before the words
 * S_CHANGING: who is seen with none draws above it. The tails are read after them: what is below `settled` is there.
 *
 * NOTHING LOST. A worker that draws no stamp, because nobody wanted to know, looks again after its swap. Either it sees who began to watch meanwhile, and
 * counts in its S_LOST, or the swap was before: then so is all that a watcher reads after it has said what it wants. A worker that dies
 * in a write, maybe between its swap and its record, leaves S_WRITE_EPOCH and S_CHANGING behind: whether the swap took effect is not asked, its
 * reaper counts in the S_LOST of everyone, then lets S_CHANGING go. The bytes of a record are reserved before they are overwritten: a watcher that has copied one and finds its bytes
 * not reserved meanwhile has copied what was written. Otherwise it was too slow. Lost or too slow is a gap: it goes on from now,
 * that is from the tails and a stamp S drawn after they were read, and tells of the gap once everything below S is settled. All that it passes
 * over was then published before the gap is told, so whoever looks at the keys after that sees it, or what came after it.
 * To begin to watch is the same: from the tails on and a stamp, and with a gap only if what is below does not settle at once.
 *
 * NOT MISSED. A watcher says that it listens, reads once more, and sleeps on the bell as it was before. A writer settles its change
 * (S_CHANGING), then looks who listens. One of the two sees the other. LISTENING_HELD asks to be woken by any change that settles, because what waits
 * may be held up by one that is no concern of the watcher's. Who rings takes the word back, so a sleep is ended by one notification. One
 * who dies in between has a reaper, who rings everyone.
 *
 * The directory's entries are keys like others (id 0): to clear a namespace is to set its name's entry, to drop it is to delete that. An interest in a
 * namespace is kept by the hash of its name, which stays when its id changes. A write that finds its namespace not cleared yet and is stamped after
 * the clear is told with an id that is no longer the namespace's: it was there before the clear, and the clear took it.
 *
 * Interests are Bloom filters: who is told of too much passes over it.
 */
import {
  CHANGE_NONE,
  CHANGE_SET,
  GAP,
  H_CHANGES,
  H_CHANGE_BYTES,
  H_SLOTS,
  H_SLOT_COUNT,
  H_STAMP,
  H_REMOVALS,
  H_WATCHERS,
  INTEREST_HALF,
  I_SEED,
  LISTENING,
  LISTENING_HELD,
  LISTENING_NOT,
  REMOVAL_WORDS,
  O_LISTENING,
  SLOT_SIZE,
  S_BELL,
  S_CHANGING,
  S_GAP,
  S_INTEREST,
  S_LISTENING,
  S_LOST,
  S_LOST_SEEN,
  S_OUT,
  S_POSITIONS,
  S_SCRATCH,
  S_SINCE,
  S_WRITE_EPOCH,
  T_ENTRY,
  T_EXTRA,
  T_HASH,
  T_KIND,
  T_META,
  T_RECORD,
  T_RECORDS,
  T_RESERVED,
  T_SEED_SHIFT,
  T_STAMP,
  T_TAIL,
  T_VERSION,
} from "../layout";
import {
  add32,
  add64,
  and64,
  load32,
  load64,
  loadsFence,
  or64,
  racy32,
  racy64,
  release64,
  store32,
  store64,
  storesFence,
  swap32,
} from "./memory";
import { idLine } from "./quota";
import { slot, slotNumber } from "./worker";

/** A watched change of this thread rings its own bell: the host need not wait for a notification. */
@external("host", "rung")
declare function rung(): void;

/** The explorer's own account of what changed in which order: called in the same step as the swap. */
@external("host", "changed")
declare function changed(kind: u32, hash: u32, id: u32, entry: u32, version: u32): void;

/** Looks at writers under way before a watch begins with a gap: microseconds. */
const PATIENCE: i32 = 4096;

/** Of the change that this worker is about to make; 0 = nobody wants to know of it. */
let stamp: u64 = 0;
/** Who wanted to know of it when that was drawn. */
let drawnFor: u64 = 0;
/** Of an insert: the removals of keys like its own when it read the chain. */
let removals: u32 = 0;

// @ts-ignore: decorator
@inline
function slotAt(number: u32): u32 {
  return load<u32>(H_SLOTS) + number * SLOT_SIZE;
}

// @ts-ignore: decorator
@inline
function logAt(number: u32): u32 {
  return load<u32>(H_CHANGES) + number * (T_RECORDS + load<u32>(H_CHANGE_BYTES));
}

/** A worker takes over its slot: nothing of another is under way here. */
export function joinChanges(): void {
  stamp = 0;
}

// ------------------------------------------------------------------ the writer's side

/** After the chain was read, and right before the swap. */
// @ts-ignore: decorator
@inline
export function beforeChange(hash: u32, id: u32): void {
  if (load64(H_WATCHERS) != 0) draw(hash, id);
}

/**
 * An insert has found no entry of its key: false when somebody wants to know of it, and the chain is to be read again, now that the
 * removals were counted before.
 */
// @ts-ignore: decorator
@inline
export function mayInsert(hash: u32, id: u32, counted: bool): bool {
  return counted || load64(H_WATCHERS) == 0 || !countRemovals(hash, id);
}

/** As `beforeChange`, for an insert: one that has not counted the removals draws no stamp. */
// @ts-ignore: decorator
@inline
export function beforeInsert(hash: u32, id: u32, counted: bool): void {
  if (counted) beforeChange(hash, id);
}

/** As `beforeChange`, for a removal. */
// @ts-ignore: decorator
@inline
export function beforeRemoval(hash: u32, id: u32): void {
  beforeChange(hash, id);
  if (stamp != 0 && FAULT != 91) add32(removalsOf(hash), 1);
}

/** As `afterChange`, for an insert. */
// @ts-ignore: decorator
@inline
export function afterInsert(hash: u32, meta: u32, key: u32, entry: u32, version: u32, extra: u32): void {
  if (EXPLORE) changed(CHANGE_SET, hash, meta & 0xffff, entry, version);
  if (stamp != 0 && load32(removalsOf(hash)) != removals) loseOrder(hash, meta & 0xffff);
  else if (load64(H_WATCHERS) != 0 || stamp != 0) tell(CHANGE_SET, hash, meta, key, entry, version, extra);
}

/** The swap failed. */
// @ts-ignore: decorator
@inline
export function notChanged(): void {
  if (stamp != 0) settle(0);
}

/** The swap was made. `extra`: the new entry's expiry tick, or the id that a directory entry names. */
// @ts-ignore: decorator
@inline
export function afterChange(kind: u32, hash: u32, meta: u32, key: u32, entry: u32, version: u32, extra: u32): void {
  if (EXPLORE) changed(kind, hash, meta & 0xffff, entry, version);
  if (load64(H_WATCHERS) != 0 || stamp != 0) tell(kind, hash, meta, key, entry, version, extra);
}

// @ts-ignore: decorator
@inline
function removalsOf(hash: u32): u32 {
  return H_REMOVALS + ((hash & (REMOVAL_WORDS - 1)) << 2);
}

function countRemovals(hash: u32, id: u32): bool {
  if (interested(hash, id) == 0) return false;
  removals = load32(removalsOf(hash));
  return true;
}

/** An entry of the key may have come and gone since the stamp was drawn. */
function loseOrder(hash: u32, id: u32): void {
  lose(drawnFor | interested(hash, id));
  settle(0);
}

function draw(hash: u32, id: u32): void {
  drawnFor = interested(hash, id);
  if (drawnFor == 0) return;
  store64(slot + S_CHANGING, load64(H_STAMP) + 1);
  stamp = add64(H_STAMP, 1) + 1;
}

function tell(kind: u32, hash: u32, meta: u32, key: u32, entry: u32, version: u32, extra: u32): void {
  const watchers = interested(hash, meta & 0xffff);
  if (stamp == 0) {
    // they began after we had looked
    if (FAULT != 82 && watchers != 0 && kind != CHANGE_NONE) lose(watchers);
    return;
  }
  if (FAULT == 85) ring(watchers);
  if (kind != CHANGE_NONE) append(kind, hash, meta, key, entry, version, extra);
  settle(watchers | drawnFor);
}

/** The change under way is in the log, or will never be. */
function settle(watchers: u64): void {
  stamp = 0;
  store64(slot + S_CHANGING, 0);
  if (FAULT != 85) ring(watchers);
}

/** The slots that want to know of the key, a bit each. */
function interested(hash: u32, id: u32): u64 {
  const seed = load<u32>(idLine(id) + I_SEED);
  let interests: u64 = 0;
  for (let left = load64(H_WATCHERS); left != 0; left &= left - 1) {
    const number = <u32>ctz(left);
    if (wants(slotAt(number), hash, seed)) interests |= <u64>1 << number;
  }
  return interests;
}

// @ts-ignore: decorator
@inline
function wants(watcher: u32, hash: u32, seed: u32): bool {
  return hasBit(watcher, seed & (INTEREST_HALF - 1)) || hasBit(watcher, INTEREST_HALF + (hash & (INTEREST_HALF - 1)));
}

// @ts-ignore: decorator
@inline
function hasBit(watcher: u32, bit: u32): bool {
  return ((load32(watcher + S_INTEREST + ((bit >> 5) << 2)) >> (bit & 31)) & 1) != 0;
}

function append(kind: u32, hash: u32, meta: u32, key: u32, entry: u32, version: u32, extra: u32): void {
  const log = logAt(slotNumber);
  const records = log + T_RECORDS;
  const mask = load<u32>(H_CHANGE_BYTES) - 1;
  const keyLength = ((meta >> 16) + 15) & ~15;
  const tail = load<u64>(log + T_TAIL);
  const end = tail + T_RECORD + keyLength;
  if (FAULT != 88) {
    release64(log + T_RESERVED, end);
    storesFence(); // reserved before what was there is overwritten. Partner: the fence of `copy`
  }
  const first = records + (<u32>tail & mask);
  const second = records + ((<u32>tail + 16) & mask);
  store<u64>(first, stamp, T_STAMP);
  store<u32>(first, meta, T_META);
  store<u32>(first, kind | ((load<u32>(idLine(meta & 0xffff) + I_SEED) & (INTEREST_HALF - 1)) << T_SEED_SHIFT), T_KIND);
  store<u32>(second, hash, T_HASH - 16);
  store<u32>(second, entry, T_ENTRY - 16);
  store<u32>(second, version, T_VERSION - 16);
  store<u32>(second, extra, T_EXTRA - 16);
  for (let i: u32 = 0; i < keyLength; i += 16) {
    v128.store(records + ((<u32>tail + T_RECORD + i) & mask), v128.load(key + i));
  }
  if (FAULT == 88) release64(log + T_RESERVED, end);
  release64(log + T_TAIL, end);
}

/** Those will find that they were not told of something. */
function lose(watchers: u64): void {
  for (let left = watchers; left != 0; left &= left - 1) add32(slotAt(<u32>ctz(left)) + S_LOST, 1);
  ring(watchers);
}

/** Wakes those of the watchers that listen, and whoever waits for any change to settle. */
function ring(watchers: u64): void {
  for (let left = load64(H_WATCHERS); left != 0; left &= left - 1) {
    const number = <u32>ctz(left);
    const watcher = slotAt(number);
    const listening = load32(watcher + S_LISTENING);
    const wakes = listening == LISTENING ? ((watchers >> number) & 1) != 0 : FAULT != 86 && listening == LISTENING_HELD;
    if (wakes && swap32(watcher + S_LISTENING, listening, LISTENING_NOT)) ringBell(watcher);
  }
}

function ringBell(watcher: u32): void {
  add32(watcher + S_BELL, 1);
  if (EXPLORE) return;
  atomic.notify(watcher + S_BELL, -1);
  if (watcher == slot) rung();
}

// ------------------------------------------------------------------ the watcher's side

/** Every change with a stamp below this is in a log, or will never be. */
function settled(): u64 {
  let bound = load64(H_STAMP) + 1;
  const slots = load<u32>(H_SLOT_COUNT);
  for (let i: u32 = 0; i < slots; i++) {
    const changing = load64(slotAt(i) + S_CHANGING);
    if (changing != 0 && changing < bound) bound = changing;
  }
  return FAULT == 81 ? u64.MAX_VALUE : bound;
}

/** The same for the host, which compares it with what `beginWatching` has answered. */
export function settledStamp(): f64 {
  return <f64>settled();
}

/** Every change that is yet to draw a stamp draws this or a later one. */
export function nextStamp(): f64 {
  return <f64>(load64(H_STAMP) + 1);
}

/** From the present tails on. @returns a stamp drawn after they were read, or the next that will be */
function fromNow(): u64 {
  const slots = load<u32>(H_SLOT_COUNT);
  for (let i: u32 = 0; i < slots; i++) store<u64>(slot + S_POSITIONS + (i << 3), load64(logAt(i) + T_TAIL));
  return load64(H_STAMP) + 1;
}

/** It was too slow, or was not told: it goes on from now, and says so as soon as what it passes over is there for all to see. */
function fallBehind(): void {
  const since = fromNow();
  store<u64>(slot + S_SINCE, since);
  store<u64>(slot + S_GAP, since);
}

/**
 * This worker wants to know of more than before, and has said of what (S_INTEREST). What a change with this stamp or a later one does is told;
 * with an earlier one it may be told, but what it does is there for all to see, or a gap is told once it is.
 *
 * @param first it did not watch at all before
 * @returns the stamp
 */
export function beginWatching(first: bool): f64 {
  if (first) {
    store32(slot + S_LISTENING, LISTENING_NOT);
    or64(H_WATCHERS, <u64>1 << slotNumber);
  }
  letWritersPass();
  let since: u64;
  if (first) {
    store<u32>(slot + S_LOST_SEEN, load32(slot + S_LOST));
    store<u64>(slot + S_GAP, 0);
    since = fromNow();
    store<u64>(slot + S_SINCE, since);
  } else {
    since = load64(H_STAMP) + 1;
  }
  let patience = EXPLORE ? 1 : PATIENCE;
  while (settled() < since) {
    if (--patience == 0) {
      store<u64>(slot + S_GAP, since);
      break;
    }
  }
  return <f64>since;
}

/** Writes under way may not have seen that somebody watches. They nearly always end at once; if not, they count in S_LOST. */
function letWritersPass(): void {
  if (EXPLORE) return;
  let patience = PATIENCE;
  const slots = load<u32>(H_SLOT_COUNT);
  for (let i: u32 = 0; i < slots; i++) {
    const other = slotAt(i);
    while (other != slot && load32(other + S_WRITE_EPOCH) != 0) if (--patience == 0) return;
  }
}

/** Nobody in this thread watches any more. */
export function stopWatching(): void {
  forgetWatcher(slot, slotNumber);
}

export function forgetWatcher(watcher: u32, number: u32): void {
  if (FAULT != 89) and64(H_WATCHERS, ~(<u64>1 << number));
  for (let i: u32 = 0; i < INTEREST_HALF / 4; i += 4) store32(watcher + S_INTEREST + i, 0);
  store32(watcher + S_LISTENING, LISTENING_NOT);
}

/** A worker died: what it may have changed without a record is told as a gap, and whoever it was about to wake is woken. */
export function settleChanges(dead: u32, number: u32): void {
  forgetWatcher(dead, number);
  const watchers = load64(H_WATCHERS);
  // also in a write without a stamp: it may not have come to look again
  if (load64(dead + S_CHANGING) != 0 || load32(dead + S_WRITE_EPOCH) != 0) {
    if (FAULT != 83) for (let left = watchers; left != 0; left &= left - 1) add32(slotAt(<u32>ctz(left)) + S_LOST, 1);
    store64(dead + S_CHANGING, 0);
  }
  for (let left = watchers; left != 0; left &= left - 1) {
    const watcher = slotAt(<u32>ctz(left));
    store32(watcher + S_LISTENING, LISTENING_NOT);
    ringBell(watcher);
  }
}

// In S_SCRATCH while the logs are merged: of each slot where its log ends, and the stamp of its next record.
const TAILS: u32 = S_SCRATCH;
const NEXT: u32 = S_SCRATCH + 512;
const NONE: u64 = u64.MAX_VALUE;

/**
 * Copies the next changes that this worker wants to know of to `target`, in the order of their stamps: records as they are in the logs, keys
 * padded to 16 bytes.
 *
 * @param room bytes at `target`: at least one record of the longest key
 * @returns how many bytes; GAP: changes were passed over, look at everything; 0: there is nothing, and then O_LISTENING says
 *   whether something waits for other changes to settle (LISTENING_HELD, for `listen`) or not (LISTENING)
 */
export function readChanges(target: u32, room: u32): i32 {
  let bound = settled();
  // after it: a reaper counts what is lost before it lets go of what held the bound down
  const lost = load32(slot + S_LOST);
  if (lost != load<u32>(slot + S_LOST_SEEN)) {
    store<u32>(slot + S_LOST_SEEN, lost);
    fallBehind();
    bound = settled();
  }
  if (load<u64>(slot + S_GAP) != 0) return tellGap(bound);
  const bytes = merge(bound, target, room);
  return bytes == 0 && load<u64>(slot + S_GAP) != 0 ? tellGap(settled()) : bytes;
}

/** Once everything below its stamp is settled, and so there for all to see. */
function tellGap(bound: u64): i32 {
  if (FAULT != 87 && bound < load<u64>(slot + S_GAP)) {
    store<u32>(slot + S_OUT, LISTENING_HELD, O_LISTENING);
    return 0;
  }
  store<u64>(slot + S_GAP, 0);
  return GAP;
}

function merge(bound: u64, target: u32, room: u32): i32 {
  const slots = load<u32>(H_SLOT_COUNT);
  for (let i: u32 = 0; i < slots; i++) {
    store<u64>(slot + TAILS + (i << 3), load64(logAt(i) + T_TAIL)); // after `settled`
    if (!look(i)) return overtaken(0);
  }
  let at = target;
  while (true) {
    let next: u32 = 0;
    let earliest = NONE;
    for (let i: u32 = 0; i < slots; i++) {
      const its = load<u64>(slot + NEXT + (i << 3));
      if (its >= earliest) continue;
      earliest = its;
      next = i;
    }
    if (earliest >= bound || at + T_RECORD + 1024 > target + room) {
      store<u32>(slot + S_OUT, earliest == NONE ? LISTENING : LISTENING_HELD, O_LISTENING);
      return at - target;
    }
    const copied = copy(next, at);
    if (copied == 0) return overtaken(at - target);
    if (earliest >= load<u64>(slot + S_SINCE) && concerns(at)) at += copied;
    const position = slot + S_POSITIONS + (next << 3);
    if (FAULT != 93 || at + T_RECORD + 1024 <= target + room) store<u64>(position, load<u64>(position) + copied);
    if (!look(next)) return overtaken(at - target);
  }
}

/** Whether this worker wants to know of the record that was copied to the address. The id may be another namespace's by now. */
function concerns(record: u32): bool {
  return wants(slot, load<u32>(record, T_HASH), load<u32>(record, T_KIND) >> T_SEED_SHIFT);
}

/** What was read before the log went over what comes next is still good. */
function overtaken(bytes: i32): i32 {
  fallBehind();
  return bytes;
}

/** Notes the stamp of a slot's next record; false when that is written over. */
function look(number: u32): bool {
  const position = load<u64>(slot + S_POSITIONS + (number << 3));
  let its = NONE;
  if (position != load<u64>(slot + TAILS + (number << 3))) {
    const log = logAt(number);
    its = racy64(log + T_RECORDS + (<u32>position & (load<u32>(H_CHANGE_BYTES) - 1)));
    if (isOverwritten(log, position)) return false;
  }
  store<u64>(slot + NEXT + (number << 3), its);
  return true;
}

/** Asked after the copy. Partner: the fence of `append`. */
// @ts-ignore: decorator
@inline
function isOverwritten(log: u32, position: u64): bool {
  loadsFence(); // what was copied before what is reserved
  if (FAULT == 84) return false;
  return load64(log + T_RESERVED) - position > <u64>load<u32>(H_CHANGE_BYTES);
}

/** Copies a slot's next record; its bytes, or 0 when it was written over meanwhile. */
function copy(number: u32, target: u32): u32 {
  const log = logAt(number);
  const records = log + T_RECORDS;
  const mask = load<u32>(H_CHANGE_BYTES) - 1;
  const position = load<u64>(slot + S_POSITIONS + (number << 3));
  const keyLength = racy32(records + ((<u32>position + T_META) & mask)) >> 16;
  const size = T_RECORD + ((min<u32>(keyLength, 1024) + 15) & ~15);
  for (let i: u32 = 0; i < size; i += 16) {
    const from = records + ((<u32>position + i) & mask);
    if (EXPLORE) for (let j: u32 = 0; j < 16; j += 4) store<u32>(target + i + j, racy32(from + j));
    else v128.store(target + i, v128.load(from));
  }
  return isOverwritten(log, position) ? 0 : size;
}

/**
 * From here on the bell rings when there may be something: to be called when `readChanges` found nothing, with what it left in S_OUT + 24, and
 * followed by another `readChanges`.
 *
 * @returns the bell as it is before
 */
export function listen(listening: u32): u32 {
  const bell = load32(slot + S_BELL);
  store32(slot + S_LISTENING, listening);
  return bell;
}
