/**
 * A hierarchical navigable small world graph: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using
 * hierarchical navigable small world graphs", IEEE TPAMI 42(4), 2018 (their algorithms by number below).
 *
 * Every node is on level 0; on each level above there is one of m of those below. A search goes down greedily from the entry node and
 * looks around on level 0 with a list of `ef` nodes: the nearest it knows, of which it follows the links, the nearest first, until it has
 * followed those of all. The paper keeps two heaps; but a candidate that has left the one of the nearest is never followed again, so that
 * both are one list in order, with a note at each node that was followed.
 *
 * Building goes in batches: first each node of a batch finds its links among those that are in the graph already (`place`), then these
 * link back (`linkBack`), then the batch is part of the graph (`admit`). In the first step a node writes only its own links and reads none
 * of the batch; in the second the links of a node are written by whoever has its part, in the order of the batch. So several threads can share
 * both steps, with a barrier after each, and what comes of it does not depend on how many they were. This is the batch building of
 * Manohar et al., "ParlayANN", PPoPP 2024.
 */
import { between, distanceTo, encodeRow } from "./distance";
import { at, FOLLOWED, insert, item, nodeIn, writeFound } from "./nearest";
import {
  block,
  freshMark,
  H_COUNT,
  H_EF,
  H_ENTRY,
  H_PLACED,
  H_TOP,
  levelOf,
  linksOf,
  m,
  marks,
  picked,
  query,
  queryRow,
  rowOf,
  useBlock,
  useScratch,
} from "./vector-block";

/** Algorithm 2 with ef = 1, on the levels where one node is enough. */
function descend(row: usize, from: u32, level: u32): u32 {
  let here = from;
  let least = distanceTo(row, here);
  let next = from;
  do {
    here = next; // ends: the distance has become less
    const links = linksOf(here, level);
    for (let p = links + 4, end = p + (load<u32>(links) << 2); p < end; p += 4) {
      const node = load<u32>(p);
      const distance = distanceTo(row, node);
      if (distance < least) {
        least = distance;
        next = node;
      }
    }
  } while (next != here);
  return here;
}

/** Algorithm 2. @returns how many are in the list, the nearest first */
function lookAround(row: usize, from: u32, ef: u32, level: u32): u32 {
  const mark = freshMark();
  let size: u32 = 1;
  store<u64>(at(0), item(distanceTo(row, from), from));
  store<u8>(marks + from, mark);
  for (let place: u32 = 0; place < size; ) {
    const here = load<u64>(at(place));
    if (here & FOLLOWED) {
      place++;
      continue;
    }
    store<u64>(at(place), here | FOLLOWED);
    place++;
    const links = linksOf(nodeIn(here), level);
    for (let p = links + 4, end = p + (load<u32>(links) << 2); p < end; p += 4) {
      const node = load<u32>(p);
      if (load<u8>(marks + node) == mark) continue;
      store<u8>(marks + node, mark);
      const one = item(distanceTo(row, node), node);
      let before = size;
      if (before == ef) {
        if (one > load<u64>(at(ef - 1))) continue;
        before--;
      } else size++;
      const placed = insert(one, before);
      if (placed < place) place = placed;
    }
  }
  return size;
}

/** From the entry node down to `level`, not looking around on it. */
function comeDown(row: usize, level: u32): u32 {
  let here = load<u32>(block, H_ENTRY);
  for (let l = load<u32>(block, H_TOP); l > level; l--) here = descend(row, here, l);
  return here;
}

/**
 * Algorithm 5. Lists longer than `k` are cut.
 *
 * @param ef at least k, and no more than the scratch's list may hold
 * @returns how many were found, at `foundAddress`; 0 when the query is of no use (`encodeRow`)
 */
export function search(index: usize, thread: usize, k: u32, ef: u32): u32 {
  useBlock(index);
  useScratch(thread);
  if (!encodeRow(query, queryRow)) return 0;
  const size = min(k, lookAround(queryRow, comeDown(queryRow, 0), ef, 0));
  writeFound(size);
  return size;
}

/**
 * Algorithm 4, without its extensions: of the list, which is in order, those that are nearer to the row than to any that was picked before.
 * So the links go in all directions, and from one cluster to the next.
 *
 * @returns how many lie at `picked`
 */
