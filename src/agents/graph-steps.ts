/**
 * How a graph is put together (assembly/hnsw.ts, its head), by one thread or by several that meet after each step.
 *
 * Invariant: before a step begins, all steps before it have ended in all threads. Within "place" a thread writes the links of nodes that
 * nobody can reach yet, its own share of the batch; within "link back" those of the nodes that are its part, which nobody else reads or writes
 * then; "admit" is the last arrival's alone. The plain writes of one step are seen in the next, as arrivals are atomic read-modify-writes of one word
 * and departures read what the last arrival has written.
 */
import type { VectorKernels } from "./vector-kernels.js";

/** A batch is a fiftieth of the graph at most: its nodes do not see each other. */
const SHARE = 50;
const MOST_AT_ONCE = 512;
/** Nodes placed between two pauses. */
const PAUSED_AFTER = 8;

export interface GraphWork {
  readonly kernels: VectorKernels;
  readonly index: number;
  readonly scratch: number;
  readonly count: number;
  levelOf(node: number): number;
}

/**
 * @param part this thread's, 0 up
 * @param meet returns when all parts have called it; `last` is called by the last of them before it lets the others go
 * @yields the nodes in the graph, often: whoever drives it may do something else then
 */
export function* graphSteps(
  { kernels, index, scratch, count, levelOf }: GraphWork,
  part: number,
  parts: number,
  meet: (last: () => void) => void,
): Generator<number, void> {
  let top = -1;
  let to = 0;
  for (let from = 0; from < count; from = to) {
    to = batchEnd(from, count, levelOf, top);
    top = Math.max(top, levelOf(to - 1));
    for (let node = from + part, placed = 0; node < to; node += parts) {
      kernels.place(index, scratch, node);
      if (++placed % PAUSED_AFTER === 0) yield from;
    }
    meet(() => {});
    kernels.linkBack(index, scratch, from, to, part, parts);
    meet(() => kernels.admit(index, to));
    yield to;
  }
}

/** A batch ends with the first node that is higher than all before it. */
function batchEnd(from: number, count: number, levelOf: (node: number) => number, top: number): number {
  const most = Math.min(count, from + Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(from / SHARE))));
  for (let node = from; node < most; node++) if (levelOf(node) > top) return node + 1;
  return most;
}

/** Levels of the nodes, from the table in the block: where each one's links above level 0 begin, in words of 1 + m a level. */
export function levelsIn(table: Uint32Array, m: number): (node: number) => number {
  return (node) => (table[node + 1] - table[node]) / (1 + m);
}

const ARRIVED = 0;
const ROUND = 1;

/** Where `parts` threads meet: two words that they share. Who waits sleeps. */
export function meeting(words: Int32Array, parts: number): (last: () => void) => void {
  return (last) => {
    const round = Atomics.load(words, ROUND); // cannot change before this thread has arrived
    if (Atomics.add(words, ARRIVED, 1) === parts - 1) {
      last();
      Atomics.store(words, ARRIVED, 0); // before the round: nobody arrives for the next until it has begun
      Atomics.add(words, ROUND, 1);
      Atomics.notify(words, ROUND);
    } else {
      while (Atomics.load(words, ROUND) === round) Atomics.wait(words, ROUND, round);
    }
  };
}
