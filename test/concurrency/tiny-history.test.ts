/** The explorer's fast checker of tiny histories against the project's own. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AnyModel, checkHistory, createModel, type Operation } from "#dist/harness/checker/index.js";
import { type Call, isFifo, isLinearizable, type OpKind } from "#dist/harness/explorer/index.js";
import { seedOr } from "../given.js";

const seed = seedOr(Math.floor(Math.random() * 2 ** 31));
const NEVER = Number.POSITIVE_INFINITY;

interface Drawn {
  thread: number;
  kind: OpKind;
  value: number;
  result: number;
  open: boolean;
}

/** Calls of up to three threads, their events interleaved as `turns` says, each thread one call at a time. */
function asHistory(drawn: readonly Drawn[], turns: readonly number[]): Call[] {
  const queues = [0, 1, 2].map((thread) => drawn.filter((d) => d.thread === thread));
  const under: (Call | null)[] = [null, null, null];
  const history: Call[] = [];
  let clock = 0;
  const turn = (thread: number) => {
    const current = under[thread];
    if (current !== null) {
      current.returned = clock++;
      under[thread] = null;
      return;
    }
    const next = queues[thread].shift();
    if (next === undefined) return;
    const call: Call = {
      thread,
      op: { kind: next.kind, key: 0 },
      kind: next.kind,
      key: 0,
      value: next.value,
      expected: 0,
      ttl: false,
      life: 0,
      delivery: -1,
      invoked: clock++,
      returned: NEVER,
      result: next.result,
    };
    history.push(call);
    if (!next.open) under[thread] = call;
    else queues[thread] = []; // killed in it
  };
  for (const thread of turns) turn(thread);
  for (let i = 0; i < 40; i++) turn(i % 3);
  return history;
}

const toOperation =
  (output: (call: Call) => unknown) =>
  (call: Call, line: number): Operation => ({
    client: String(call.thread),
    key: "k",
    op: { send: "push", receive: "pop", add: "increment" }[call.kind as string] ?? call.kind,
    input: inputOf(call),
    output: call.returned === NEVER ? null : output(call),
    call: call.invoked,
    return: call.returned,
    line,
  });

function inputOf(call: Call): unknown {
  if (call.kind === "set" || call.kind === "send") return { value: call.value };
  if (call.kind === "setIfAbsent") return { value: call.value, ifAbsent: true };
  return null;
}

function cellOutput(call: Call): unknown {
  if (call.kind === "get") return call.result === 0 ? null : call.result;
  return call.result === 1;
}

function verdict(history: Call[], model: AnyModel, output: (call: Call) => unknown): boolean {
  const operations = history.map(toOperation(output)).map((o) => (o.op === "setIfAbsent" ? { ...o, op: "set" } : o));
  return checkHistory(operations, { model }).outcome === "ok";
}

const turns = fc.array(fc.nat(2), { maxLength: 24 });

function calls(kinds: readonly OpKind[], resultOf: (kind: OpKind) => fc.Arbitrary<number>): fc.Arbitrary<Drawn[]> {
  const call = fc.constantFrom(...kinds).chain((kind) =>
    fc.record({
      thread: fc.nat(2),
      kind: fc.constant(kind),
      value: fc.integer({ min: 1, max: 3 }),
      result: resultOf(kind),
      open: fc.boolean().map((b) => b && kind !== "get"),
    }),
  );
  return fc.array(call, { minLength: 1, maxLength: 7 });
}

const cellCalls = calls(["set", "get", "delete", "has", "setIfAbsent"], (kind) => {
  if (kind === "set") return fc.constant(1);
  return kind === "get" ? fc.nat(3) : fc.nat(1);
});
const ringCalls = calls(["send", "receive"], (kind) => (kind === "send" ? fc.nat(1) : fc.nat(3)));

describe("the checker of tiny histories", () => {
  it.each([
    { model: "cas", evicts: false },
    { model: "eviction", evicts: true },
  ])("agrees with the project's checker on a cell, model $model", ({ model, evicts }) => {
    let right = 0;
    fc.assert(
      fc.property(cellCalls, turns, (drawn, order) => {
        const history = asHistory(drawn, order);
        const ours = isLinearizable(history, history.length, 0, 0, { evicts });
        if (ours) right++;
        expect(ours).toBe(verdict(history, createModel(model, { slack: 0, capacity: null }), cellOutput));
      }),
      { seed, numRuns: 4000 },
    );
    expect(right).toBeGreaterThan(200);
    expect(right).toBeLessThan(3800);
  });

  it("agrees with the project's checker on a ring of two cells", () => {
    let right = 0;
    fc.assert(
      fc.property(ringCalls, turns, (drawn, order) => {
        const history = asHistory(drawn, order);
        const ours = isFifo(history, history.length, 2);
        if (ours) right++;
        const output = (call: Call) => (call.kind === "send" ? call.result === 1 : call.result || null);
        expect(ours).toBe(verdict(history, createModel("fifo", { slack: 0, capacity: 2 }), output));
      }),
      { seed, numRuns: 4000 },
    );
    expect(right).toBeGreaterThan(200);
    expect(right).toBeLessThan(3800);
  });
});
