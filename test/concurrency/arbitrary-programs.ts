/**
 * Programs of a family and schedules for them, drawn by fast-check: what breaks the engine is then shrunk by it, operation
 * by operation and switch by switch, and can be had again from the seed and path it prints.
 */
import fc from "fast-check";
import {
  DEFAULTS,
  describeProgram,
  type Family,
  isKeyed,
  MANY_MAX,
  type Machine,
  type Op,
  type OpKind,
  type Program,
  REAPERS,
  type Recipe,
  TO_THE_END,
  takesTtl,
  type Weights,
} from "#dist/harness/explorer/index.js";
import { type ScheduledOp, type Switch, Switching } from "./switching.js";

/** Where an operation is interrupted: up to so many times, each within so many accesses. */
const SWITCHES_MAX = 3;
const NEAR = 6;
const FAR = 40;

/** A program and the schedule it is to meet; shown to people by what it does. */
export class Experiment {
  constructor(
    readonly program: Program,
    /** Who begins. */
    readonly first: number,
    /** By thread and operation; those of the reapers behind those of the program. */
    readonly switches: readonly (readonly (readonly Switch[])[])[],
    /** Plain stores are steps, too. */
    readonly fine: boolean,
  ) {}

  get operations(): number {
    return this.program.threads.flat().length;
  }

  /** How often a thread is interrupted. */
  get interruptions(): number {
    return this.switches.flat(2).length;
  }

  /** What it breaks; null = nothing. */
  run(machine: Machine): string | null {
    const schedule = new Switching(this.first, this.switches);
    const outcome = machine.run(machine.prepare(this.program), schedule, this.fine);
    if (outcome.kind === "ok") return null;
    return outcome.kind === "spin" ? "it comes to no end" : outcome.what;
  }

  [fc.toStringMethod](): string {
    const lines = this.switches.flatMap((operations, thread) =>
      operations.flatMap((switches, i) => switches.map((one) => `  ${describeSwitch(thread, i, one)}`)),
    );
    const access = this.fine ? "every access" : "every atomic or racy access";
    return ["", ...describeProgram(this.program), `thread ${this.first} begins; a step is ${access}`, ...lines].join(
      "\n",
    );
  }
}

function describeSwitch(thread: number, operation: number, { after, to, kill }: Switch): string {
  const what = kill ? "is killed, then thread" : "makes way for thread";
  return `thread ${thread}, operation ${operation}: after ${after} steps ${what} ${to}`;
}

/** True with this probability; shrinks to false. */
const chance = (probability: number): fc.Arbitrary<boolean> => fc.nat(99).map((n) => n >= 100 - 100 * probability);

function arbitraryKind(weights: Weights): fc.Arbitrary<OpKind> {
  const entries = Object.entries(weights) as [OpKind, number][];
  return fc.oneof(...entries.map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) })));
}

/** One operation, or a borrow with what happens before its release. */
function arbitraryOps(recipe: Recipe, weights: Weights): fc.Arbitrary<Op[]> {
  if (Object.keys(weights).length === 0) return fc.constant([]);
  const key = fc.constantFrom(...(recipe.keys.length > 0 ? recipe.keys : [0])); // a ring's programs have no keys
  return arbitraryKind(weights).chain((kind): fc.Arbitrary<Op[]> => {
    if (!isKeyed(kind)) return arbitraryUnkeyed(kind, recipe).map((op) => [op]);
    if (kind === "borrow") {
      const between = fc.option(
        key.map((k): Op => ({ kind: "set", key: k })),
        { nil: undefined },
      );
      return fc
        .tuple(key, between)
        .map(([k, set]) => [{ kind, key: k }, ...(set === undefined ? [] : [set]), { kind: "release" as const }]);
    }
    if (takesTtl(kind)) return fc.record({ key, ttl: chance(recipe.ttl ?? 0) }).map((rest) => [{ kind, ...rest }]);
    if (!kind.startsWith("set")) return key.map((k) => [{ kind, key: k }]);
    return fc
      .record({ key, wide: chance(recipe.wide ?? 0), ttl: chance(recipe.ttl ?? 0) })
      .map((rest) => [{ kind, ...rest }]);
  });
}

