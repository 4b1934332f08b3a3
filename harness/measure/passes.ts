/**
 * The loops that are measured.
 *
 * A clock read costs as much as a fast operation, so one loop cannot tell both what an operation costs and how its tail
 * looks. Hence passes, named apart and never mixed:
 * - batched: the clock is read once per batch of at least 60 us; gives the cost per operation and the throughput;
 * - sampled: about 1 operation in 64 is timed on its own; gives the tail;
 * - open loop: operations start at their intended times and every one is timed, from the intended start and from the
 *   actual one. An operation that waited because the one before it was slow counts its waiting (no coordinated omission).
 *
 * An operation that fails is counted by its error's code and by nothing else: it is no throughput, no cost and no latency, since
 * refusing is mostly faster than doing. Limits count it, so that a pass whose every operation fails ends as well.
 *
 * This module is loaded once per subject (`passes.js?subject=…`): the loops of each instance see one class of agent only,
 * so the calibration over the no-op subject does not make the engine's call sites polymorphic for the subject measured.
 */
import { xorshift32 } from "../../src/random.js";
import type { CapableAgent, SubjectAgent } from "../subjects/index.js";
import { awaitSpan } from "./awaited-span.js";
import { BATCH_MS } from "./batch-length.js";
import type { AgentStream } from "./stream.js";
import type { Tally } from "./tally.js";

// The codes of workloads/operations.ts, as constants of this module so that the switch below is over literals.
const GET = 0;
const SET = 1;
const DELETE = 2;
const INCREMENT = 3;
const READ_MODIFY_WRITE = 4;
const INSERT = 5;
const GET_OR_SET = 6;
const BORROW = 8;
const SCAN = 9;
const APPEND = 10;
const SEND = 11;
const RECEIVE = 12;
const HAND_OFF = 13;
const WATCH = 14;

/** On average one operation in this many is timed on its own. */
const SAMPLE_EVERY = 64;

/** When a pass ends: after so many operations, at a time, or when told to stop; whatever comes first. */
export interface Limits {
  /** Operations at most; Infinity for none. */
  readonly operations: number;
  /** Milliseconds at most; Infinity for none. */
  readonly milliseconds: number;
  /** True: one pass over the stream and no more. */
  readonly once: boolean;
  /** True: the agent answers with promises, and each is awaited before the next operation. */
  readonly asynchronous?: boolean;
  stopped(): boolean;
  /** Told the operations done so far and those that failed, at every batch. */
  progress(operations: number, failed: number): void;
}

/** Where a pass in a stream goes on, so that a second pass does not repeat the first. */
export interface Cursor {
  position: number;
  /**
   * Told when a stream begins anew, to give what is inserted keys that no one has named yet; absent where nothing is. How long that took,
   * ms: it is the driver's own doing, and the pass's clock stands still meanwhile.
   */
  nextRound?(): number;
}

/** Moves on to `to`, or round to the beginning. How long the clock is to stand still for it, ms. */
function advance(cursor: Cursor, to: number, stream: AgentStream, { once }: Limits): number {
  if (to < stream.length || once) {
    cursor.position = to;
    return 0;
  }
  cursor.position = 0;
  return cursor.nextRound === undefined ? 0 : cursor.nextRound();
}

/**
 * Runs operations [from, to) of the stream. An operation that throws is counted by code and passed over. Look-ups that were answered before
 * their operation failed (of a read-modify-write whose write was refused) stay counted: the hit ratio is one of look-ups.
 */
