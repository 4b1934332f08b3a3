/**
 * Pieces of an arena: runs of whole units, each piece with a record that says who has it, since when and what for.
 *
 * Invariants.
 *   1. A unit's word is 0 (free, and all its bytes zero) or the number + 1 of the record whose piece it is part of.
 *   2. A record whose claim is 0 names no units; a record that is taken names, in FIRST and COUNT, every unit whose word has its number.
 *      So its range is written before the first of those words is swapped, and set to nothing after the last was cleared.
 *   3. Who changes a record is who its claim names; claim, count of uses and state are one word. A claim is only ever replaced by a swap of that
 *      whole word, but for the last step of letting the record go, which is its claim's to take.
 *
 * Whatever step a thread dies at, its claim finds the record (3), the record finds the units (2), and the state says whether the piece was
 * anybody's yet: TAKING and GIVING are undone or finished, HELD is given back when it was the thread's own, and stays where it belongs to
 * a name of the directory. A reaper puts its own claim into the record first: it alone goes on, and if it dies its claim finds the
 * record in turn. What belongs to a name may be given back by any thread, and by several at once: one swap makes it GIVING under the
 * claim of whoever does it. Were the state a word of its own, one thread could clear the units while the record named another, and the death of
 * either would lose them or free them twice.
 *
 * No thread waits for another. Two that take at once may both find a unit taken that the other gives up again, and a piece may be given back
 * behind whoever searches (A_GIVEN, counted after it is free): whoever saw either and found no room otherwise is told so (UNITS_MOVED) and
 * may try again. So NO_UNITS and NO_RECORD are true at one moment of the search, where what another is about to take passes for taken.
 *
 * Order, all of it by sequentially consistent stores and swaps: range before units' words (taking), zeros before a unit's word is 0, units'
 * words before the range is nothing, and that before the owner's word lets the record go (giving); group before the state HELD.
 */
import {
  A_DATA,
  A_GIVEN,
  A_HINT,
  A_LIMIT,
  A_RECORDS,
  A_RECORD_HINT,
  A_SHIFT,
  A_STATES,
  A_TABLE,
  A_UNITS,
  NO_RECORD,
  NO_UNITS,
  PIECE_BYTES,
  PIECE_CHARGED,
  PIECE_COUNT,
  PIECE_FIRST,
  PIECE_GIVING,
  PIECE_GROUP,
  PIECE_HELD,
  PIECE_OWNER,
  PIECE_SINCE,
  PIECE_SIZE,
  PIECE_STATE_SHIFT,
  PIECE_TAKING,
  UNITS_MOVED,
} from "../layout";
import { add32, load32, load64, racy32, store32, store64, swap32, swap64 } from "./memory";

/** Units by which the limit is raised at least, so that it is raised seldom. */
const GROWTH: u32 = 1024;

/** Of the owner's word: the claim below, then the uses, then the state. */
const STATE_SHIFT: u64 = <u64>PIECE_STATE_SHIFT + 32;
const STATE: u64 = <u64>3 << STATE_SHIFT;
const ONE_USE: u64 = 1 << 32;
const USES: u64 = ~STATE & ~0xffffffff;

let moved: bool = false;

// @ts-ignore: decorator
@inline
function recordAt(arena: u32, record: u32): u32 {
  return load<u32>(arena, A_TABLE) + record * PIECE_SIZE;
}

/** Writes an arena's header: `states`, `table` and `data` are where all is zero. */
export function makeArena(arena: u32, units: u32, limit: u32, shift: u32, states: u32, records: u32, table: u32, data: u32): void {
  store<u32>(arena, units, A_UNITS);
  store<u32>(arena, limit, A_LIMIT);
  store<u32>(arena, shift, A_SHIFT);
  store<u32>(arena, states, A_STATES);
  store<u32>(arena, records, A_RECORDS);
  store<u32>(arena, table, A_TABLE);
  store<u32>(arena, data, A_DATA);
}

/**
 * Takes units side by side. They are `claim`'s, in hand until `holdPiece`.
 *
 * @returns the record's number; NO_UNITS, NO_RECORD, or UNITS_MOVED
 */
export function takePiece(arena: u32, units: u32, claim: u32): i32 {
  if (units == 0 || units > load<u32>(arena, A_UNITS)) return NO_UNITS;
  const given = load32(arena + A_GIVEN);
  const record = takeRecord(arena, claim);
  if (record < 0) return load32(arena + A_GIVEN) == given ? NO_RECORD : UNITS_MOVED;
  moved = false;
  let limit = load32(arena + A_LIMIT);
  const hint = racy32(arena + A_HINT);
  const from = hint < limit ? hint : 0;
  if (from != 0 && takeRun(arena, record, units, from, limit)) return record;
  if (takeRun(arena, record, units, 0, limit)) return record;
  while (grow(arena, units, limit)) {
    const before = limit > units ? limit - units : 0;
    limit = load32(arena + A_LIMIT);
    if (takeRun(arena, record, units, before, limit)) return record;
  }
  letRecordGo(recordAt(arena, record));
  return moved || load32(arena + A_GIVEN) != given ? UNITS_MOVED : NO_UNITS;
}

