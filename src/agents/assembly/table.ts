/**
 * Q-tables: float32 values of states and actions, written by their owner, read by any thread.
 *
 *   header   one line, below; written once, but for the word of the piece
 *   piece    one line of counts | rows, a power of two apart, so that a row of up to 12 actions is one line | visits, u32 by row and action
 *   row      as in core/assembly/rows.ts, with its actions padded to whole vectors by -Infinity: the greatest of a row needs no length
 *
 * A dense table has a row a state. A sparse one is found by key (state + 1, 0 = empty) with open addressing: a row is published by its key,
 * stored last; rows are never removed, only replaced in place under their version. `P_REACH` is how far from its home any row lies, so that
 * a search ends there, however full the piece is.
 *
 * A sparse table grows into a new piece that its owner fills alone and publishes by the word of the piece, 8 bytes with a generation. Who reads
 * takes that word first and looks at it again after the copy, behind the same fence as the row's version: if it is still the same, the piece was
 * the table's during the whole of the copy, for the owner changes the word before it gives the old piece back. Nobody waits for readers:
 * what they may have read of a piece that is another's by then, they throw away. All that a search needs to stay inside the memory is in the word.
 *
 * Rows hold floats that several threads may see torn from each other but never torn in themselves: a cell is four aligned bytes.
 */
import { load64, loadsFence, release32, release64, storesFence } from "../../core/assembly/memory";
import { ROW_CELLS, ROW_KEY, ROW_VISITS, beginRow, copyRow, endRow, repairRow } from "../../core/assembly/rows";

/** u64: address of the piece | log2 of its rows (sparse), then its generation. */
const T_PIECE: u32 = 0;
/** Where the word lies that says who may write, and what it says unless the maker names another. */
const T_OWNER: u32 = 8;
const T_OWN: u32 = 12;
/** Of a dense table; 0 = sparse. */
const T_STATES: u32 = 16;
const T_ACTIONS: u32 = 20;
/** Bytes of a row's cells, padded. */
const T_WIDTH: u32 = 24;
/** log2 of how far rows are apart. */
const T_STRIDE: u32 = 28;
const T_INITIAL: u32 = 32;
/** log2 of the rows it may grow to; and whether it replaces what it visited least when it is there. */
const T_LIMIT: u32 = 36;
const T_REPLACES: u32 = 40;
const T_MAGIC: u32 = 44;
// 48, u64: which round of which accumulator it is part of (table.ts and accumulator.ts of src/agents)

const MAGIC: u32 = 0x4c425451;
const LINE: u32 = 64;

const P_ROWS: u32 = 0;
const P_REACH: u32 = 4;
const P_REPLACED: u32 = 8;

const WRITTEN: i32 = 0;
const NOT_OWNER: i32 = 1;
/** No row for another state. */
const FULL: i32 = 2;
/** The value would not be a finite float32. */
const NOT_FINITE: i32 = 3;

/** Of `tableCopy`. */
const UNSETTLED: i32 = 0;
const FOUND: i32 = 1;
const ABSENT: i32 = 2;

/** Rows that a full sparse table chooses from when it replaces one. */
const CANDIDATES: u32 = 4;
const READS: u32 = 64;

// ---------------------------------------------------------------- where things are

// @ts-ignore: decorator
@inline
function pieceOf(word: u64): u32 {
  return <u32>word & ~(LINE - 1);
}

// @ts-ignore: decorator
@inline
function slotsOf(table: u32, word: u64): u32 {
  const states = load<u32>(table, T_STATES);
  return states != 0 ? states : (<u32>1) << (<u32>word & (LINE - 1));
}

// @ts-ignore: decorator
@inline
function rowAt(table: u32, piece: u32, slot: u32): u32 {
  return piece + LINE + (slot << load<u32>(table, T_STRIDE));
}

// @ts-ignore: decorator
@inline
function visitsAt(table: u32, word: u64, row: u32): u32 {
  const piece = pieceOf(word);
  const shift = load<u32>(table, T_STRIDE);
  const slot = (row - piece - LINE) >> shift;
  return piece + LINE + (slotsOf(table, word) << shift) + slot * load<u32>(table, T_WIDTH);
}