export function runSpan(subject: SubjectAgent, stream: AgentStream, from: number, to: number, tally: Tally): void {
  // What a subject cannot do was taken out of its streams.
  const agent = subject as CapableAgent;
  const { kinds, keys, sizes, ttls, labels } = stream;
  let failed = 0;
  let hits = 0;
  let misses = 0;
  let sink = 0;
  let i = from;
  while (i < to) {
    try {
      for (; i < to; i++) {
        const key = keys[i];
        switch (kinds[i]) {
          case GET: {
            const length = agent.get(key);
            if (length < 0) misses++;
            else hits++;
            sink = (sink + length) | 0;
            break;
          }
          case SET:
          case INSERT:
          case APPEND:
            agent.set(key, sizes[i], ttls === null ? 0 : ttls[i]);
            break;
          case DELETE:
            if (agent.delete(key)) sink++;
            break;
          case INCREMENT:
            agent.increment(key);
            break;
          case READ_MODIFY_WRITE: {
            const length = agent.get(key);
            if (length < 0) misses++;
            else hits++;
            sink = (sink + length) | 0;
            agent.set(key, sizes[i], ttls === null ? 0 : ttls[i]);
            break;
          }
          case GET_OR_SET: {
            const length = agent.get(key);
            // first: the write may fail
            sink = (sink + length) | 0;
            if (length < 0) {
              misses++;
              agent.set(key, sizes[i], ttls === null ? 0 : ttls[i]);
            } else hits++;
            break;
          }
          case BORROW: {
            const length = agent.borrow(key);
            if (length < 0) misses++;
            else hits++;
            sink = (sink + length) | 0;
            break;
          }
          case SCAN:
            tally.scanned += agent.scan(key, sizes[i]);
            break;
          case SEND:
            if (!agent.send(key, sizes[i])) tally.refused++;
            break;
          case RECEIVE:
            tally.received += agent.receive(key);
            break;
          case HAND_OFF: {
            const handed = agent.handOff(key, sizes[i]);
            if (handed < 0) tally.refused++;
            else tally.received += handed;
            break;
          }
          case WATCH: {
            const seen = agent.watch(key);
            if (seen < 0) misses++;
            else {
              hits++;
              tally.changes += seen;
            }
            break;
          }
        }
      }
    } catch (error) {
      tally.countError(error, labels === null ? 0 : labels[i]);
      failed++;
      i++;
    }
  }
  tally.operations += to - from - failed;
  tally.hits += hits;
  tally.misses += misses;
  tally.sink = (tally.sink + sink) | 0;
}

/** The span as its subject wants it: of one that is asynchronous there is something to wait for. */
function spanFor({ asynchronous }: Limits): typeof runSpan | typeof awaitSpan {
  return asynchronous === true ? awaitSpan : runSpan;
}

/**
 * The batched pass. `onBatch(startMs, elapsedMs, operations)` is called for every batch of 60 us or more in which nothing failed: of one
 * in which something did the time is partly that of failures, and tells no cost. What is left over at the end counts for throughput only.
 */
export async function runBatched(
  agent: SubjectAgent,
  stream: AgentStream,
  cursor: Cursor,
  limits: Limits,
  tally: Tally,
  onBatch: (startMs: number, elapsedMs: number, operations: number) => void,
): Promise<void> {
  const settles = agent.settle !== undefined;
  const span = spanFor(limits);
  const start = performance.now();
  let deadline = start + limits.milliseconds;
  let left = limits.once ? Math.min(limits.operations, stream.length - cursor.position) : limits.operations;
  let step = 64;
  let now = start;
  while (left > 0 && now < deadline && !limits.stopped()) {
    let batchStart = now;
    const failedBefore = tally.failed;
    let operations = 0;
    // A batch goes on in steps until it is long enough, so that none is ever too short to be timed.
    do {
      const to = Math.min(cursor.position + Math.min(step, left), stream.length);
      const pending = span(agent, stream, cursor.position, to, tally);
      if (pending !== undefined) await pending;
      operations += to - cursor.position;
      left -= to - cursor.position;
      if (settles) await agent.settle?.();
      const paused = advance(cursor, to, stream, limits);
      if (paused > 0) {
        tally.pausedMs += paused;
        batchStart += paused;
        deadline += paused;
      }
      now = performance.now();
    } while (left > 0 && now - batchStart < BATCH_MS);
    const elapsed = now - batchStart;
    if (elapsed >= BATCH_MS) {
      if (tally.failed === failedBefore) onBatch(batchStart, elapsed, operations);
      else tally.spoiltBatches++;
      // Aim at one and a half times the shortest batch in one step.
      step = Math.max(1, Math.min(65_536, Math.ceil((operations / elapsed) * BATCH_MS * 1.5)));
    }
    limits.progress(tally.operations, tally.failed);
  }
}

/**
 * The sampled pass: `onSample(kind, label, ns)` gets the raw time of a single operation that did not fail, clock included. A getOrSet that hit was
 * a get, and is told as one too.
 */
