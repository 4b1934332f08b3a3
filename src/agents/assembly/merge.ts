/**
 * Federated averaging (McMahan et al. 2017) of Q-tables, weighted by how often each action was taken in each state: float64 sums of weight
 * times value, and of weights, by cell.
 *
 *   header   one line
 *   banks    three of: one line of round, contributors, weight | sums f64 by cell | weights f64 by cell
 *
 * Of the banks one is open (what the round under way has come to), one is closed (the last round's), one is spare. A contribution is made in
 * the spare bank, a copy of the open one, and counts when the state word, which says which bank is which, is stored: one store. Whoever dies
 * before it has written where nobody reads, and whoever dies after it has contributed. The end of a round is one store as well. So there is
 * nothing to undo, and the lock that is held around all this (accumulator.ts) may be taken from a dead holder as it is.
 */
import { ROW_CELLS, ROW_KEY, beginRow, endRow } from "../../core/assembly/rows";
import { load32, release32 } from "../../core/assembly/memory";
import { rowOfSlot, tableActions, tableCopySlot, tableOwns, tableSlots, tableStates, visitsOfSlot } from "./table";

const A_LOCK: u32 = 0;
/** Open bank | closed bank << 2 | nothing in the open one yet << 4. */
const A_STATE: u32 = 4;
const A_STATES: u32 = 8;
const A_ACTIONS: u32 = 12;
const A_BANKS: u32 = 16;
const A_BANK_BYTES: u32 = 20;
const A_MAGIC: u32 = 24;
/** Tells it from all others: a table that was added has it noted, with the round. */
const A_ID: u32 = 28;

const B_ROUND: u32 = 0;
const B_CONTRIBUTORS: u32 = 4;
const B_WEIGHT: u32 = 8;
const LINE: u32 = 64;

const MAGIC: u32 = 0x4d554341;
const EMPTY: u32 = 16;

const UNSETTLED: i32 = -1;
const NO_SUCH_STATE: i32 = -2;

// @ts-ignore: decorator
@inline
function widthOf(actions: u32): u32 {
  return (actions + 3) & ~3;
}

export function mergeBankBytes(states: u32, actions: u32): f64 {
  return <f64>LINE + <f64>states * <f64>widthOf(actions) * 16;
}

export function mergeMake(acc: u32, states: u32, actions: u32, banks: u32, id: u32): void {
  store<u32>(acc, id, A_ID);
  store<u32>(acc, states, A_STATES);
  store<u32>(acc, actions, A_ACTIONS);
  store<u32>(acc, banks, A_BANKS);
  store<u32>(acc, LINE + states * widthOf(actions) * 16, A_BANK_BYTES);
  store<u32>(acc, 0 | (1 << 2) | EMPTY, A_STATE);
  release32(acc + A_MAGIC, MAGIC);
}

export function isAccumulator(acc: u32): bool {
  return load<u32>(acc, A_MAGIC) == MAGIC;
}
/** Of the accumulator, and below it the round under way: what a table carries that is part of it. */
export function mergeMark(acc: u32): u64 {
  const state = load32(acc + A_STATE);
  const round = state & EMPTY ? load<u32>(bank(acc, closedOf(state)), B_ROUND) + 1 : load<u32>(bank(acc, openOf(state)), B_ROUND);
  return ((<u64>load<u32>(acc, A_ID)) << 32) | round;
}
export function mergeStates(acc: u32): u32 {
  return load<u32>(acc, A_STATES);
}
export function mergeActions(acc: u32): u32 {
  return load<u32>(acc, A_ACTIONS);
}
export function mergeLock(acc: u32): u32 {
  return acc + A_LOCK;
}
export function mergeBanks(acc: u32): u32 {
  return load<u32>(acc, A_BANKS);
}

// @ts-ignore: decorator
@inline
function bank(acc: u32, number: u32): u32 {
  return load<u32>(acc, A_BANKS) + number * load<u32>(acc, A_BANK_BYTES);
}

// @ts-ignore: decorator
@inline
function openOf(state: u32): u32 {
  return state & 3;
}

// @ts-ignore: decorator
@inline
function closedOf(state: u32): u32 {
  return (state >> 2) & 3;
}

/** The one of 0, 1 and 2 that is neither. */
// @ts-ignore: decorator
@inline
function spareOf(state: u32): u32 {
  return 3 - openOf(state) - closedOf(state);
}

/** The spare bank becomes what the open one holds. */
export function mergeBegin(acc: u32): void {
  const state = load32(acc + A_STATE);
  const spare = bank(acc, spareOf(state));
  const bytes = load<u32>(acc, A_BANK_BYTES);
  if (state & EMPTY) {
    memory.fill(spare, 0, bytes);
    store<u32>(spare, load<u32>(bank(acc, closedOf(state)), B_ROUND) + 1, B_ROUND);
  } else {
    memory.copy(spare, bank(acc, openOf(state)), bytes);
  }
}

