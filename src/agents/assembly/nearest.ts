/**
 * The nearest nodes so far, as u64 each: distance, node, and whether its links were followed. The distance comes first, in a form that
 * orders as whole numbers do, so that one comparison orders by distance and then by position: equal distances have one order everywhere.
 */
import { list } from "./vector-block";

/** Of an item: its links were followed. */
export const FOLLOWED: u64 = 1;

// @ts-ignore: decorator
@inline
export function item(distance: f32, node: u32): u64 {
  const bits = reinterpret<u32>(distance);
  // what is below zero grows downwards as a whole number: all of its bits are turned, of the others the sign alone
  return (<u64>(bits ^ (<u32>(<i32>bits >> 31) | 0x80000000)) << 32) | (<u64>node << 1);
}

// @ts-ignore: decorator
@inline
export function nodeIn(item: u64): u32 {
  return <u32>item >> 1;
}

// @ts-ignore: decorator
@inline
export function distanceIn(item: u64): f32 {
  const bits = <u32>(item >> 32);
  return reinterpret<f32>(bits ^ (<u32>(<i32>~bits >> 31) | 0x80000000));
}

// @ts-ignore: decorator
@inline
export function at(place: u32): usize {
  return list + (<usize>place << 3);
}

/** Puts an item where it belongs in the list, which is in order; what was behind it moves on. @returns its place */
// @ts-ignore: decorator
@inline
export function insert(item: u64, size: u32): u32 {
  let place = size;
  while (place > 0) {
    const before = load<u64>(at(place - 1));
    if (before < item) break;
    store<u64>(at(place), before);
    place--;
  }
  store<u64>(at(place), item);
  return place;
}

/** The item at the root of a heap, the farthest first, exchanged for another. */
export function replaceRoot(item: u64, size: u32): void {
  let place: u32 = 0;
  for (;;) {
    let child: u32 = 2 * place + 1;
    if (child >= size) break;
    let larger = load<u64>(at(child));
    if (child + 1 < size) {
      const right = load<u64>(at(child + 1));
      if (right > larger) {
        larger = right;
        child++;
      }
    }
    if (larger <= item) break;
    store<u64>(at(place), larger);
    place = child;
  }
  store<u64>(at(place), item);
}

export function pushHeap(item: u64, size: u32): void {
  let place = size;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = load<u64>(at(parent));
    if (above >= item) break;
    store<u64>(at(place), above);
    place = parent;
  }
  store<u64>(at(place), item);
}

/** A heap becomes a list in order. */
export function sortHeap(size: u32): void {
  for (let last = size; last > 1; ) {
    last--;
    const item = load<u64>(at(last));
    store<u64>(at(last), load<u64>(at(0)));
    replaceRoot(item, last);
  }
}

/** What the caller reads in the list's place: (f32 distance, u32 position). */
export function writeFound(size: u32): void {
  for (let i: u32 = 0; i < size; i++) {
    const found = load<u64>(at(i));
    store<f32>(at(i), distanceIn(found));
    store<u32>(at(i), nodeIn(found), 4);
  }
}