export async function runSampled(
  agent: SubjectAgent,
  stream: AgentStream,
  cursor: Cursor,
  limits: Limits,
  tally: Tally,
  seed: number,
  onSample: (kind: number, label: number, nanoseconds: number) => void,
): Promise<void> {
  const settles = agent.settle !== undefined;
  const span = spanFor(limits);
  const start = performance.now();
  let deadline = start + limits.milliseconds;
  let left = limits.once ? Math.min(limits.operations, stream.length - cursor.position) : limits.operations;
  let random = seed | 1;
  let samples = 0;
  while (left > 0) {
    // The gap is random (xorshift32): a fixed one would always meet the same place of a stream that repeats itself.
    random = xorshift32(random);
    const gap = Math.min((random >>> 0) % (2 * SAMPLE_EVERY - 1), left - 1, stream.length - cursor.position - 1);
    const at = cursor.position + gap;
    const unsampled = span(agent, stream, cursor.position, at, tally);
    if (unsampled !== undefined) await unsampled;
    const { misses, failed } = tally;
    const before = performance.now();
    const pending = span(agent, stream, at, at + 1, tally);
    if (pending !== undefined) await pending;
    const after = performance.now();
    if (tally.failed === failed) {
      const nanoseconds = (after - before) * 1e6;
      const label = stream.labels === null ? 0 : stream.labels[at];
      onSample(stream.kinds[at], label, nanoseconds);
      if (stream.kinds[at] === GET_OR_SET && tally.misses === misses) onSample(GET, label, nanoseconds);
    }
    left -= gap + 1;
    const paused = advance(cursor, at + 1, stream, limits);
    tally.pausedMs += paused;
    deadline += paused;
    if (++samples % 16 === 0) {
      if (settles) await agent.settle?.();
      limits.progress(tally.operations, tally.failed);
      if (after >= deadline || limits.stopped()) break;
    }
  }
  if (settles) await agent.settle?.();
  limits.progress(tally.operations, tally.failed);
}

/**
 * The open-loop pass: operation i is meant to start `arrival(i)` ms after the pass; `waitUntil` answers false when the pass is to
 * stop instead. `onOperation(kind, label, fromIntended, fromActual)` gets both times of one that did not fail in ns, clock included; the
 * waiting that a failed one caused counts for those after it.
 */
export async function runOpen(
  agent: SubjectAgent,
  stream: AgentStream,
  cursor: Cursor,
  limits: Limits,
  tally: Tally,
  arrival: (index: number) => number,
  waitUntil: (timeMs: number) => boolean,
  onOperation: (kind: number, label: number, fromIntended: number, fromActual: number) => void,
): Promise<void> {
  const settles = agent.settle !== undefined;
  const span = spanFor(limits);
  let start = performance.now();
  let left = limits.once ? Math.min(limits.operations, stream.length - cursor.position) : limits.operations;
  for (let i = 0; left > 0; i++, left--) {
    const offset = arrival(i);
    if (offset >= limits.milliseconds) break;
    const intended = start + offset;
    if (performance.now() < intended && !waitUntil(intended)) break;
    const at = cursor.position;
    const { misses, failed } = tally;
    const before = performance.now();
    const pending = span(agent, stream, at, at + 1, tally);
    if (pending !== undefined) await pending;
    const after = performance.now();
    if (tally.failed === failed) {
      const label = stream.labels === null ? 0 : stream.labels[at];
      onOperation(stream.kinds[at], label, (after - intended) * 1e6, (after - before) * 1e6);
      if (stream.kinds[at] === GET_OR_SET && tally.misses === misses) {
        onOperation(GET, label, (after - intended) * 1e6, (after - before) * 1e6);
      }
    }
    const paused = advance(cursor, at + 1, stream, limits);
    tally.pausedMs += paused;
    start += paused;
    limits.progress(tally.operations, tally.failed);
    if ((i & 63) === 63) {
      if (settles) await agent.settle?.();
      if (limits.stopped()) break;
      // Overload: a queue that only grows. Stop at one and a half times the time meant, whatever is still due.
      if (after - start > limits.milliseconds * 1.5) break;
    }
  }
  if (settles) await agent.settle?.();
  limits.progress(tally.operations, tally.failed);
}
