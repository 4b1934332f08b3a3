/**
 * From a violation to the smallest one of its kind: fewer operations, threads and keys, then fewer switches between them. A
 * smaller program is kept if the old schedule, or one of some hundreds of new ones, still breaks an invariant.
 */

import { ProgramRandom } from "../../src/random.js";
import type { Violation } from "./explore.js";
import type { Machine } from "./machine.js";
import type { Program } from "./program.js";
import { PctSchedule, RandomSchedule, Replay, type Segment, type Strategy, TO_THE_END } from "./schedule.js";

const TRIES = 1500;

interface Found {
  segments: Segment[];
  what: string;
}

export function shrink(machine: Machine, violation: Violation, seed: number): Violation {
  let best = violation;
  for (let smaller = true; smaller; ) {
    smaller = false;
    for (const program of smallerPrograms(best.program)) {
      const found = findAgain(machine, program, best, seed);
      if (found === null) continue;
      best = { ...best, program, ...found };
      smaller = true;
      break;
    }
  }
  if (best.fine) {
    const coarse = findAgain(machine, best.program, { ...best, fine: false, segments: [] }, seed);
    if (coarse !== null) best = { ...best, ...coarse, fine: false };
  }
  return { ...best, ...shrinkSchedule(machine, best) };
}

function* smallerPrograms(program: Program): Generator<Program> {
  const { threads, setup } = program;
  for (let t = threads.length - 1; t >= 0; t--) {
    if (threads.length < 2 || setup.some(({ thread }) => thread === t)) continue;
    if (threads.some((ops) => ops.some(({ kind }) => kind === "reap"))) continue;
    yield {
      ...program,
      threads: threads.filter((_, i) => i !== t),
      setup: setup.map((step) => (step.thread > t ? { ...step, thread: step.thread - 1 } : step)),
    };
  }
  for (let t = 0; t < threads.length; t++) {
    for (let i = 0; i < threads[t].length; i++) {
      yield { ...program, threads: threads.map((ops, n) => (n === t ? ops.filter((_, j) => j !== i) : ops)) };
    }
  }
  for (let i = 0; i < setup.length; i++) yield { ...program, setup: setup.filter((_, j) => j !== i) };
  for (let i = 0; i < setup.length; i++) {
    if (setup[i].thread === 0) continue;
    yield { ...program, setup: setup.map((step, j) => (j === i ? { ...step, thread: 0 } : step)) };
  }
  if (program.kills > 1) yield { ...program, kills: program.kills - 1 };
  if (program.settings.retireLimit > 1) yield { ...program, settings: { ...program.settings, retireLimit: 1 } };
}

function findAgain(machine: Machine, program: Program, like: Violation, seed: number): Found | null {
  let prepared: ReturnType<Machine["prepare"]>;
  try {
    prepared = machine.prepare(program);
  } catch {
    return null; // the smaller setup does not make a program
  }
  const random = new ProgramRandom(seed);
  const strategies: Strategy[] = [new RandomSchedule(random), new PctSchedule(random, 3), new PctSchedule(random, 6)];
  for (let i = -1; i < TRIES; i++) {
    const strategy = i < 0 ? new Replay(like.segments) : strategies[i % strategies.length];
    const outcome = machine.run(prepared, strategy, like.fine);
    if (outcome.kind === "violation") return { segments: machine.segments, what: outcome.what };
  }
  return null;
}

/** Drops segments, lets others run on to the thread's end, and merges neighbours, as long as it still breaks. */
function shrinkSchedule(machine: Machine, violation: Violation): Found {
  const prepared = machine.prepare(violation.program);
  const violates = (segments: Segment[]): Found | null => {
    const outcome = machine.run(prepared, new Replay(segments), violation.fine);
    return outcome.kind === "violation" ? { segments: machine.segments, what: outcome.what } : null;
  };
  // what neighbours do as one need not be what they did: a thread makes way by itself where a backup waits
  const attempt = (segments: Segment[]): Found | null => {
    const found = violates(segments);
    return found === null ? null : (violates(merge(found.segments)) ?? found);
  };
  let best: Found = attempt(violation.segments) ?? { segments: violation.segments, what: violation.what };
  for (let smaller = true; smaller; ) {
    smaller = false;
    const { segments } = best;
    const take = (found: Found | null): boolean => {
      if (found === null || found.segments.length >= segments.length) return false;
      best = found;
      return true;
    };
    for (let i = 0; i < segments.length && !smaller; i++) {
      smaller = take(attempt(segments.filter((_, j) => j !== i)));
      if (smaller || segments[i].kill || segments[i].steps >= TO_THE_END) continue;
      smaller = take(attempt(segments.map((segment, j) => (j === i ? { ...segment, steps: TO_THE_END } : segment))));
    }
  }
  return best;
}

/** Neighbours of one thread as one: but steps that go beyond an operation's end are none of a segment that ends with one. */
function merge(segments: readonly Segment[]): Segment[] {
  const merged: Segment[] = [];
  for (const segment of segments) {
    const last = merged[merged.length - 1];
    if (last !== undefined && last.thread === segment.thread && !last.kill && !last.toOpEnd && !segment.toOpEnd) {
      merged[merged.length - 1] = { ...segment, steps: Math.min(TO_THE_END, last.steps + segment.steps) };
    } else {
      merged.push(segment);
    }
  }
  return merged;
}