function arbitraryUnkeyed(kind: OpKind, recipe: Recipe): fc.Arbitrary<Op> {
  const { spaces = 1, threads = [2, 3] } = recipe;
  switch (kind) {
    case "clear":
    case "drop":
      return fc.nat(spaces - 1).map((space) => ({ kind, space }));
    case "adopt":
    case "getMany":
    case "setMany":
      return fc
        .array(fc.constantFrom(...recipe.keys), { minLength: 1, maxLength: MANY_MAX })
        .map((keys) => ({ kind, keys }));
    case "lock":
    case "read":
    case "write":
    case "openLock":
    case "dropLock":
      return fc.record({
        kind: fc.constant(kind),
        lock: fc.nat((recipe.locks?.count ?? 1) - 1),
        ttl: chance(recipe.ttl ?? 0),
        wide: fc.boolean(),
      });
    case "lockBoth":
      return fc.record({
        kind: fc.constant(kind),
        locks: chance(1 - (recipe.inOrder ?? 0)).map((other) => (other ? [1, 0] : [0, 1])),
        ttl: chance(recipe.ttl ?? 0),
        wide: fc.boolean(),
      });
    case "put":
    case "take":
    case "nack":
      return chance(recipe.ttl ?? 0).map((ttl) => ({ kind, ttl }));
    case "drain":
      return fc.nat(threads[1] - 1).map((log) => ({ kind, log }));
    default:
      return fc.constant({ kind });
  }
}

function arbitrarySwitches(threads: number, kills: number): fc.Arbitrary<Switch[]> {
  const after = fc.oneof(fc.integer({ min: 1, max: NEAR }), fc.integer({ min: 1, max: FAR }), fc.constant(TO_THE_END));
  const one = fc.record({ after, to: fc.nat(threads - 1), kill: kills > 0 ? chance(0.15) : fc.constant(false) });
  return fc.array(one, { maxLength: SWITCHES_MAX, size: "max" });
}

/** Operations by thread, each with its switches. A thread without operations is what a smaller program is made of. */
function arbitraryThreads(recipe: Recipe): fc.Arbitrary<ScheduledOp[][]> {
  const [, most] = recipe.ops ?? [1, 4];
  const [, threads] = recipe.threads ?? [2, 3];
  const switches = arbitrarySwitches(threads + reapersOf(recipe), recipe.kills ?? 0);
  const each = Array.from({ length: threads }, (_, number) => {
    const weights = recipe.roles?.[number % recipe.roles.length] ?? recipe.kinds;
    const scheduled = fc
      .tuple(arbitraryOps(recipe, weights), switches)
      .map(([ops, moments]) => ops.map((op, i) => ({ op, switches: i === 0 ? moments : [] })));
    return fc.array(scheduled, { maxLength: most, size: "max" }).map((operations) => operations.flat());
  });
  return fc.tuple(...each);
}

function reapersOf(recipe: Recipe): number {
  return (recipe.kills ?? 0) > 0 ? REAPERS : 0;
}

function arbitrarySetup(recipe: Recipe, threads: number): fc.Arbitrary<Program["setup"]> {
  const keys = recipe.keys.map((key) =>
    fc
      .record({ here: chance(recipe.present ?? 0), ttl: chance(recipe.presentTtl ?? 0), thread: fc.nat(threads - 1) })
      .map(({ here, ttl, thread }): Program["setup"] => (here ? [{ thread, op: { kind: "set", key, ttl } }] : [])),
  );
  const before = (recipe.before ?? []).map((op) => ({ thread: 0, op }));
  return fc.tuple(...keys).map((steps) => [...steps.flat(), ...before]);
}

export function arbitraryExperiment({ recipe, name }: Family): fc.Arbitrary<Experiment> {
  const threads = (recipe.threads ?? [2, 3])[1];
  const kills = recipe.kills ?? 0;
  const reapers = reapersOf(recipe);
  const { ring, queue } = recipe;
  return fc
    .record({
      threads: arbitraryThreads(recipe),
      setup: arbitrarySetup(recipe, threads),
      first: fc.nat(threads - 1),
      // a reaper's operations are added when someone dies
      reaping: fc.array(fc.array(arbitrarySwitches(threads + reapers, kills), { maxLength: 2 }), {
        minLength: reapers,
        maxLength: reapers,
      }),
      fine: chance(kills > 0 ? 0.7 : 0.15),
      buckets: fc.constantFrom(1, 2),
      retireLimit: fc.constantFrom(1, 1, 1, 2),
      cacheLimit: fc.nat(2),
      capacity: ring === undefined ? fc.nat(1) : fc.constantFrom(...ring.capacities),
    })
    .map(({ threads, setup, first, reaping, fine, buckets, retireLimit, cacheLimit, capacity }) => {
      const program: Program = {
        name,
        threads: threads.map((operations) => operations.map(({ op }) => op)),
        setup,
        settings: { ...DEFAULTS, buckets, retireLimit, cacheLimit, ...recipe.settings },
        counters: recipe.counters ?? false,
        spaces: recipe.spaces ?? 1,
        kills,
        ends: recipe.ends ?? false,
        queue: queue === undefined ? null : { capacity: queue.capacities[capacity % queue.capacities.length] },
        locks: recipe.locks ?? null,
        ring: ring === undefined ? null : { single: ring.single, capacity },
      };
      const switches = threads.map((operations) => operations.map((operation) => operation.switches));
      return new Experiment(program, first, [...switches, ...reaping], fine);
    });
}