/** Raises the limit above what was searched, or finds it raised; false when all there is was searched. */
function grow(arena: u32, units: u32, searched: u32): bool {
  const most = load<u32>(arena, A_UNITS);
  const limit = load32(arena + A_LIMIT);
  if ((FAULT == 139 ? limit : searched) == most) return false;
  if (limit != searched) return true; // by another thread
  const wanted = units > GROWTH ? units : GROWTH;
  swap32(arena + A_LIMIT, limit, most - limit < wanted ? most : limit + wanted);
  return true;
}

function takeRecord(arena: u32, claim: u32): i32 {
  const count = load<u32>(arena, A_RECORDS);
  let record = racy32(arena + A_RECORD_HINT);
  if (record >= count) record = 0;
  for (let seen: u32 = 0; seen < count; seen++) {
    const at = recordAt(arena, record);
    const owner = load64(at + PIECE_OWNER);
    if (<u32>owner == 0 && swap64(at + PIECE_OWNER, owner, nextUse(owner, claim, PIECE_TAKING))) {
      store32(arena + A_RECORD_HINT, record + 1);
      return record;
    }
    if (++record == count) record = 0;
  }
  return -1;
}

// @ts-ignore: decorator
@inline
function nextUse(owner: u64, claim: u32, state: u32): u64 {
  return inState(((owner + ONE_USE) & USES) | claim, state);
}

// @ts-ignore: decorator
@inline
function inState(owner: u64, state: u32): u64 {
  return (owner & ~STATE) | (<u64>state << STATE_SHIFT);
}

// @ts-ignore: decorator
@inline
function stateOf(owner: u64): u32 {
  return <u32>(owner >> STATE_SHIFT);
}

function takeRun(arena: u32, record: i32, units: u32, from: u32, to: u32): bool {
  const states = load<u32>(arena, A_STATES);
  let run: u32 = 0;
  for (let unit = from; unit < to; unit++) {
    if (racy32(states + (unit << 2)) != 0) {
      run = 0;
      continue;
    }
    if (++run < units) continue;
    const first = unit + 1 - units;
    const got = swapRun(arena, record, first, units);
    if (got == units) {
      store32(arena + A_HINT, unit + 1);
      return true;
    }
    moved = true;
    unit = first + got; // that one is taken
    run = 0;
  }
  return false;
}

/** How many of them were free, and are the record's if that is all of them. */
function swapRun(arena: u32, record: i32, first: u32, units: u32): u32 {
  const at = recordAt(arena, record);
  const word = load<u32>(arena, A_STATES) + (first << 2);
  store<u32>(at, first, PIECE_FIRST);
  if (FAULT != 134) store32(at + PIECE_COUNT, units);
  let got: u32 = 0;
  while (got < units && swap32(word + (got << 2), 0, record + 1)) got++;
  if (FAULT == 134) store32(at + PIECE_COUNT, units);
  if (got == units) return got;
  for (let i: u32 = 0; i < got; i++) store32(word + (i << 2), 0);
  store32(at + PIECE_COUNT, 0);
  return got;
}

/** A piece in hand is its taker's from now on, or the group's. */
export function holdPiece(arena: u32, record: u32, group: u32, bytes: u32, since: f64, charged: u32): void {
  const at = recordAt(arena, record);
  store<u32>(at, bytes, PIECE_BYTES);
  store<u32>(at, charged, PIECE_CHARGED);
  store<f64>(at, since, PIECE_SINCE);
  store32(at + PIECE_GROUP, group);
  // all of that before the state, for whoever finds it held
  store64(at + PIECE_OWNER, inState(load64(at + PIECE_OWNER), PIECE_HELD));
}

/** Address of a record, for what the host writes and reads of it, and of the first byte of its piece. */
export function pieceRecord(arena: u32, record: u32): u32 {
  return recordAt(arena, record);
}

export function pieceAddress(arena: u32, record: u32): u32 {
  return load<u32>(arena, A_DATA) + (load<u32>(recordAt(arena, record), PIECE_FIRST) << load<u32>(arena, A_SHIFT));
}

