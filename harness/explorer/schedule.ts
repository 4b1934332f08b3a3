/** Who takes how many steps next. */
import type { ProgramRandom } from "../../src/random.js";

export interface Segment {
  readonly thread: number;
  /** Accesses to memory, at least 1. */
  readonly steps: number;
  /** The thread dies after them. */
  readonly kill: boolean;
  /** Not beyond the end of the operation it is in. */
  readonly toOpEnd?: boolean;
}

/** What a strategy may see of the machine that runs its schedule. */
export interface Run {
  readonly threads: readonly unknown[];
  /** Threads that can go on, and how many. */
  readonly runnable: ArrayLike<number>;
  readonly runnableCount: number;
  /** Accesses so far. */
  readonly steps: number;
  readonly killsLeft: number;
}

export interface Strategy {
  /** Before each schedule. */
  begin(machine: Run): void;
  /** Called while a thread can go on; names one of them (`machine.runnable`). */
  next(machine: Run): Segment;
}

/** More than any operation takes: to its end. */
export const TO_THE_END = 20_000;

/**
 * At each switch any thread may come next, for a number of steps drawn anew: short in some schedules, where threads meet
 * access by access, long in others, where one is left in the middle of something while others finish whole operations.
 */
export class RandomSchedule implements Strategy {
  private mean = 4;
  /** How often a thread runs to the end of its operation: others then find it between two. */
  private wholeOps = 0;
  private killAt = 0;

  constructor(
    private readonly random: ProgramRandom,
    /** Steps a schedule of this program has had so far: where a kill may fall. */
    private typicalSteps = 100,
  ) {}

  begin(machine: Run): void {
    this.mean = this.random.pick([1, 2, 4, 8, 16, 32, 64]);
    this.wholeOps = this.random.pick([0, 0, 0.3, 0.6]);
    this.typicalSteps = Math.max(20, machine.steps, (this.typicalSteps * 7 + machine.steps) >> 3);
    this.killAt = machine.killsLeft > 0 ? this.random.between(1, this.typicalSteps) : Number.POSITIVE_INFINITY;
  }

  next(machine: Run): Segment {
    const { random } = this;
    const thread = machine.runnable[random.below(machine.runnableCount)];
    let steps = this.mean === 1 ? 1 : 1 + random.below(2 * this.mean);
    const kill = machine.steps + steps >= this.killAt;
    if (kill) {
      steps = Math.max(1, this.killAt - machine.steps);
      this.killAt =
        machine.killsLeft > 1 ? machine.steps + random.between(1, this.typicalSteps) : Number.POSITIVE_INFINITY;
    } else if (random.chance(this.wholeOps)) {
      return { thread, steps: TO_THE_END, kill: false, toOpEnd: true };
    }
    return { thread, steps, kill };
  }
}

/**
 * Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): threads run by random priority, and at d - 1 random
 * steps the running one falls behind all others. Finds a bug that needs d ordered events with probability 1 / (n k^(d-1)).
 */
export class PctSchedule implements Strategy {
  private readonly priority: number[] = [];
  private changes: number[] = [];
  private killAt = 0;
  private lowest = 0;
  private length = 0;
  private longest = 60;

  constructor(
    private readonly random: ProgramRandom,
    private readonly depth: number,
  ) {}

  begin(machine: Run): void {
    const { random } = this;
    this.longest = Math.max(this.longest, this.length);
    this.lowest = 0;
    for (let i = 0; i < machine.threads.length; i++) this.priority[i] = 1 + (random.next32() | 0) / 2 ** 33;
    const d = random.between(2, this.depth);
    this.changes = Array.from({ length: d - 1 }, () => random.between(1, this.longest)).sort((a, b) => b - a);
    this.killAt = machine.killsLeft > 0 ? random.between(1, this.longest) : Number.POSITIVE_INFINITY;
    this.length = 0;
  }

  next(machine: Run): Segment {
    const { changes, random } = this;
    this.length = machine.steps;
    let thread = machine.runnable[0];
    for (let i = 1; i < machine.runnableCount; i++) {
      if (this.priority[machine.runnable[i]] > this.priority[thread]) thread = machine.runnable[i];
    }
    while (changes.length > 0 && changes[changes.length - 1] <= machine.steps) changes.pop();
    const change = changes[changes.length - 1] ?? Number.POSITIVE_INFINITY;
    const end = Math.min(change, this.killAt);
    if (end === Number.POSITIVE_INFINITY) return { thread, steps: TO_THE_END, kill: false };
    const kill = end === this.killAt;
    if (kill) {
      this.killAt = machine.killsLeft > 1 ? end + random.between(1, this.longest) : Number.POSITIVE_INFINITY;
    } else {
      this.priority[thread] = --this.lowest;
    }
    return { thread, steps: Math.max(1, end - machine.steps), kill };
  }
}

/**
 * One thread after the other, in any order, is left at a random step of its own while all that come after it finish; then they go on, the
 * first that was left first or the last. What shows only when one stands between two stores while others do whole operations, and one of those has
 * been left at the right place before, is found here by two numbers drawn instead of two among all steps of the schedule.
 */
