/** Short notations for histories in tests, and a simulator that records linearizable ones. */
import type { Operation } from "#dist/harness/checker/index.js";
import { SampleRandom } from "#dist/src/random.js";

const NEVER = Number.POSITIVE_INFINITY;
let lines = 0;

/** `op(client, "set", { value: 1 }, true, [0, 10])`; a return of null: no answer. */
export function op(
  client: string,
  name: string,
  input: unknown,
  output: unknown,
  [call, answer]: readonly [number, number | null],
  key = "k",
): Operation {
  return { client, key, op: name, input, output, call, return: answer ?? NEVER, line: ++lines };
}

export interface SimulatedObject {
  /** Draws the next operation of a client. */
  draw(random: SampleRandom): { op: string; input: unknown };
  /** Does it, at one instant. */
  apply(op: string, input: unknown, random: SampleRandom): unknown;
}

export interface Simulation {
  clients: number;
  operations: number;
  seed: number;
  key?: string;
  /** Share of operations whose answer is lost; half of those never took effect. */
  lost?: number;
}

/**
 * Clients that overlap at random over an object that does one operation at a time: each operation takes effect at an
 * instant drawn between its call and its return, so the history is linearizable by construction.
 */
export function simulate(object: SimulatedObject, simulation: Simulation): Operation[] {
  const { clients, operations, seed, key = "k", lost = 0 } = simulation;
  const random = new SampleRandom(seed);
  const free = Array.from({ length: clients }, (_, i) => ({ client: `c${i}`, at: random.below(50) }));
  const planned: { client: string; op: string; input: unknown; call: number; effect: number; return: number | null }[] =
    [];
  for (let i = 0; i < operations; i++) {
    const next = free.reduce((a, b) => (b.at < a.at ? b : a));
    const call = next.at + random.below(20);
    const effect = call + random.below(100);
    const answer = effect + random.below(100);
    const isLost = random.unit() < lost;
    const never = isLost && random.unit() < 0.5;
    planned.push({
      client: next.client,
      ...object.draw(random),
      call,
      effect: never ? NEVER : effect,
      return: isLost ? null : answer,
    });
    next.at = answer;
    // A client whose answer is lost goes on as another one, as clients that time out do.
    if (isLost) next.client = `${next.client}'`;
  }
  const history: Operation[] = [];
  for (const p of planned.sort((a, b) => a.effect - b.effect || a.call - b.call)) {
    const output = p.effect === NEVER ? null : object.apply(p.op, p.input, random);
    history.push(op(p.client, p.op, p.input, p.return === null ? null : output, [p.call, p.return], key));
  }
  return history.sort((a, b) => a.call - b.call);
}

/** A key that is set, read and deleted. */
export function simulatedRegister(values = 1000): SimulatedObject {
  let value: number | null = null;
  return {
    draw(random) {
      const kind = random.below(10);
      if (kind < 5) return { op: "get", input: null };
      return kind < 9 ? { op: "set", input: { value: random.below(values) } } : { op: "delete", input: null };
    },
    apply(name, input) {
      if (name === "get") return value;
      const before = value;
      value = name === "set" ? (input as { value: number }).value : null;
      return name === "set" ? true : before !== null;
    },
  };
}

export function simulatedCounter(): SimulatedObject {
  let count = 0;
  return {
    draw: (random) =>
      random.below(3) === 0 ? { op: "get", input: null } : { op: "increment", input: { by: 1 + random.below(3) } },
    apply(name, input) {
      if (name === "get") return count === 0 ? null : count;
      count += (input as { by: number }).by;
      return count;
    },
  };
}

/** Compare-and-set by version: reads an entry, writes on a version it may have seen, or one long gone. */
export function simulatedVersions(): SimulatedObject {
  let entry: { value: number; version: string } | null = null;
  let writes = 0;
  const write = (value: number): true => {
    entry = { value, version: `v${++writes}` };
    return true;
  };
  return {
    draw(random) {
      const kind = random.below(6);
      if (kind < 2) return { op: "getEntry", input: null };
      if (kind === 2) return { op: "delete", input: null };
      const value = random.below(50);
      if (kind === 3) return { op: "set", input: { value, ifAbsent: true } };
      return { op: "set", input: { value, ifVersion: `v${Math.max(1, writes - random.below(2))}` } };
    },
    apply(name, input) {
      if (name === "getEntry") return entry;
      if (name === "delete") {
        const there = entry !== null;
        entry = null;
        return there;
      }
      const { value, ifAbsent, ifVersion } = input as { value: number; ifAbsent?: boolean; ifVersion?: string };
      if (ifAbsent) return entry === null ? write(value) : false;
      return entry?.version === ifVersion ? write(value) : false;
    },
  };
}

/** A register that drops its value now and then. */
export function simulatedEviction(): SimulatedObject {
  const register = simulatedRegister();
  return {
    draw: register.draw,
    apply(name, input, random) {
      if (random.below(8) === 0) register.apply("delete", null, random);
      return register.apply(name, input, random);
    },
  };
}

export function simulatedRing(capacity: number): SimulatedObject {
  const items: number[] = [];
  let pushed = 0;
  return {
    draw: (random) => (random.below(2) === 0 ? { op: "push", input: { value: ++pushed } } : { op: "pop", input: null }),
    apply(name, input) {
      if (name === "pop") return items.shift() ?? null;
      if (items.length === capacity) return false;
      items.push((input as { value: number }).value);
      return true;
    },
  };
}