/** The record of the piece that begins at an address; -1 when none does. */
export function pieceAt(arena: u32, address: u32): i32 {
  const data = load<u32>(arena, A_DATA);
  const shift = load<u32>(arena, A_SHIFT);
  if (address < data || ((address - data) & ((1 << shift) - 1)) != 0) return -1;
  const unit = (address - data) >> shift;
  if (unit >= load32(arena + A_LIMIT)) return -1;
  const word = load32(load<u32>(arena, A_STATES) + (unit << 2));
  if (word == 0) return -1;
  const at = recordAt(arena, word - 1);
  return load<u32>(at, PIECE_FIRST) == unit && stateOf(load64(at + PIECE_OWNER)) == PIECE_HELD ? word - 1 : -1;
}

/**
 * Gives back what a record holds: the thread's own when `group` is 0, else what belongs to that group, whoever took it.
 *
 * @returns false when it is none of it: given back before, or another's
 */
export function givePiece(arena: u32, record: u32, claim: u32, group: u32): bool {
  const at = recordAt(arena, record);
  const owner = load64(at + PIECE_OWNER);
  if (<u32>owner == 0 || (FAULT != 133 && stateOf(owner) != PIECE_HELD)) return false;
  if (load32(at + PIECE_GROUP) != group) return false;
  if (group == 0 && <u32>owner != claim) return false;
  // Claim, use and state change in one swap: of two that give at once one does, and if it dies its claim finds what it was giving.
  if (!swap64(at + PIECE_OWNER, owner, nextUse(owner, claim, PIECE_GIVING))) return false;
  clearPiece(arena, record, true);
  return true;
}

/** The record is ours: what it names becomes free; how many units. Repeats harmlessly, by whoever has it then. */
function clearPiece(arena: u32, record: u32, written: bool): u32 {
  const at = recordAt(arena, record);
  const shift = load<u32>(arena, A_SHIFT);
  const first = load<u32>(at, PIECE_FIRST);
  const count = load<u32>(at, PIECE_COUNT);
  const word = load<u32>(arena, A_STATES) + (first << 2);
  const address = load<u32>(arena, A_DATA) + (first << shift);
  let freed: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    // never had, or free since the last one cleared it: perhaps another's by now
    if (FAULT != 135 && load32(word + (i << 2)) != record + 1) continue;
    if (written) memory.fill(address + (i << shift), 0, 1 << shift);
    store32(word + (i << 2), 0); // zero before it is free
    freed++;
  }
  letRecordGo(at);
  add32(arena + A_GIVEN, 1);
  return freed;
}

/** The word last: until then a death finds a record that names nothing. */
function letRecordGo(at: u32): void {
  store32(at + PIECE_COUNT, 0);
  store32(at + PIECE_GROUP, 0);
  store64(at + PIECE_OWNER, load64(at + PIECE_OWNER) & USES);
}

/** After a death: undoes or finishes what `dead` had in hand, and frees what was its own. How many units became free. */
export function settlePieces(arena: u32, dead: u32, claim: u32): u32 {
  const count = load<u32>(arena, A_RECORDS);
  let freed: u32 = 0;
  for (let record: u32 = 0; record < count; record++) {
    const at = recordAt(arena, record);
    const owner = load64(at + PIECE_OWNER);
    if (<u32>owner != dead) continue;
    const state = stateOf(owner);
    if (state == PIECE_HELD && load32(at + PIECE_GROUP) != 0) continue;
    const taking = state == PIECE_TAKING;
    const settling = nextUse(owner, claim, taking ? PIECE_TAKING : PIECE_GIVING);
    if (FAULT != 136 && !swap64(at + PIECE_OWNER, owner, settling)) continue;
    freed += clearPiece(arena, record, !taking);
  }
  return freed;
}

/** Gives back all that belongs to a group; how many pieces. */
export function giveGroup(arena: u32, claim: u32, group: u32): u32 {
  const count = load<u32>(arena, A_RECORDS);
  let given: u32 = 0;
  for (let record: u32 = 0; record < count; record++) if (givePiece(arena, record, claim, group)) given++;
  return given;
}

/** Bytes of a group's pieces, and of threads' own that are charged to it. */
export function groupBytes(arena: u32, group: u32): u64 {
  const count = load<u32>(arena, A_RECORDS);
  let units: u64 = 0;
  for (let record: u32 = 0; record < count; record++) {
    const at = recordAt(arena, record);
    const owner = load64(at + PIECE_OWNER);
    if (<u32>owner == 0 || stateOf(owner) != PIECE_HELD) continue;
    const its = load32(at + PIECE_GROUP);
    if (its == group || (its == 0 && load<u32>(at, PIECE_CHARGED) == group)) units += load<u32>(at, PIECE_COUNT);
  }
  return units << load<u32>(arena, A_SHIFT);
}

/** Units that are taken. */
export function unitsTaken(arena: u32): u32 {
  const limit = load32(arena + A_LIMIT);
  const states = load<u32>(arena, A_STATES);
  let taken: u32 = 0;
  for (let unit: u32 = 0; unit < limit; unit++) if (racy32(states + (unit << 2)) != 0) taken++;
  return taken;
}