/** Weight times value, and weight, of one row's cells into the spare bank: what they weigh. Cells and visits are padded to whole vectors. */
export function mergeRow(acc: u32, state: u32, cells: u32, visits: u32): f64 {
  const width = widthOf(load<u32>(acc, A_ACTIONS));
  const spare = bank(acc, spareOf(load32(acc + A_STATE)));
  const sums = spare + LINE + ((state * width) << 3);
  const weights = sums + ((load<u32>(acc, A_STATES) * width) << 3);
  let weight = f64x2.splat(0);
  for (let i: u32 = 0; i < width; i += 2) {
    const w = f64x2.convert_low_i32x4_u(v128.load64_zero(visits + (i << 2)));
    const q = f64x2.promote_low_f32x4(v128.load64_zero(cells + (i << 2)));
    const at = i << 3;
    // nothing of a cell that was not visited: its pad is infinite, and 0 times that is no number
    const product = v128.and(f64x2.mul(w, q), f64x2.gt(w, f64x2.splat(0)));
    v128.store(sums + at, f64x2.add(v128.load(sums + at), product));
    v128.store(weights + at, f64x2.add(v128.load(weights + at), w));
    weight = f64x2.add(weight, w);
  }
  return f64x2.extract_lane(weight, 0) + f64x2.extract_lane(weight, 1);
}

/**
 * Rows of a table in the same arena, from `slot` on, into the spare bank; `copies` is room for one. What has been added up is at `weight`. The slot it
 * could not read yet, or as many as there are; UNSETTLED - n = slot n is being written, NO_SUCH_STATE of a sparse table is told by -2^30.
 */
export function mergeTable(acc: u32, table: u32, slot: u32, copies: u32, weight: u32): i32 {
  const dense = tableStates(table) != 0;
  const bytes = ROW_CELLS + (widthOf(tableActions(table)) << 2);
  for (; slot < tableSlots(table); slot++) {
    const how = tableCopySlot(table, slot, copies);
    if (how == 2) continue;
    if (how == 0) return UNSETTLED - slot;
    const state = dense ? slot : <u32>min(load<u64>(copies, ROW_KEY) - 1, <u64>u32.MAX_VALUE);
    if (state >= load<u32>(acc, A_STATES)) return NO_SUCH_STATE << 29;
    store<f64>(weight, load<f64>(weight) + mergeRow(acc, state, copies + ROW_CELLS, copies + bytes));
  }
  return slot;
}

/** The contribution counts. */
export function mergePublish(acc: u32, weight: f64): void {
  const state = load32(acc + A_STATE);
  const spare = spareOf(state);
  const at = bank(acc, spare);
  store<u32>(at, load<u32>(at, B_CONTRIBUTORS) + 1, B_CONTRIBUTORS);
  store<f64>(at, load<f64>(at, B_WEIGHT) + weight, B_WEIGHT);
  release32(acc + A_STATE, spare | (closedOf(state) << 2));
}

/** The round ends: false when nobody has contributed to it, and the one before stays the last. */
export function mergeEnd(acc: u32): bool {
  const state = load32(acc + A_STATE);
  if (state & EMPTY) return false;
  release32(acc + A_STATE, closedOf(state) | (openOf(state) << 2) | EMPTY);
  return true;
}

/** Address of the head of the bank that is closed, or of the one under way; 0 = that is empty. */
export function mergeClosed(acc: u32): u32 {
  return bank(acc, closedOf(load32(acc + A_STATE)));
}
export function mergeOpen(acc: u32): u32 {
  const state = load32(acc + A_STATE);
  return state & EMPTY ? 0 : bank(acc, openOf(state));
}

/** The means of a row of the last round at `cells`, where there are any; how many there are. What has none stays. */
export function mergeMeans(acc: u32, state: u32, cells: u32): u32 {
  const actions = load<u32>(acc, A_ACTIONS);
  const width = widthOf(actions);
  const sums = mergeClosed(acc) + LINE + ((state * width) << 3);
  const weights = sums + ((load<u32>(acc, A_STATES) * width) << 3);
  let means: u32 = 0;
  for (let a: u32 = 0; a < actions; a++) {
    const weight = load<f64>(weights + (a << 3));
    if (weight == 0) continue;
    store<f32>(cells + (a << 2), <f32>(load<f64>(sums + (a << 3)) / weight));
    means++;
  }
  return means;
}

/** The last round's means into a dense table of the same arena, whose visits are counted from 0 again. False = not the owner. */
export function mergeInto(acc: u32, table: u32, claim: u32): bool {
  if (!tableOwns(table, claim)) return false;
  const width = widthOf(load<u32>(acc, A_ACTIONS)) << 2;
  for (let state: u32 = 0; state < load<u32>(acc, A_STATES); state++) {
    const row = rowOfSlot(table, state);
    beginRow(row);
    mergeMeans(acc, state, row + ROW_CELLS);
    memory.fill(visitsOfSlot(table, state), 0, width);
    endRow(row);
  }
  return true;
}
