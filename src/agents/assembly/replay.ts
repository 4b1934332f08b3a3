/**
 * A replay buffer of one agent: a ring of records of 32 bytes, a power of two of them (Lin 1992), and over it, if it is prioritised, a sum
 * tree of 2 N float64 (Schaul et al. 2016): leaf N + i is the priority of record i, every other node the sum of its two children. Sums are
 * made anew from the children at each change, never adjusted: nothing drifts, however many changes there were.
 *
 *   record   state f64 | next f64 | reward f64 | action u32 | terminal u32
 *
 * Only its owner touches it. If that dies in the middle of a push or of a priority, the record that it wrote is not counted yet, and sums
 * on one path may be of before: `replayRepair` makes all of them anew.
 */

const R_CAPACITY: u32 = 0;
const R_RECORDS: u32 = 4;
/** 0 = not prioritised. */
const R_TREE: u32 = 8;
const R_OWNER: u32 = 12;
const R_OWN: u32 = 16;
const R_MAGIC: u32 = 20;
const R_PUSHED: u32 = 24;
/** The greatest priority so far: what is new gets it, so that it is seen once at least. */
const R_GREATEST: u32 = 32;

const MAGIC: u32 = 0x4c505245;
const RECORD_SHIFT: u32 = 5;

export function replayMake(replay: u32, capacity: u32, records: u32, tree: u32, ownerWord: u32): void {
  store<u32>(replay, capacity, R_CAPACITY);
  store<u32>(replay, records, R_RECORDS);
  store<u32>(replay, tree, R_TREE);
  store<u32>(replay, ownerWord != 0 ? ownerWord : replay + R_OWN, R_OWNER);
  store<u32>(replay, MAGIC, R_MAGIC);
  empty(replay);
}

export function isReplay(replay: u32): bool {
  return load<u32>(replay, R_MAGIC) == MAGIC;
}
export function replayCapacity(replay: u32): u32 {
  return load<u32>(replay, R_CAPACITY);
}
export function replayRecords(replay: u32): u32 {
  return load<u32>(replay, R_RECORDS);
}
export function replayTree(replay: u32): u32 {
  return load<u32>(replay, R_TREE);
}
export function replayOwner(replay: u32): u32 {
  return load<u32>(replay, R_OWNER);
}
export function replayPushed(replay: u32): f64 {
  return <f64>load<u64>(replay, R_PUSHED);
}
/** The sum of all priorities. */
export function replayTotal(replay: u32): f64 {
  return load<f64>(load<u32>(replay, R_TREE), 8);
}
export function replayPriority(replay: u32, index: u32): f64 {
  return load<f64>(load<u32>(replay, R_TREE) + ((load<u32>(replay, R_CAPACITY) + index) << 3));
}

function empty(replay: u32): void {
  store<u64>(replay, 0, R_PUSHED);
  store<f64>(replay, 1, R_GREATEST);
  const tree = load<u32>(replay, R_TREE);
  if (tree != 0) memory.fill(tree, 0, load<u32>(replay, R_CAPACITY) << 4);
}

// @ts-ignore: decorator
@inline
function owns(replay: u32, claim: u32): bool {
  return atomic.load<u32>(load<u32>(replay, R_OWNER)) == claim;
}

/** All records are gone: the head is 0 again. 0 = not the owner. */
export function replayClear(replay: u32, claim: u32): bool {
  if (!owns(replay, claim)) return false;
  empty(replay);
  return true;
}

function setLeaf(tree: u32, capacity: u32, index: u32, priority: f64): void {
  let node = capacity + index;
  store<f64>(tree + (node << 3), priority);
  for (node >>= 1; node > 0; node >>= 1) sum(tree, node);
}

// @ts-ignore: decorator
@inline
function sum(tree: u32, node: u32): void {
  store<f64>(tree + (node << 3), load<f64>(tree + (node << 4)) + load<f64>(tree + (node << 4), 8));
}

/** Copies the record at `from` in; its index, -1 = not the owner. */
export function replayPush(replay: u32, claim: u32, from: u32): i32 {
  if (!owns(replay, claim)) return -1;
  const capacity = load<u32>(replay, R_CAPACITY);
  const pushed = load<u64>(replay, R_PUSHED);
  const index = <u32>pushed & (capacity - 1);
  const to = load<u32>(replay, R_RECORDS) + (index << RECORD_SHIFT);
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  store<u64>(replay, pushed + 1, R_PUSHED);
  const tree = load<u32>(replay, R_TREE);
  if (tree != 0) setLeaf(tree, capacity, index, load<f64>(replay, R_GREATEST));
  return index;
}

export function replaySetPriority(replay: u32, claim: u32, index: u32, priority: f64): bool {
  if (!owns(replay, claim)) return false;
  if (priority > load<f64>(replay, R_GREATEST)) store<f64>(replay, priority, R_GREATEST);
  setLeaf(load<u32>(replay, R_TREE), load<u32>(replay, R_CAPACITY), index, priority);
  return true;
}

/** All sums from the leaves, and no priority beyond what was pushed: by the owner after one that died. */
export function replayRepair(replay: u32, claim: u32): bool {
  if (!owns(replay, claim)) return false;
  const tree = load<u32>(replay, R_TREE);
  if (tree == 0) return true;
  const capacity = load<u32>(replay, R_CAPACITY);
  const size = <u32>min(load<u64>(replay, R_PUSHED), <u64>capacity);
  for (let i = size; i < capacity; i++) store<f64>(tree + ((capacity + i) << 3), 0);
  for (let node = capacity - 1; node > 0; node--) sum(tree, node);
  return true;
}

/**
 * For each of `n` numbers of [0, 1) at `tickets` an index at `indices` and its probability at `shares`. Prioritised, the i-th is drawn from the
 * i-th of n equal parts of all priorities (stratified), and never has priority 0.
 */
export function replaySample(replay: u32, n: u32, tickets: u32, indices: u32, shares: u32): void {
  const capacity = load<u32>(replay, R_CAPACITY);
  const tree = load<u32>(replay, R_TREE);
  if (tree == 0) {
    const size = <f64>min(load<u64>(replay, R_PUSHED), <u64>capacity);
    for (let i: u32 = 0; i < n; i++) {
      store<u32>(indices + (i << 2), <u32>(load<f64>(tickets + (i << 3)) * size));
      store<f32>(shares + (i << 2), <f32>(1 / size));
    }
    return;
  }
  const total = load<f64>(tree, 8);
  const part = total / <f64>n;
  for (let i: u32 = 0; i < n; i++) {
    let rest = part * (<f64>i + load<f64>(tickets + (i << 3)));
    let node: u32 = 1;
    while (node < capacity) {
      node <<= 1;
      const left = load<f64>(tree + (node << 3));
      if (rest >= left && load<f64>(tree + (node << 3), 8) > 0) {
        rest -= left;
        node++;
      }
    }
    store<u32>(indices + (i << 2), node - capacity);
    store<f32>(shares + (i << 2), <f32>(load<f64>(tree + (node << 3)) / total));
  }
}
