/**
 * Pieces of an arena: runs of whole units, each piece with a record that says who has it, since when and what for.
 *
 * Invariants.
 *   1. A unit's word is 0 (free, and all its bytes zero) or the number + 1 of the record whose piece it is part of.
 *   2. A record whose claim is 0 names no units; a record that is taken names, in FIRST and COUNT, every unit whose word has its number.
 *      So its range is written before the first of those words is swapped, and set to nothing after the last was cleared.
 *   3. Who changes a record is who its claim names; a claim is only ever replaced by a swap of the whole word, count of uses included.
 *
 * Whatever step a thread dies at, its claim finds the record (3), the record finds the units (2), and the state says whether the piece was
 * anybody's yet: TAKING and GIVING are undone or finished, HELD is given back when it was the thread's own, and stays where it belongs to
 * a name of the directory. A reaper puts its own claim into the record first: it alone goes on, and if it dies its claim finds the
 * record in turn.
 *
 * No thread waits for another. Two that take at once may both find a unit taken that the other gives up again: whoever saw that and found
 * no room otherwise is told so (UNITS_MOVED) and may try again.
 */
import {
  A_DATA,
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
  PIECE_STATE,
  PIECE_TAKING,
  UNITS_MOVED,
} from "../layout";
import { load32, load64, racy32, store32, store64, swap32, swap64 } from "./memory";

/** Units by which the limit is raised at least, so that it is raised seldom. */
const GROWTH: u32 = 1024;

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
  const record = takeRecord(arena, claim);
  if (record < 0) return NO_RECORD;
  moved = false;
  let limit = load32(arena + A_LIMIT);
  const hint = racy32(arena + A_HINT);
  const from = hint < limit ? hint : 0;
  if (from != 0 && takeRun(arena, record, units, from, limit)) return record;
  if (takeRun(arena, record, units, 0, limit)) return record;
  while (grow(arena, units)) {
    const before = limit > units ? limit - units : 0;
    limit = load32(arena + A_LIMIT);
    if (takeRun(arena, record, units, before, limit)) return record;
  }
  letRecordGo(arena, record);
  return moved ? UNITS_MOVED : NO_UNITS;
}

/** Raises the limit, or finds it raised; false when it is at its end, and what lies below it was searched. */
function grow(arena: u32, units: u32): bool {
  const most = load<u32>(arena, A_UNITS);
  const limit = load32(arena + A_LIMIT);
  if (limit == most) return false;
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
    if (<u32>owner == 0 && swap64(at + PIECE_OWNER, owner, nextUse(owner, claim))) {
      store32(arena + A_RECORD_HINT, record + 1);
      return record;
    }
    if (++record == count) record = 0;
  }
  return -1;
}

// @ts-ignore: decorator
@inline
function nextUse(owner: u64, claim: u32): u64 {
  return (((owner >> 32) + 1) << 32) | claim;
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
  store32(at + PIECE_COUNT, units);
  let got: u32 = 0;
  while (got < units && swap32(word + (got << 2), 0, record + 1)) got++;
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
  store32(at + PIECE_STATE, PIECE_HELD);
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
  return load<u32>(at, PIECE_FIRST) == unit && load32(at + PIECE_STATE) == PIECE_HELD ? word - 1 : -1;
}

/**
 * Gives back what a record holds: the thread's own when `group` is 0, else what belongs to that group, whoever took it.
 *
 * @returns false when it is none of it: given back before, or another's
 */
export function givePiece(arena: u32, record: u32, claim: u32, group: u32): bool {
  const at = recordAt(arena, record);
  const owner = load64(at + PIECE_OWNER);
  if (<u32>owner == 0 || load32(at + PIECE_STATE) != PIECE_HELD || load32(at + PIECE_GROUP) != group) return false;
  if (group == 0 && <u32>owner != claim) return false;
  // The next use, or two threads that give at once would both have it: the one with the same claim as before would not be seen to change.
  if (!swap64(at + PIECE_OWNER, owner, nextUse(owner, claim))) return false;
  // Of two that give what belongs to one group the later finds the record under the earlier's claim, held still: the state has one winner.
  if (!swap32(at + PIECE_STATE, PIECE_HELD, PIECE_GIVING)) return false;
  clearPiece(arena, record);
  return true;
}

/** The record is ours: what it names becomes free. Repeats harmlessly, by whoever has it then. */
function clearPiece(arena: u32, record: u32): void {
  const at = recordAt(arena, record);
  const shift = load<u32>(arena, A_SHIFT);
  const first = load<u32>(at, PIECE_FIRST);
  const count = load<u32>(at, PIECE_COUNT);
  const word = load<u32>(arena, A_STATES) + (first << 2);
  const address = load<u32>(arena, A_DATA) + (first << shift);
  const written = load32(at + PIECE_STATE) != PIECE_TAKING;
  store32(at + PIECE_STATE, PIECE_GIVING);
  for (let i: u32 = 0; i < count; i++) {
    if (load32(word + (i << 2)) != record + 1) continue; // never had, or free since the last one cleared it: perhaps another's by now
    if (written) memory.fill(address + (i << shift), 0, 1 << shift);
    store32(word + (i << 2), 0);
  }
  letRecordGo(arena, record);
}

function letRecordGo(arena: u32, record: u32): void {
  const at = recordAt(arena, record);
  store32(at + PIECE_COUNT, 0);
  store32(at + PIECE_GROUP, 0);
  store32(at + PIECE_STATE, PIECE_TAKING);
  store64(at + PIECE_OWNER, load64(at + PIECE_OWNER) & 0xffffffff00000000);
}

/** After a death: undoes or finishes what `dead` had in hand, and frees what was its own. How many units became free. */
export function settlePieces(arena: u32, dead: u32, claim: u32): u32 {
  const count = load<u32>(arena, A_RECORDS);
  let freed: u32 = 0;
  for (let record: u32 = 0; record < count; record++) {
    const at = recordAt(arena, record);
    const owner = load64(at + PIECE_OWNER);
    if (<u32>owner != dead) continue;
    if (load32(at + PIECE_STATE) == PIECE_HELD && load32(at + PIECE_GROUP) != 0) continue;
    if (!swap64(at + PIECE_OWNER, owner, nextUse(owner, claim))) continue;
    freed += load<u32>(at, PIECE_COUNT);
    clearPiece(arena, record);
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
    if (<u32>load64(at + PIECE_OWNER) == 0 || load32(at + PIECE_STATE) != PIECE_HELD) continue;
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