export class RelaySchedule implements Strategy {
  private readonly order: number[] = [];
  /** By thread: its steps in this schedule, and the most in one so far. */
  private readonly taken: number[] = [];
  private readonly longest: number[] = [];
  private readonly limits: number[] = [];
  private inTurn = true;
  private running = -1;
  private before = 0;

  constructor(private readonly random: ProgramRandom) {}

  begin(machine: Run): void {
    const { random, order, longest, taken, limits } = this;
    this.note(machine.steps);
    const count = machine.threads.length;
    order.length = 0;
    for (let thread = 0; thread < count; thread++) {
      longest[thread] = Math.max(longest[thread] ?? 60, taken[thread] ?? 0);
      taken[thread] = 0;
      order.splice(random.below(thread + 1), 0, thread);
    }
    for (const thread of order) limits[thread] = random.between(1, longest[thread]);
    limits[order[count - 1]] = TO_THE_END;
    this.inTurn = random.chance(0.5);
    this.running = -1;
    this.before = 0;
  }

  next(machine: Run): Segment {
    this.note(machine.steps);
    const { order, taken, limits } = this;
    const waiting = order.find((thread) => taken[thread] < limits[thread] && isRunnable(machine, thread));
    const thread = waiting ?? this.leftBehind(machine) ?? machine.runnable[0];
    this.running = thread;
    return { thread, steps: waiting === undefined ? TO_THE_END : limits[thread] - taken[thread], kill: false };
  }

  private leftBehind(machine: Run): number | undefined {
    const canGoOn = (thread: number) => isRunnable(machine, thread);
    return this.inTurn ? this.order.find(canGoOn) : this.order.findLast(canGoOn);
  }

  /** What was taken since the last look is the running thread's. */
  private note(steps: number): void {
    if (this.running >= 0) this.taken[this.running] += steps - this.before;
    this.before = steps;
  }
}

/**
 * Every schedule with at most `bound` preemptions (Musuvathi & Qadeer, PLDI 2007): depth first, by the thread and the
 * step of each. Between them a thread runs to its end, then the next one.
 */
export class BoundedPreemption implements Strategy {
  /** True after the last schedule. */
  finished = false;
  private readonly plan: { thread: number; steps: number }[];
  private at = 0;
  /** Level at which the last schedule's thread came to its end before its steps were used up; -1 = none. */
  private exhausted = -1;
  private threads = 0;
  private first = true;
  private before = 0;

  constructor(private readonly bound: number) {
    this.plan = Array.from({ length: bound }, (_, i) => ({ thread: i % 2, steps: 1 }));
  }

  begin(machine: Run): void {
    this.threads = machine.runnableCount;
    if (!this.first) this.advancePlan();
    this.first = false;
    this.at = 0;
    this.exhausted = -1;
    this.before = -1;
  }

  next(machine: Run): Segment {
    if (this.at > 0 && this.exhausted < 0 && this.at <= this.bound) this.noteExhaustion(machine);
    while (this.at < this.bound) {
      const { thread, steps } = this.plan[this.at];
      this.at++;
      if (isRunnable(machine, thread)) {
        this.before = machine.steps;
        return { thread, steps, kill: false };
      }
      if (this.exhausted < 0) this.exhausted = this.at - 1;
    }
    this.at = this.bound + 1;
    const last = this.plan[this.bound - 1].thread;
    for (let i = 1; i <= this.threads; i++) {
      const thread = (last + i) % this.threads;
      if (isRunnable(machine, thread)) return { thread, steps: TO_THE_END, kill: false };
    }
    return { thread: machine.runnable[0], steps: TO_THE_END, kill: false };
  }

  private noteExhaustion(machine: Run): void {
    const { thread, steps } = this.plan[this.at - 1];
    if (!isRunnable(machine, thread) && machine.steps - this.before <= steps) this.exhausted = this.at - 1;
  }

  private advancePlan(): void {
    let level = this.exhausted >= 0 ? this.exhausted : this.bound - 1;
    let exhausted = this.exhausted >= 0;
    for (;;) {
      if (level < 0) {
        this.finished = true;
        return;
      }
      const entry = this.plan[level];
      if (!exhausted) {
        entry.steps++;
        break;
      }
      do entry.thread++;
      while (level > 0 && entry.thread === this.plan[level - 1].thread);
      entry.steps = 1;
      if (entry.thread < this.threads) break;
      level--;
      exhausted = false;
    }
    for (let i = level + 1; i < this.bound; i++) {
      this.plan[i] = { thread: this.plan[i - 1].thread === 0 ? 1 : 0, steps: 1 };
    }
  }
}

/** The same segments again, then every thread to its end; segments of threads that have nothing to do are passed over. */
export class Replay implements Strategy {
  private at = 0;

  constructor(private readonly segments: readonly Segment[]) {}

  begin(): void {
    this.at = 0;
  }

  next(machine: Run): Segment {
    while (this.at < this.segments.length) {
      const segment = this.segments[this.at++];
      if (isRunnable(machine, segment.thread)) return segment;
    }
    return { thread: machine.runnable[0], steps: TO_THE_END, kill: false };
  }
}

function isRunnable(machine: Run, thread: number): boolean {
  for (let i = 0; i < machine.runnableCount; i++) if (machine.runnable[i] === thread) return true;
  return false;
}
