/** The loop: draw a program, run it under many schedules, draw the next; stop at the first violation. */

import { ProgramRandom } from "../../src/random.js";
import { FAMILIES, type Family } from "./families.js";
import { Machine } from "./machine.js";
import type { Program } from "./program.js";
import {
  BoundedPreemption,
  PctSchedule,
  RandomSchedule,
  RelaySchedule,
  type Segment,
  type Strategy,
} from "./schedule.js";

export type StrategyName = "random" | "pct" | "dfs" | "mixed";

export interface ExploreOptions {
  families?: readonly Family[];
  schedules: number;
  strategy?: StrategyName;
  seed: number;
  /** Number of a planted fault, 0 = none. */
  fault?: number;
  machine?: Machine;
  /** Stop after this many milliseconds. */
  deadlineMs?: number;
  /** Schedules of one drawn program before the next is drawn. */
  perProgram?: number;
  onProgress?: (figures: Figures) => void;
}

export interface Figures {
  programs: number;
  schedules: number;
  steps: number;
  /** Schedules given up because they took too many steps. */
  spins: number;
  seconds: number;
  /** Histories of a key or a ring that were checked. */
  histories: number;
  /** Different sequences of accesses, by a hash over all of each schedule's; an estimate within 1 %. */
  distinct: number;
  /** Different states of the memory at the end of a schedule; an estimate as well. */
  states: number;
  /** Most steps of a schedule, and its family. */
  longest: { steps: number; name: string };
}

export interface Violation {
  program: Program;
  segments: Segment[];
  fine: boolean;
  what: string;
  /** Schedules tried before, this one included. */
  schedules: number;
}

export interface Exploration {
  figures: Figures;
  violation: Violation | null;
}

const PREEMPTIONS = 2;
const DFS_LIMIT = 4000;
const PROGRESS_EVERY = 4096;

export function explore(options: ExploreOptions): Exploration {
  const { seed, schedules, perProgram = 64, strategy = "mixed", families = FAMILIES } = options;
  const machine = options.machine ?? new Machine(options.fault ?? 0);
  const random = new ProgramRandom(seed);
  const distinct = new DistinctCount();
  const states = new DistinctCount();
  const figures: Figures = {
    programs: 0,
    schedules: 0,
    steps: 0,
    spins: 0,
    seconds: 0,
    histories: 0,
    distinct: 0,
    states: 0,
    longest: { steps: 0, name: "" },
  };
  const start = performance.now();
  const finish = (violation: Violation | null): Exploration => {
    figures.seconds = (performance.now() - start) / 1000;
    figures.distinct = distinct.estimate();
    figures.states = states.estimate();
    return { figures, violation };
  };
  for (;;) {
    const family = families[figures.programs % families.length];
    const program = family.draw(random);
    const prepared = machine.prepare(program);
    // draws nothing for a family without it: its schedules stay what they were
    const { relay } = family.recipe;
    const isRelay = strategy === "mixed" && relay !== undefined && random.chance(relay);
    const plan = isRelay ? new RelaySchedule(random) : strategyFor(strategy, random);
    // deaths between any two stores need all stores as steps; the rest is faster without
    const fine = isRelay || random.chance(program.kills > 0 ? 0.7 : 0.15);
    figures.programs++;
    const turns = plan instanceof BoundedPreemption ? DFS_LIMIT : perProgram;
    for (let turn = 0; turn < turns; turn++) {
      const outcome = machine.run(prepared, plan, fine);
      if (plan instanceof BoundedPreemption && plan.finished) break;
      figures.schedules++;
      figures.steps += machine.steps;
      figures.histories += prepared.judge.histories;
      distinct.add(machine.trace);
      states.add(machine.state);
      if (machine.steps > figures.longest.steps) figures.longest = { steps: machine.steps, name: program.name };
      if (outcome.kind === "spin") figures.spins++;
      if (outcome.kind === "violation") {
        return finish({ program, segments: machine.segments, fine, what: outcome.what, schedules: figures.schedules });
      }
      if (figures.schedules % PROGRESS_EVERY === 0) {
        if (options.onProgress) {
          finish(null);
          options.onProgress(figures);
        }
        if (performance.now() - start > (options.deadlineMs ?? Number.POSITIVE_INFINITY)) return finish(null);
      }
      if (figures.schedules >= schedules) return finish(null);
    }
  }
}

function strategyFor(name: StrategyName, random: ProgramRandom): Strategy {
  switch (name) {
    case "random":
      return new RandomSchedule(random);
    case "pct":
      return new PctSchedule(random, 5);
    case "dfs":
      return new BoundedPreemption(PREEMPTIONS);
    case "mixed":
      return random.chance(0.5) ? new RandomSchedule(random) : new PctSchedule(random, 5);
  }
}

/** HyperLogLog (Flajolet et al. 2007) of 2^14 registers: counts distinct 32-bit hashes within 1 %, in 16 KiB. */
class DistinctCount {
  private readonly registers = new Uint8Array(1 << 14);

  add(hash: number): void {
    let h = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    h ^= h >>> 15;
    const index = h >>> 18;
    const rank = Math.clz32((h << 14) | 0x2000) + 1;
    if (this.registers[index] < rank) this.registers[index] = rank;
  }

  estimate(): number {
    const m = this.registers.length;
    let sum = 0;
    let empty = 0;
    for (const register of this.registers) {
      sum += 2 ** -register;
      if (register === 0) empty++;
    }
    const raw = ((0.7213 / (1 + 1.079 / m)) * m * m) / sum;
    const small = raw < 2.5 * m && empty > 0 ? m * Math.log(m / empty) : raw;
    // 32-bit hashes collide: corrected for what fell together
    return Math.round(small > 2 ** 32 / 30 ? -(2 ** 32) * Math.log(1 - small / 2 ** 32) : small);
  }
}
