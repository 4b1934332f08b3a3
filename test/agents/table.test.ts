import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NotOwnerError, QTable, type QTableOptions } from "#dist/src/agents/index.js";
import { ContentionError, InvalidArgumentError, OutOfMemoryError } from "#dist/src/index.js";
import "../seeded-properties.js";
import { bareMemory } from "./bare-memory.js";

const memory = bareMemory(256 << 20);
const made = (options: Partial<QTableOptions> = {}) => QTable.make(memory, { states: 20, actions: 6, ...options });

/** What a table is, in plain arrays of float32. */
class Model {
  readonly values = new Map<number, Float32Array>();
  readonly visits = new Map<number, Uint32Array>();
  constructor(readonly actions: number) {}
  row(state: number): Float32Array {
    return this.values.get(state) ?? new Float32Array(this.actions);
  }
  private own(state: number): Float32Array {
    if (!this.values.has(state)) {
      this.values.set(state, new Float32Array(this.actions));
      this.visits.set(state, new Uint32Array(this.actions));
    }
    return this.row(state);
  }
  set(state: number, action: number, value: number): void {
    this.own(state)[action] = value;
  }
  learn(state: number, action: number, target: number, rate: number): void {
    const row = this.own(state);
    row[action] = row[action] + rate * (target - row[action]);
    (this.visits.get(state) as Uint32Array)[action]++;
  }
  most(state: number): number {
    return Math.max(...this.row(state));
  }
}

const STATES = 12;
const step = (actions: number) =>
  fc.record({
    kind: fc.constantFrom("set", "update", "sarsa", "expected"),
    state: fc.nat(STATES - 1),
    action: fc.nat(actions - 1),
    number: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    next: fc.nat(STATES - 1),
    nextAction: fc.nat(actions - 1),
    terminal: fc.boolean(),
    rate: fc.double({ min: 0.01, max: 1, noNaN: true }),
    discount: fc.double({ min: 0, max: 1, noNaN: true }),
    epsilon: fc.double({ min: 0, max: 1, noNaN: true }),
  });

