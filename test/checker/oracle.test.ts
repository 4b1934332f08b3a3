/** The checker against brute force: every order of small histories, by definitions written down a second time. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkHistory, createModel, type Operation } from "#dist/harness/checker/index.js";
import { runsOr } from "../given.js";
import { op } from "./make-history.js";

/** More for a thorough pass: RUNS=50000. */
const RUNS = runsOr(2500);

/** All (output, next state) pairs of an operation; states are compared by nothing here, so no cache can hide a mistake. */
type Reference<S> = (
  state: S,
  name: string,
  input: never,
  history: readonly Operation[],
) => [output: unknown, next: S][];

function bruteForce<S>(history: readonly Operation[], initial: S, reference: Reference<S>): boolean {
  const place = (left: readonly Operation[], state: S): boolean => {
    if (left.every((o) => o.return === Number.POSITIVE_INFINITY)) return true;
    return left.some((o) => {
      if (left.some((other) => other.return < o.call)) return false;
      const rest = left.filter((other) => other !== o);
      return reference(state, o.op, o.input as never, history).some(
        ([output, next]) => (o.return === Number.POSITIVE_INFINITY || same(output, o.output)) && place(rest, next),
      );
    });
  };
  return place(history, initial);
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const register: Reference<number | null> = (value, name, input: { value: number } | never) => {
  switch (name) {
    case "get":
      return [[value, value]];
    case "has":
      return [[value !== null, value]];
    case "delete":
      return [[value !== null, null]];
    default:
      return [[true, (input as { value: number }).value]];
  }
};

const evicting: Reference<number | null> = (value, name, input) => [
  ...register(value, name, input, []),
  ...register(null, name, input, []),
];

const counter: Reference<number | null> = (value, name, input: { by: number } | never) => {
  if (name !== "increment") return register(value, name, input as never, []);
  const count = (value ?? 0) + (input as { by: number }).by;
  return [[count, count]];
};

const ring =
  (capacity: number): Reference<readonly number[]> =>
  (items, name, input: { value: number } | never) => {
    if (name === "pop") return [items.length > 0 ? [items[0], items.slice(1)] : [null, items]];
    return [items.length < capacity ? [true, [...items, (input as { value: number }).value]] : [false, items]];
  };

interface Versioned {
  entry: { value: number; version: string } | null;
  used: readonly string[];
}

/** Versions by guessing: a write takes any token that appears in the history and was not used, or one nobody saw. */
const versions: Reference<Versioned> = (state, name, input: Record<string, unknown> | never, history) => {
  const { entry, used } = state;
  const write = (value: number): Versioned[] => {
    const seen = history.flatMap((o) => [
      (o.output as { version?: string } | null)?.version,
      (o.input as { ifVersion?: string } | null)?.ifVersion,
    ]);
    const free = [...new Set([...seen, `fresh ${used.length}`])].filter(
      (v) => v !== undefined && !used.includes(v),
    ) as string[];
    return free.map((version) => ({ entry: { value, version }, used: [...used, version] }));
  };
  switch (name) {
    case "getEntry":
      return [[entry, state]];
    case "delete":
      return [[entry !== null, { entry: null, used }]];
    default: {
      const { value, ifAbsent, ifVersion } = input as { value: number; ifAbsent?: boolean; ifVersion?: string };
      const holds = ifAbsent ? entry === null : ifVersion === undefined || entry?.version === ifVersion;
      return holds ? write(value).map((next): [unknown, Versioned] => [true, next]) : [[false, state]];
    }
  }
};

type Draw = { op: string; input: unknown; output: unknown };

const value = fc.integer({ min: 1, max: 2 });
const draw = (name: string, input: fc.Arbitrary<unknown>, output: fc.Arbitrary<unknown>): fc.Arbitrary<Draw> =>
  fc.record({ op: fc.constant(name), input, output });
const none = fc.constant(null);
const cell = [
  draw("get", none, fc.option(value)),
  draw("get", none, fc.option(value)),
  draw("has", none, fc.boolean()),
  draw("set", fc.record({ value }), fc.constant(true)),
  draw("set", fc.record({ value }), fc.constant(true)),
  draw("delete", none, fc.boolean()),
];
const token = fc.constantFrom("x", "y");

const cases: {
  model: string;
  capacity: number | null;
  operation: fc.Arbitrary<Draw>;
  legal(h: Operation[]): boolean;
}[] = [
  { model: "register", capacity: null, operation: fc.oneof(...cell), legal: (h) => bruteForce(h, null, register) },
  { model: "eviction", capacity: null, operation: fc.oneof(...cell), legal: (h) => bruteForce(h, null, evicting) },
  {
    model: "counter",
    capacity: null,
    operation: fc.oneof(
      draw("increment", fc.record({ by: fc.integer({ min: 1, max: 2 }) }), fc.integer({ min: 1, max: 4 })),
      draw("increment", fc.record({ by: fc.constant(1) }), fc.integer({ min: 1, max: 3 })),
      draw("get", none, fc.option(fc.integer({ min: 1, max: 3 }))),
      draw("delete", none, fc.boolean()),
    ),
    legal: (h) => bruteForce(h, null, counter),
  },
  {
    model: "cas",
    capacity: null,
    operation: fc.oneof(
      draw("getEntry", none, fc.option(fc.record({ value, version: token }))),
      draw("set", fc.record({ value }), fc.constant(true)),
      draw("set", fc.record({ value, ifVersion: token }), fc.boolean()),
      draw("set", fc.record({ value, ifAbsent: fc.constant(true) }), fc.boolean()),
      draw("delete", none, fc.boolean()),
    ),
    legal: (h) => bruteForce(h, { entry: null, used: [] }, versions),
  },
  {
    model: "fifo",
    capacity: 2,
    operation: fc.oneof(
      draw("push", fc.record({ value }), fc.boolean()),
      draw("push", fc.record({ value }), fc.constant(true)),
      draw("pop", none, fc.option(value)),
      draw("pop", none, value),
    ),
    legal: (h) => bruteForce(h, [], ring(2)),
  },
];

/** Up to six operations on a time axis short enough for ties, overlaps and gaps; one in eight without an answer. */
function histories(operation: fc.Arbitrary<Draw>): fc.Arbitrary<Operation[]> {
  const timed = fc.record({
    draw: operation,
    call: fc.integer({ min: 0, max: 12 }),
    took: fc.integer({ min: 0, max: 5 }),
    lost: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
  });
  return fc
    .array(timed, { minLength: 1, maxLength: 6 })
    .map((items) =>
      items.map(({ draw: d, call, took, lost }, i) =>
        op(`c${i}`, d.op, d.input, lost ? null : d.output, [call, lost ? null : call + took]),
      ),
    );
}

describe("the checker agrees with brute force over every order", () => {
  it.each(cases)("model $model", ({ model, capacity, operation, legal }) => {
    const created = createModel(model, { slack: 0, capacity });
    const seen = { ok: 0, illegal: 0, unknown: 0 };
    fc.assert(
      fc.property(histories(operation), (history) => {
        const { outcome } = checkHistory(history, { model: created });
        seen[outcome]++;
        expect(outcome).toBe(legal(history) ? "ok" : "illegal");
      }),
      { numRuns: RUNS },
    );
    // Both answers came up often enough for the agreement to mean something.
    expect(seen.ok).toBeGreaterThan(150);
    expect(seen.illegal).toBeGreaterThan(150);
  });
});