/** The finaliser of MurmurHash3: neighbouring states must not be neighbouring rows. */
// @ts-ignore: decorator
@inline
function mixed(key: u64): u64 {
  key ^= key >> 33;
  key *= 0xff51afd7ed558ccd;
  key ^= key >> 33;
  key *= 0xc4ceb9fe1a85ec53;
  return key ^ (key >> 33);
}

/** The row of a state, 0 = it has none. */
// @ts-ignore: decorator
@inline
function find(table: u32, word: u64, state: f64): u32 {
  if (load<u32>(table, T_STATES) != 0) return rowAt(table, pieceOf(word), <u32>state);
  return findKey(table, word, <u64>state + 1);
}

function findKey(table: u32, word: u64, key: u64): u32 {
  const piece = pieceOf(word);
  const mask = slotsOf(table, word) - 1;
  const home = <u32>mixed(key);
  const reach = min(load<u32>(piece, P_REACH), mask);
  for (let i: u32 = 0; i <= reach; i++) {
    const row = rowAt(table, piece, (home + i) & mask);
    const there = load64(row + ROW_KEY);
    if (there == key) return row;
    if (there == 0) return 0;
  }
  return 0;
}

// ---------------------------------------------------------------- making and growing

export function tableHeaderBytes(): u32 {
  return LINE;
}

/** log2 of how far rows of so many actions are apart. */
export function tableStride(actions: u32): u32 {
  const bytes = ROW_CELLS + (((actions + 3) & ~3) << 2);
  let shift: u32 = 5;
  while ((<u32>1) << shift < bytes) shift++;
  return shift;
}

/** Bytes of a piece of so many rows. */
export function tablePieceBytes(actions: u32, rows: u32): f64 {
  const apart = (<u32>1) << tableStride(actions);
  return <f64>LINE + <f64>rows * <f64>(apart + (((actions + 3) & ~3) << 2));
}

/**
 * Lays a table over zeroed memory. `bits`: log2 of the rows of a sparse one, whose `states` is 0. `ownerWord`: 0 = the header's own.
 */
export function tableMake(
  table: u32,
  piece: u32,
  states: u32,
  actions: u32,
  bits: u32,
  limit: u32,
  replaces: u32,
  initial: f32,
  ownerWord: u32,
): void {
  store<u32>(table, ownerWord != 0 ? ownerWord : table + T_OWN, T_OWNER);
  store<u32>(table, states, T_STATES);
  store<u32>(table, actions, T_ACTIONS);
  store<u32>(table, ((actions + 3) & ~3) << 2, T_WIDTH);
  store<u32>(table, tableStride(actions), T_STRIDE);
  store<f32>(table, initial, T_INITIAL);
  store<u32>(table, limit, T_LIMIT);
  store<u32>(table, replaces, T_REPLACES);
  for (let s: u32 = 0; s < states; s++) blank(table, rowAt(table, piece, s));
  release64(table + T_PIECE, <u64>(piece | bits));
  release32(table + T_MAGIC, MAGIC);
}

/** Whether a table lies here. */
export function isTable(table: u32): bool {
  return load<u32>(table, T_MAGIC) == MAGIC;
}

/** Of a dense table, 0 = sparse. */
export function tableStates(table: u32): u32 {
  return load<u32>(table, T_STATES);
}
export function tableActions(table: u32): u32 {
  return load<u32>(table, T_ACTIONS);
}
export function tableInitial(table: u32): f32 {
  return load<f32>(table, T_INITIAL);
}
/** Address of the piece. */
export function tablePiece(table: u32): u32 {
  return pieceOf(load64(table + T_PIECE));
}
/** Rows that the piece has room for, and those that are somebody's. */
export function tableSlots(table: u32): u32 {
  return slotsOf(table, load64(table + T_PIECE));
}
export function tableRows(table: u32): u32 {
  const states = load<u32>(table, T_STATES);
  return states != 0 ? states : load<u32>(tablePiece(table), P_ROWS);
}
/** Rows that were given to other states. */
export function tableReplaced(table: u32): u32 {
  return load<u32>(tablePiece(table), P_REPLACED);
}
/** log2 of the rows it may grow to. */
export function tableLimit(table: u32): u32 {
  return load<u32>(table, T_LIMIT);
}
export function tableReplaces(table: u32): u32 {
  return load<u32>(table, T_REPLACES);
}
/** It may not grow beyond what it is. */
export function tableStopGrowing(table: u32): void {
  store<u32>(table, <u32>load<u64>(table, T_PIECE) & (LINE - 1), T_LIMIT);
}