describe.each(["dense", "sparse"])("a %s table", (kind) => {
  const sparse = kind === "sparse" ? { rows: 4096 } : undefined;
  /** Far apart, where that is possible. */
  const named = (state: number) => (sparse === undefined ? state : state * 7_919_111_317);
  const open = (actions: number) =>
    QTable.make(memory, sparse === undefined ? { states: STATES, actions } : { actions, sparse });

  it("does what a map of float32 rows does", () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(1, 3, 4, 6, 12, 13, 17)
          .chain((actions) => fc.tuple(fc.constant(actions), fc.array(step(actions)))),
        ([actions, steps]) => {
          const table = open(actions);
          const model = new Model(actions);
          for (const { kind, state, action, number, next, nextAction, terminal, rate, discount, epsilon } of steps) {
            const [s, n, learning] = [named(state), named(next), { rate, discount }];
            if (kind === "set") {
              table.set(s, action, number);
              model.set(state, action, number);
            } else if (kind === "update") {
              const target = terminal ? number : number + discount * model.most(next);
              table.update(s, action, number, n, terminal, learning);
              model.learn(state, action, target, rate);
            } else if (kind === "sarsa") {
              const target = terminal ? number : number + discount * model.row(next)[nextAction];
              table.sarsa(s, action, number, n, nextAction, terminal, learning);
              model.learn(state, action, target, rate);
            } else {
              const row = model.row(next);
              const expected = (1 - epsilon) * Math.max(...row) + epsilon * (row.reduce((a, b) => a + b, 0) / actions);
              table.expectedSarsa(s, action, number, n, terminal, { ...learning, epsilon });
              // the mean is summed in another order, in another precision: near is enough, and then they are the same
              const before = model.row(state)[action];
              const learnt = before + rate * (terminal ? number - before : number + discount * expected - before);
              expect(Math.abs(table.get(s, action) - learnt)).toBeLessThanOrEqual(1e-3 + Math.abs(learnt) * 1e-5);
              model.learn(state, action, 0, rate);
              model.set(state, action, table.get(s, action));
            }
          }
          const reader = QTable.at(memory, table.address);
          const into = new Float32Array(actions);
          const visits = new Uint32Array(actions);
          for (let state = 0; state < STATES; state++) {
            const row = model.row(state);
            const counts = model.visits.get(state) ?? new Uint32Array(actions);
            for (const seen of [table, reader]) {
              expect(seen.row(named(state), into, visits)).toBe(counts.reduce((a, b) => a + b, 0));
              expect([...into]).toEqual([...row]);
              expect([...visits]).toEqual([...counts]);
              expect(seen.best(named(state))).toBe(row.indexOf(Math.max(...row)));
              expect(seen.get(named(state), actions - 1)).toBe(row[actions - 1]);
              expect(seen.visits(named(state), 0)).toBe(counts[0]);
              expect(row[seen.act(named(state))] === Math.max(...row)).toBe(true); // 0 and -0 are worth the same
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("refuses what is not of it, and nothing has changed then", () => {
    const table = QTable.make(
      memory,
      sparse === undefined ? { states: 20, actions: 6 } : { states: 20, actions: 6, sparse },
    );
    table.set(3, 2, 7);
    const before = table.bytes();
    const bad: [() => unknown, RegExp][] = [
      [() => table.update(3, 2, Number.NaN, 4, false), /reward must be a finite number, not NaN/],
      [() => table.update(3, 2, Number.POSITIVE_INFINITY, 4, false), /reward/],
      [() => table.update(20, 2, 1, 4, false), /state must be a whole number from 0 to 19, not 20/],
      [() => table.update(-1, 2, 1, 4, false), /state/],
      [() => table.update(3, 6, 1, 4, false), /action must be a whole number from 0 to 5, not 6/],
      [() => table.update(3, 2, 1, 4.5, false), /next .* not 4.5/],
      [() => table.update(3, 2, 1, 4, false, { rate: 0 }), /rate must be above 0/],
      [() => table.update(3, 2, 1, 4, false, { rate: Number.NaN }), /rate/],
      [() => table.update(3, 2, 1, 4, false, { discount: 1.5 }), /discount must be from 0 to 1/],
      [() => table.update(3, 2, 1e39, 4, false, { rate: 1 }), /no finite float32/],
      [() => table.sarsa(3, 2, 1, 4, 9, false), /action/],
      [() => table.expectedSarsa(3, 2, 1, 4, false, { epsilon: -1 }), /epsilon/],
      [() => table.set(3, 2, Number.NaN), /value/],
      [() => table.set(3, 2, 1e39), /no finite float32/],
      [() => table.set("3" as unknown as number, 2, 1), /state/],
      [() => table.setRow(3, [1, 2], [1, 2]), /values must be 6 numbers/],
      [() => table.setRow(3, [1, 2, 3, 4, 5, Number.NaN], new Uint32Array(6)), /action 5/],
      [() => table.row(3, new Float32Array(5)), /into must hold 6 numbers, one an action, not 5/],
      [() => table.get(3, -0.5), /action/],
      [() => table.best(Number.NaN), /state/],
      [() => table.act(3, { epsilon: 2 }), /epsilon/],
      [() => table.act(3, { epsilon: 0.5, random: () => 1 }), /random/],
      [() => table.load(before.subarray(0, 30)), /bytes/],
      [() => table.load(before.map((byte, i) => (i === before.length - 1 ? byte ^ 1 : byte))), /damaged/],
      [() => table.load(made({ actions: 5 }).bytes()), /5 actions, this one has 6/],
      [() => QTable.at(memory, table.address + 64 * 4), /no table/],
      [() => QTable.make(memory, { actions: 0, states: 4 }), /actions/],
      [() => QTable.make(memory, { actions: 4 } as QTableOptions), /states/],
      [() => QTable.make(memory, { actions: 4, sparse: { rows: 0 } }), /sparse.rows/],
      [() => QTable.make(memory, { actions: 4, states: 4, initial: Number.NaN }), /initial/],
      [() => QTable.make(memory, { actions: 1024, states: 2 ** 31 }), /4 GiB/],
    ];
    for (const [call, message] of bad) {
      expect(call).toThrow(InvalidArgumentError);
      expect(call).toThrow(message);
    }
    expect(table.bytes()).toEqual(before);
  });

  it("goes into bytes and comes back, in a table of another thread's too", () => {
    const table = open(5);
    for (let i = 0; i < STATES; i++) table.update(named(i), i % 5, i * 1.25, named((i + 1) % STATES), i === 3);
    const copy = open(5);
    copy.load(QTable.at(memory, table.address).bytes());
    expect(copy.bytes()).toEqual(table.bytes());
    expect(copy.visits(named(4), 4)).toBe(1);
  });

  it("is written by the thread that has the claim, and by no other", () => {
    const word = memory.take(64, "owner");
    const owner = new Uint32Array(memory.memory.buffer, word, 1);
    owner[0] = 7;
    const table = QTable.make(memory, { states: 4, actions: 2, sparse, owner: { word, claim: 7 } });
    table.update(1, 1, 5, 2, true, { rate: 1 });
    owner[0] = 8;
    expect(() => table.update(1, 1, 9, 2, true)).toThrow(NotOwnerError);
    expect(() => table.set(1, 1, 9)).toThrow(NotOwnerError);
    expect(() => table.repair()).toThrow(NotOwnerError);
    expect(() => table.forgetVisits()).toThrow(NotOwnerError);
    expect(() => QTable.at(memory, table.address).set(1, 1, 9)).toThrow(NotOwnerError);
    expect(table.get(1, 1)).toBe(5);
    QTable.at(memory, table.address, { claim: 8 }).set(1, 1, 6);
    expect(table.get(1, 1)).toBe(6);
    expect(table.best(1)).toBe(1);
  });
});

it("a row that its owner died in is told, repaired by the next, and holds whole numbers", () => {
  const word = memory.take(64, "owner");
  const owner = new Uint32Array(memory.memory.buffer, word, 1);
  const table = made({ owner: { word, claim: 0 } });
  table.update(3, 2, 10, 4, true, { rate: 1 });
  const row = new Uint32Array(memory.memory.buffer, memory.kernels.tablePiece(table.address) + 64 + 3 * 64, 4);
  expect(row[0]).toBe(2);
  row[0]++; // as far as it came
  owner[0] = 1;
  const reader = QTable.at(memory, table.address);
  expect(() => reader.row(3, new Float32Array(6))).toThrow(ContentionError);
  const heir = QTable.at(memory, table.address, { claim: 1 });
  expect(heir.repair()).toBe(1);
  expect(heir.repair()).toBe(0);
  expect(row[0]).toBe(4);
  const into = new Float32Array(6);
  reader.row(3, into);
  expect([...into]).toEqual([0, 0, 10, 0, 0, 0]);
});

it("chooses each of the best actions as often as the others, and by chance as told", () => {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const table = made({ actions: 9 });
  for (const action of [1, 4, 8]) table.set(5, action, 2);
  const counts = new Array(9).fill(0);
  for (let i = 0; i < 3000; i++) counts[table.act(5, { random })]++;
  expect(counts.map((count) => count > 0)).toEqual([false, true, false, false, true, false, false, false, true]);
  for (const action of [1, 4, 8]) expect(Math.abs(counts[action] - 1000)).toBeLessThan(120);
  counts.fill(0);
  for (let i = 0; i < 9000; i++) counts[table.act(5, { epsilon: 0.9, random })]++;
  expect(Math.min(...counts)).toBeGreaterThan(700);
});

describe("a sparse table", () => {
  it("grows with its states and gives the old rows back", () => {
    const taken = new Map<number, number>();
    const arena = {
      ...memory,
      take(bytes: number, purpose: string) {
        const at = memory.take(bytes, purpose);
        taken.set(at, bytes);
        return at;
      },
      give: (address: number) => expect(taken.delete(address)).toBe(true),
    };
    const table = QTable.make(arena, { actions: 3, sparse: { rows: 5000 } });
    for (let i = 0; i < 5000; i++) table.set(i * i * 97, i % 3, i);
    expect(table.rows).toBe(5000);
    for (let i = 0; i < 5000; i++) expect(table.get(i * i * 97, i % 3)).toBe(i);
    expect(taken.size).toBe(2);
    table.free();
    expect(taken.size).toBe(0);
    expect(() => QTable.at(arena, table.address)).toThrow(/no table/);
  });

  it("refuses another state when it is full", () => {
    const table = QTable.make(memory, { actions: 2, sparse: { rows: 4 } });
    for (let i = 0; i < 4; i++) table.set(i, 0, 1);
    expect(() => table.set(99, 0, 1)).toThrow(OutOfMemoryError);
    expect(() => table.update(99, 0, 1, 0, false)).toThrow(/no row left for state 99/);
    table.set(3, 1, 5);
    expect(table.get(99, 0)).toBe(0);
    expect(table.rows).toBe(4);
  });

  it("takes the row that was visited least, when it is to replace", () => {
    const table = QTable.make(memory, { actions: 2, sparse: { rows: 64, whenFull: "replace" } });
    for (let i = 0; i < 10; i++) for (let n = 0; n < 50; n++) table.update(i, 0, 1, 0, true);
    for (let i = 1000; i < 3000; i++) table.update(i, 1, 1, 0, true);
    expect(table.rows).toBeLessThanOrEqual(128);
    expect(table.replaced).toBe(10 + 2000 - table.rows);
    let kept = 0;
    for (let i = 0; i < 10; i++) if (table.visits(i, 0) === 50) kept++;
    expect(kept).toBeGreaterThanOrEqual(8);
  });

  it("replaces when its budget is used up, and fails as the budget does when it may not", () => {
    const full = (whenFull: "refuse" | "replace") => {
      let pieces = 0;
      const arena = {
        ...memory,
        take(bytes: number, purpose: string) {
          if (purpose === "table's rows" && ++pieces > 2) throw new OutOfMemoryError("no more for this one");
          return memory.take(bytes, purpose);
        },
      };
      return QTable.make(arena, { actions: 2, sparse: { rows: 1 << 20, whenFull } });
    };
    const table = full("replace");
    for (let i = 0; i < 2000; i++) table.set(i, 0, i);
    expect(table.rows).toBeLessThanOrEqual(512);
    expect(table.get(1999, 0)).toBe(1999);
    const other = full("refuse");
    expect(() => {
      for (let i = 0; i < 2000; i++) other.set(i, 0, i);
    }).toThrow("no more for this one");
    expect(other.rows).toBe(256);
    expect(other.get(255, 0)).toBe(255);
  });
});