function pick(size: u32, most: u32): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < size && count < most; i++) {
    const candidate = load<u64>(at(i)) & ~FOLLOWED;
    const row = rowOf(nodeIn(candidate));
    const end = picked + (<usize>count << 3);
    let good = true;
    for (let p = picked; p < end && good; p += 8) {
      // as items, so that equal ones compare by distance alone
      good = candidate >> 32 <= item(between(row, rowOf(nodeIn(load<u64>(p)))), 0) >> 32;
    }
    if (!good) continue;
    store<u64>(end, candidate);
    count++;
  }
  return count;
}

function writePicked(links: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) store<u32>(links + (<usize>(i + 1) << 2), nodeIn(load<u64>(picked + (<usize>i << 3))));
  store<u32>(links, count);
}

/** Algorithm 1, a node's own links: among the nodes that are in the graph, on the levels that it shares with it. */
export function place(index: usize, thread: usize, node: u32): void {
  useBlock(index);
  useScratch(thread);
  if (load<u32>(block, H_PLACED) == 0) return;
  const row = rowOf(node);
  const highest = min(levelOf(node), load<u32>(block, H_TOP));
  let from = comeDown(row, highest);
  for (let level = <i32>highest; level >= 0; level--) {
    const size = lookAround(row, from, load<u32>(block, H_EF), level);
    from = nodeIn(load<u64>(at(0)));
    writePicked(linksOf(node, level), pick(size, m));
  }
}

/** Algorithm 1, the links back to the nodes `from` to `to` - 1: of the nodes that are this part's. */
export function linkBack(index: usize, thread: usize, from: u32, to: u32, part: u32, parts: u32): void {
  useBlock(index);
  useScratch(thread);
  if (load<u32>(block, H_PLACED) == 0) return;
  const top = load<u32>(block, H_TOP);
  for (let node = from; node < to; node++) {
    for (let level = <i32>min(levelOf(node), top); level >= 0; level--) {
      const links = linksOf(node, level);
      for (let p = links + 4, end = p + (load<u32>(links) << 2); p < end; p += 4) {
        const other = load<u32>(p);
        if (other % parts == part) link(other, node, level);
      }
    }
  }
}

/** One more link; where there is no room left, the best of them all. */
function link(from: u32, to: u32, level: u32): void {
  const links = linksOf(from, level);
  const count = load<u32>(links);
  const room: u32 = level == 0 ? 2 * m : m;
  if (count < room) {
    store<u32>(links + (<usize>(count + 1) << 2), to);
    store<u32>(links, count + 1);
    return;
  }
  const row = rowOf(from);
  store<u64>(at(0), item(distanceTo(row, to), to));
  for (let i: u32 = 1; i <= count; i++) {
    const node = load<u32>(links + (<usize>i << 2));
    insert(item(distanceTo(row, node), node), i);
  }
  writePicked(links, pick(count + 1, room));
}

/**
 * The nodes before `to` are part of the graph. One that is higher than the entry node takes its place; a batch ends with such a one, so that
 * those which follow can find it on its levels.
 */
export function admit(index: usize, to: u32): void {
  useBlock(index);
  const level = levelOf(to - 1);
  if (load<u32>(block, H_PLACED) == 0 || level > load<u32>(block, H_TOP)) {
    store<u32>(block, to - 1, H_ENTRY);
    store<u32>(block, level, H_TOP);
  }
  store<u32>(block, to, H_PLACED);
}

/**
 * Whether every link of a graph leads to a node that is on its level, so that no search leaves the block or fails to end: of a file that
 * somebody has made, checksums say nothing about that. The header and the table were checked before.
 *
 * @returns the first node of which it is not so; the number of vectors when there is none
 */
export function firstBroken(index: usize): u32 {
  useBlock(index);
  const count = load<u32>(block, H_COUNT);
  for (let node: u32 = 0; node < count; node++) {
    for (let level = <i32>levelOf(node); level >= 0; level--) {
      const links = linksOf(node, level);
      const used = load<u32>(links);
      if (used > (level == 0 ? 2 * m : m)) return node;
      for (let i: u32 = 1; i <= used; i++) {
        const other = load<u32>(links + (<usize>i << 2));
        if (other >= count || <i32>levelOf(other) < level) return node;
      }
    }
  }
  return count;
}