/** The initial value, and pads that are never the greatest. */
function blank(table: u32, row: u32): void {
  const initial = load<f32>(table, T_INITIAL);
  const end = ROW_CELLS + (load<u32>(table, T_ACTIONS) << 2);
  for (let i = ROW_CELLS; i < end; i += 4) store<f32>(row + i, initial);
  for (let i = end; i < ROW_CELLS + load<u32>(table, T_WIDTH); i += 4) store<f32>(row + i, -Infinity);
}

/** The row of a state, made if it has none; 0 = there is no room for it. Owner only. */
function put(table: u32, word: u64, state: f64): u32 {
  const there = find(table, word, state);
  if (there != 0) return there;
  const piece = pieceOf(word);
  const slots = slotsOf(table, word);
  const key = <u64>state + 1;
  const home = <u32>mixed(key);
  const rows = load<u32>(piece, P_ROWS);
  if ((rows + 1) << 1 <= slots) {
    let i: u32 = 0;
    while (load<u64>(rowAt(table, piece, (home + i) & (slots - 1)), ROW_KEY) != 0) i++;
    return insert(table, word, (home + i) & (slots - 1), i, key);
  }
  if ((<u32>word & (LINE - 1)) < load<u32>(table, T_LIMIT) || !load<u32>(table, T_REPLACES)) return 0;
  let least: u32 = 0;
  for (let i: u32 = 0; i < min(CANDIDATES, slots); i++) {
    const slot = (home + i) & (slots - 1);
    const row = rowAt(table, piece, slot);
    if (load<u64>(row, ROW_KEY) == 0) return insert(table, word, slot, i, key);
    if (least == 0 || load<u32>(row, ROW_VISITS) < load<u32>(least, ROW_VISITS)) least = row;
  }
  const far = ((least - rowAt(table, piece, 0)) >> load<u32>(table, T_STRIDE)) - home;
  beginRow(least);
  release64(least + ROW_KEY, key);
  store<u32>(least, 0, ROW_VISITS);
  blank(table, least);
  memory.fill(visitsAt(table, word, least), 0, load<u32>(table, T_WIDTH));
  if ((far & (slots - 1)) > load<u32>(piece, P_REACH)) release32(piece + P_REACH, far & (slots - 1));
  endRow(least);
  store<u32>(piece, load<u32>(piece, P_REPLACED) + 1, P_REPLACED);
  return least;
}

/** What is in the row and how far a search must go come before the key that publishes it. */
function insert(table: u32, word: u64, slot: u32, far: u32, key: u64): u32 {
  const piece = pieceOf(word);
  const row = rowAt(table, piece, slot);
  blank(table, row);
  if (far > load<u32>(piece, P_REACH)) store<u32>(piece, far, P_REACH);
  store<u32>(piece, load<u32>(piece, P_ROWS) + 1, P_ROWS);
  release64(row + ROW_KEY, key);
  return row;
}

/** All rows into a new piece of 2^bits, zeroed; the old one's address, 0 = not the owner. */
export function tableGrow(table: u32, claim: u32, piece: u32, bits: u32): u32 {
  if (!owns(table, claim)) return 0;
  const old = load<u64>(table, T_PIECE);
  const word = ((old >> 32) + 1) << 32 | <u64>(piece | bits);
  const mask = slotsOf(table, word) - 1;
  const width = load<u32>(table, T_WIDTH);
  for (let slot: u32 = 0; slot < slotsOf(table, old); slot++) {
    const from = rowAt(table, pieceOf(old), slot);
    const key = load<u64>(from, ROW_KEY);
    if (key == 0) continue;
    const home = <u32>mixed(key);
    let i: u32 = 0;
    while (load<u64>(rowAt(table, piece, (home + i) & mask), ROW_KEY) != 0) i++;
    const row = insert(table, word, (home + i) & mask, i, key);
    memory.copy(row + ROW_CELLS, from + ROW_CELLS, width);
    store<u32>(row, load<u32>(from, ROW_VISITS), ROW_VISITS);
    memory.copy(visitsAt(table, word, row), visitsAt(table, old, from), width);
  }
  store<u32>(piece, load<u32>(pieceOf(old), P_REPLACED), P_REPLACED);
  release64(table + T_PIECE, word); // all of the new piece before it is the table's
  storesFence(); // and that before whatever the old one is used for: partner, the fence before a reader looks at the word again
  return pieceOf(old);
}

/**
 * By the table's new owner: rows that a dead one has left half written. They hold what it had written of them. Rows are counted again too, for
 * it may have died between its count and the key; -1 = not the owner.
 */
export function tableRepair(table: u32, claim: u32): i32 {
  if (!owns(table, claim)) return -1;
  const word = load<u64>(table, T_PIECE);
  let repaired = 0;
  let rows: u32 = 0;
  for (let slot: u32 = 0; slot < slotsOf(table, word); slot++) {
    const row = rowAt(table, pieceOf(word), slot);
    if (repairRow(row)) repaired++;
    if (load<u64>(row, ROW_KEY) != 0) rows++;
  }
  store<u32>(pieceOf(word), rows, P_ROWS);
  return repaired;
}

// ---------------------------------------------------------------- kernels

// @ts-ignore: decorator
@inline
function owns(table: u32, claim: u32): bool {
  return atomic.load<u32>(load<u32>(table, T_OWNER)) == claim;
}

/**
 * The greatest of the row in every lane. f32x4.pmax is one instruction; f32x4.max and f32.max are compare-and-branch in V8, for NaN and -0,
 * and the branch is mispredicted on rows that differ.
 */
// @ts-ignore: decorator
@inline
function greatest(cells: u32, width: u32): v128 {
  let m = v128.load(cells);
  for (let i: u32 = 16; i < width; i += 16) m = f32x4.pmax(m, v128.load(cells + i));
  m = f32x4.pmax(m, i8x16.shuffle(m, m, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.pmax(m, i8x16.shuffle(m, m, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
}

/** The index of the `nth` of the greatest, from 0. */
// @ts-ignore: decorator
@inline
function indexOfGreatest(cells: u32, width: u32, nth: u32): u32 {
  const m = greatest(cells, width);
  for (let i: u32 = 0; i < width; i += 16) {
    let bits = i32x4.bitmask(f32x4.eq(v128.load(cells + i), m));
    while (bits) {
      if (nth == 0) return (i >> 2) + ctz(bits);
      nth--;
      bits &= bits - 1;
    }
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function countGreatest(cells: u32, width: u32): u32 {
  const m = greatest(cells, width);
  let count: u32 = 0;
  for (let i: u32 = 0; i < width; i += 16) count += popcnt(i32x4.bitmask(f32x4.eq(v128.load(cells + i), m)));
  return count;
}

/** The value of a state's best action, which is the initial one where the state has no row. */
// @ts-ignore: decorator
@inline
function valueOf(table: u32, word: u64, state: f64): f64 {
  const row = find(table, word, state);
  if (row == 0) return load<f32>(table, T_INITIAL);
  return f32x4.extract_lane(greatest(row + ROW_CELLS, load<u32>(table, T_WIDTH)), 0);
}

/** q += rate * (target - q), in float64, and a visit. */
// @ts-ignore: decorator
@inline
function learn(table: u32, word: u64, state: f64, action: u32, target: f64, rate: f64): i32 {
  let row = find(table, word, state);
  const q: f64 = row == 0 ? load<f32>(table, T_INITIAL) : load<f32>(row + ROW_CELLS + (action << 2));
  const learnt = <f32>(q + rate * (target - q));
  if (learnt - learnt != 0) return NOT_FINITE;
  if (row == 0) {
    row = put(table, word, state);
    if (row == 0) return FULL;
  }
  const visits = visitsAt(table, word, row) + (action << 2);
  beginRow(row);
  store<f32>(row + ROW_CELLS + (action << 2), learnt);
  count(row + ROW_VISITS);
  count(visits);
  endRow(row);
  return WRITTEN;
}

// @ts-ignore: decorator
@inline
function count(address: u32): void {
  const so = load<u32>(address);
  if (so != u32.MAX_VALUE) store<u32>(address, so + 1);
}

/** Q-learning (Watkins 1989): what the best action of the next state is worth. */
export function tableUpdate(
  table: u32,
  claim: u32,
  state: f64,
  action: u32,
  reward: f64,
  next: f64,
  terminal: i32,
  rate: f64,
  discount: f64,
): i32 {
  if (!owns(table, claim)) return NOT_OWNER;
  const word = load<u64>(table, T_PIECE);
  const target = terminal ? reward : reward + discount * valueOf(table, word, next);
  return learn(table, word, state, action, target, rate);
}

/** SARSA (Rummery & Niranjan 1994): what the action that is taken next is worth. */
export function tableSarsa(
  table: u32,
  claim: u32,
  state: f64,
  action: u32,
  reward: f64,
  next: f64,
  nextAction: u32,
  terminal: i32,
  rate: f64,
  discount: f64,
): i32 {
  if (!owns(table, claim)) return NOT_OWNER;
  const word = load<u64>(table, T_PIECE);
  let target = reward;
  if (!terminal) {
    const row = find(table, word, next);
    target += discount * <f64>(row == 0 ? load<f32>(table, T_INITIAL) : load<f32>(row + ROW_CELLS + (nextAction << 2)));
  }
  return learn(table, word, state, action, target, rate);
}

/** Expected SARSA (van Seijen et al. 2009) of a policy that takes the best action but for `epsilon`, when it takes any. */
export function tableExpected(
  table: u32,
  claim: u32,
  state: f64,
  action: u32,
  reward: f64,
  next: f64,
  terminal: i32,
  epsilon: f64,
  rate: f64,
  discount: f64,
): i32 {
  if (!owns(table, claim)) return NOT_OWNER;
  const word = load<u64>(table, T_PIECE);
  let target = reward;
  if (!terminal) {
    const best = valueOf(table, word, next);
    target += discount * ((1 - epsilon) * best + epsilon * meanOf(table, word, next));
  }
  return learn(table, word, state, action, target, rate);
}

function meanOf(table: u32, word: u64, state: f64): f64 {
  const row = find(table, word, state);
  if (row == 0) return load<f32>(table, T_INITIAL);
  const actions = load<u32>(table, T_ACTIONS);
  let sum: f64 = 0;
  for (let i: u32 = 0; i < actions; i++) sum += load<f32>(row + ROW_CELLS + (i << 2));
  return sum / <f64>actions;
}

export function tableSet(table: u32, claim: u32, state: f64, action: u32, value: f64): i32 {
  if (!owns(table, claim)) return NOT_OWNER;
  const single = <f32>value;
  if (single - single != 0) return NOT_FINITE;
  const row = put(table, load<u64>(table, T_PIECE), state);
  if (row == 0) return FULL;
  beginRow(row);
  store<f32>(row + ROW_CELLS + (action << 2), single);
  endRow(row);
  return WRITTEN;
}

/** All values of a row, and its visits, from `cells` and `visits`; the pads are kept. */
export function tableSetRow(table: u32, claim: u32, state: f64, cells: u32, visits: u32): i32 {
  if (!owns(table, claim)) return NOT_OWNER;
  const actions = load<u32>(table, T_ACTIONS);
  for (let i: u32 = 0; i < actions; i++) {
    const value = load<f32>(cells + (i << 2));
    if (value - value != 0) return NOT_FINITE;
  }
  const word = load<u64>(table, T_PIECE);
  const row = put(table, word, state);
  if (row == 0) return FULL;
  const counts = visitsAt(table, word, row);
  let sum: u64 = 0;
  for (let i: u32 = 0; i < actions; i++) sum += load<u32>(visits + (i << 2));
  beginRow(row);
  memory.copy(row + ROW_CELLS, cells, actions << 2);
  memory.copy(counts, visits, actions << 2);
  // what it was visited in all: a row whose visits count elsewhere by now is not the least visited for that
  store<u32>(row, max(load<u32>(row, ROW_VISITS), <u32>min(sum, <u64>u32.MAX_VALUE)), ROW_VISITS);
  endRow(row);
  return WRITTEN;
}

/**
 * A row as it was at one moment: its head, its cells, then its visits, at `to`. What it was copied from is looked at again afterwards: the piece
 * by the word, the state by the key that came with the copy.
 */
export function tableCopy(table: u32, state: f64, to: u32): i32 {
  const bytes = ROW_CELLS + load<u32>(table, T_WIDTH);
  const sparse = load<u32>(table, T_STATES) == 0;
  for (let look: u32 = 0; look < READS; look++) {
    const word = load64(table + T_PIECE);
    const row = find(table, word, state);
    if (row == 0) {
      loadsFence();
      if (load64(table + T_PIECE) == word) return ABSENT;
      continue;
    }
    const whole = copyRow(row, bytes, to, visitsAt(table, word, row), load<u32>(table, T_WIDTH), to + bytes);
    loadsFence();
    if (load64(table + T_PIECE) != word) continue; // the piece is another's memory, perhaps
    if (!whole) return UNSETTLED;
    if (!sparse || load<u64>(to, ROW_KEY) == <u64>state + 1) return FOUND; // or the row was given to another state
  }
  return UNSETTLED;
}

/** The row in this place, by its number, copied likewise; ABSENT when nobody has it. Its state + 1 is the copy's key, if the table is sparse. */
export function tableCopySlot(table: u32, slot: u32, to: u32): i32 {
  const bytes = ROW_CELLS + load<u32>(table, T_WIDTH);
  const word = load64(table + T_PIECE);
  if (slot >= slotsOf(table, word)) return ABSENT;
  const row = rowAt(table, pieceOf(word), slot);
  if (load<u32>(table, T_STATES) == 0 && load64(row + ROW_KEY) == 0) return ABSENT;
  const whole = copyRow(row, bytes, to, visitsAt(table, word, row), load<u32>(table, T_WIDTH), to + bytes);
  loadsFence();
  return whole && load64(table + T_PIECE) == word ? FOUND : UNSETTLED;
}

/** Of a row in hand that `tableCopy` has made. */
export function copiedBest(cells: u32, actions: u32): u32 {
  return indexOfGreatest(cells, ((actions + 3) & ~3) << 2, 0);
}

// ---------------------------------------------------------------- what the owner asks of its own table: nobody else writes it

export function tableGet(table: u32, state: f64, action: u32): f64 {
  const row = find(table, load<u64>(table, T_PIECE), state);
  return row == 0 ? load<f32>(table, T_INITIAL) : load<f32>(row + ROW_CELLS + (action << 2));
}

/** The first of the best actions. */
export function tableBest(table: u32, state: f64): u32 {
  const row = find(table, load<u64>(table, T_PIECE), state);
  return row == 0 ? 0 : indexOfGreatest(row + ROW_CELLS, load<u32>(table, T_WIDTH), 0);
}

/** Any of the best actions, by a number from [0, 1). */
export function tableChoose(table: u32, state: f64, ticket: f64): u32 {
  const row = find(table, load<u64>(table, T_PIECE), state);
  if (row == 0) return <u32>(ticket * <f64>load<u32>(table, T_ACTIONS));
  const width = load<u32>(table, T_WIDTH);
  const ties = countGreatest(row + ROW_CELLS, width);
  return indexOfGreatest(row + ROW_CELLS, width, ties == 1 ? 0 : <u32>(ticket * <f64>ties));
}

export function tableVisits(table: u32, state: f64, action: u32): u32 {
  const word = load<u64>(table, T_PIECE);
  const row = find(table, word, state);
  return row == 0 ? 0 : load<u32>(visitsAt(table, word, row) + (action << 2));
}

/** From here on visits are counted anew: after a merge was loaded, which has them. */
export function tableForget(table: u32, claim: u32): i32 {
  if (!owns(table, claim)) return NOT_OWNER;
  const word = load<u64>(table, T_PIECE);
  const width = load<u32>(table, T_WIDTH);
  for (let slot: u32 = 0; slot < slotsOf(table, word); slot++) {
    const row = rowAt(table, pieceOf(word), slot);
    beginRow(row);
    memory.fill(visitsAt(table, word, row), 0, width);
    endRow(row);
  }
  return WRITTEN;
}

// ---------------------------------------------------------------- for merges (merge.ts)

export function tableOwns(table: u32, claim: u32): bool {
  return owns(table, claim);
}

export function rowOfSlot(table: u32, slot: u32): u32 {
  return rowAt(table, pieceOf(load<u64>(table, T_PIECE)), slot);
}

export function visitsOfSlot(table: u32, slot: u32): u32 {
  return visitsAt(table, load<u64>(table, T_PIECE), rowOfSlot(table, slot));
}
