import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Accumulator, QTable } from "#dist/src/agents/index.js";
import { ContentionError, InvalidArgumentError } from "#dist/src/index.js";
import { Random } from "#dist/src/random.js";
import "../seeded-properties.js";
import { bareMemory } from "./bare-memory.js";

const memory = bareMemory(128 << 20);
const elsewhere = bareMemory(32 << 20);

const STATES = 3;
const ACTIONS = 5;
const cell = fc.record({
  value: fc.float({ min: -1000, max: 1000, noNaN: true }),
  visits: fc.oneof(fc.constant(0), fc.nat(2 ** 31), fc.constant(2 ** 32 - 1)),
});
const tables = fc.array(
  fc.array(fc.array(cell, { minLength: ACTIONS, maxLength: ACTIONS }), { minLength: STATES, maxLength: STATES }),
  {
    minLength: 1,
    maxLength: 6,
  },
);
type Cells = { value: number; visits: number }[][];

function tableOf(cells: Cells, place = memory, sparse = false): QTable {
  const table = QTable.make(place, { states: STATES, actions: ACTIONS, ...(sparse ? { sparse: { rows: 8 } } : {}) });
  cells.forEach((row, state) => {
    table.setRow(
      state,
      row.map(({ value }) => value),
      row.map(({ visits }) => visits),
    );
  });
  return table;
}

function valuesOf(table: QTable): number[] {
  const row = new Float32Array(ACTIONS);
  return Array.from({ length: STATES }, (_, state) => {
    table.row(state, row);
    return [...row];
  }).flat();
}

it("a merge is the mean weighted by visits, in any order, of tables here, elsewhere, dense and sparse", () => {
  fc.assert(
    fc.property(tables, fc.integer(), (all, seed) => {
      const orders = [all, [...all].reverse()];
      const means = orders.map((order, o) => {
        const merge = Accumulator.make(memory, { states: STATES, actions: ACTIONS });
        order.forEach((cells, i) => {
          const table = tableOf(cells, (i + o + seed) % 2 === 0 ? memory : elsewhere, (i + o) % 3 === 0);
          expect(merge.add(table)).toBe(cells.flat().reduce((sum, { visits }) => sum + visits, 0));
        });
        const weighty = all.filter((cells) => cells.flat().some(({ visits }) => visits > 0));
        const weight = all.flat(2).reduce((sum, { visits }) => sum + visits, 0);
        const told = merge.round();
        expect(told).toEqual({ round: weighty.length > 0 ? 1 : 0, contributors: weighty.length, weight });
        const into = [tableOf(all[0]), tableOf(all[0], memory, true), tableOf(all[0], elsewhere)];
        for (const table of into) {
          table.load(merge);
          if (weighty.length > 0) expect(table.visits(0, 0)).toBe(0);
        }
        expect(valuesOf(into[1])).toEqual(valuesOf(into[0]));
        expect(valuesOf(into[2])).toEqual(valuesOf(into[0]));
        return valuesOf(into[0]);
      });
      for (let state = 0; state < STATES; state++) {
        for (let action = 0; action < ACTIONS; action++) {
          const i = state * ACTIONS + action;
          const cells = all.map((table) => table[state][action]);
          const weight = cells.reduce((sum, { visits }) => sum + visits, 0);
          const exact = cells.reduce((sum, { value, visits }) => sum + value * (visits / weight), 0);
          // what nobody visited stays; one contributor's value is the mean itself
          const expected = weight === 0 ? Math.fround(all[0][state][action].value) : exact;
          for (const mean of means)
            expect(Math.abs(mean[i] - expected)).toBeLessThanOrEqual(1e-12 * 1000 + Math.abs(expected) * 2 ** -23);
          if (cells.length === 1) expect(means[0][i]).toBe(Math.fround(cells[0].value));
        }
      }
    }),
    { numRuns: 40 },
  );
});

it("sums are the same to 1e-12 in whatever order they were added", () => {
  const random = new Random(5);
  const all = Array.from({ length: 40 }, () => {
    const table = QTable.make(memory, { states: STATES, actions: ACTIONS });
    for (let s = 0; s < STATES; s++)
      table.setRow(
        s,
        Array.from({ length: ACTIONS }, () => random.unit() * 100 - 50),
        Array.from({ length: ACTIONS }, () => 1 + random.below(1e6)),
      );
    return table;
  });
  const sums = [all, [...all].reverse(), [...all].sort((a, b) => a.get(0, 0) - b.get(0, 0))].map((order) => {
    const merge = Accumulator.make(memory, { states: STATES, actions: ACTIONS });
    for (const table of order) merge.add(table);
    merge.round();
    const bank = memory.kernels.mergeClosed(merge.address);
    const cells = STATES * 8;
    return [
      new Float64Array(memory.memory.buffer, bank + 64, cells).slice(),
      new Float64Array(memory.memory.buffer, bank + 64 + cells * 8, cells).slice(),
    ];
  });
  for (const [values, weights] of sums.slice(1)) {
    values.forEach((value, i) => {
      if (weights[i] > 0) expect(Math.abs(value - sums[0][0][i]) / weights[i]).toBeLessThan(1e-12);
    });
    expect(weights).toEqual(sums[0][1]);
  }
});

it("a round holds until the next one ends, and one without contributors is none", () => {
  const merge = Accumulator.make(memory, { states: STATES, actions: ACTIONS });
  expect(merge.round()).toEqual({ round: 0, contributors: 0, weight: 0 });
  const table = QTable.make(memory, { states: STATES, actions: ACTIONS });
  expect(merge.add({ table })).toBe(0); // nothing visited
  expect(merge.stats().current).toEqual({ round: 1, contributors: 0, weight: 0 });
  for (let round = 1; round <= 7; round++) {
    table.set(1, 1, round);
    table.update(1, 1, round, 0, true);
    merge.add(table);
    const other = QTable.make(memory, { states: STATES, actions: ACTIONS });
    other.load(merge);
    expect(other.get(1, 1)).toBe(round - 1);
    expect(merge.stats().current).toEqual({ round, contributors: 1, weight: 1 });
    expect(merge.round()).toEqual({ round, contributors: 1, weight: 1 });
    expect(merge.round()).toEqual({ round, contributors: 0, weight: 0 });
    other.load(merge);
    expect(other.get(1, 1)).toBe(round);
    table.forgetVisits();
  }
});

it("a table is part of a round once, of whatever arena it is, and of the next round and another accumulator all the same", () => {
  for (const place of [memory, elsewhere]) {
    const merge = Accumulator.make(memory, { states: STATES, actions: ACTIONS });
    const other = Accumulator.make(memory, { states: STATES, actions: ACTIONS });
    const table = tableOf([[{ value: 4, visits: 2 }, ...Array(4).fill({ value: 1, visits: 0 })]], place);
    const again = QTable.at(place, table.address, { claim: 0 });
    expect(merge.add(table)).toBe(2);
    expect(() => merge.add(again)).toThrow(InvalidArgumentError);
    expect(() => merge.add(table)).toThrow(/is part of round 1 already: its visits would count twice/);
    expect(other.add(table)).toBe(2);
    expect(merge.round()).toEqual({ round: 1, contributors: 1, weight: 2 });
    expect(other.round()).toEqual({ round: 1, contributors: 1, weight: 2 });
    expect(merge.add(again)).toBe(2);
    expect(merge.round()).toEqual({ round: 2, contributors: 1, weight: 2 });
    const empty = tableOf([], place);
    expect([merge.add(empty), merge.add(empty)]).toEqual([0, 0]);
  }
});

it("refuses tables of another shape, and nothing was added", () => {
  const merge = Accumulator.make(memory, { states: STATES, actions: ACTIONS });
  const stray = QTable.make(memory, { actions: ACTIONS, sparse: { rows: 8 } });
  stray.update(1, 1, 1, 1, true);
  stray.update(STATES, 1, 1, 1, true);
  const far = QTable.make(elsewhere, { actions: ACTIONS, sparse: { rows: 8 } });
  far.update(2 ** 40, 1, 1, 1, true);
  const others = [
    QTable.make(memory, { states: STATES, actions: 4 }),
    QTable.make(memory, { states: 4, actions: ACTIONS }),
    stray,
    far,
  ];
  for (const table of others) expect(() => merge.add(table)).toThrow(InvalidArgumentError);
  expect(() => others[0].load(merge)).toThrow(InvalidArgumentError);
  expect(() => Accumulator.at(memory, merge.address + 64 * 5)).toThrow(/no accumulator/);
  expect(() => Accumulator.make(memory, { states: 0, actions: 1 })).toThrow(/states/);
  expect(merge.stats().current.contributors).toBe(0);
  const gone = Accumulator.make(memory, { states: STATES, actions: ACTIONS });
  gone.free();
  expect(() => gone.round()).toThrow(expect.objectContaining({ code: "CLOSED" }));
  const outer = Accumulator.make(memory, { states: STATES, actions: ACTIONS }, { isAlive: () => true });
  new Int32Array(memory.memory.buffer, memory.kernels.mergeLock(outer.address), 1)[0] = 1;
  expect(() => outer.round()).toThrow(ContentionError);
});

it("threads that are ended in the middle of their contributions leave whole ones only", async () => {
  const THREADS = 8;
  const place = bareMemory(64 << 20);
  const states = 4000;
  const table = QTable.make(place, { states, actions: 4 });
  for (let s = 0; s < states; s++) table.setRow(s, [1, 1, 1, 1], [1, 1, 1, 1]);
  const dead = new SharedArrayBuffer(4 * (THREADS + 2));
  const added = new SharedArrayBuffer(4 * (THREADS + 2));
  const deaths = new Int32Array(dead);
  const merge = Accumulator.make(
    place,
    { states, actions: 4 },
    { claim: THREADS + 1, isAlive: (holder) => Atomics.load(deaths, holder) === 0 },
  );
  const random = new Random(11);
  for (let claim = 1; claim <= THREADS; claim++) {
    const room = place.take(1 << 20, "copies");
    const worker = new Worker(new URL("accumulator-worker.mjs", import.meta.url), {
      workerData: { memory: place.memory, table: table.address, accumulator: merge.address, claim, dead, added, room },
    });
    const counts = new Int32Array(added);
    while (Atomics.load(counts, claim) < 1 + random.below(4)) {
      const waiting = Atomics.waitAsync(counts, claim, Atomics.load(counts, claim));
      if (waiting.async) await Promise.race([waiting.value, once(worker, "exit")]);
    }
    await worker.terminate();
    Atomics.store(deaths, claim, 1);
  }
  merge.add(table);
  const told = merge.round();
  const all = new Int32Array(added).reduce((sum, count) => sum + count, 0);
  // whoever was ended between its contribution and its count has contributed
  expect(told.contributors).toBeGreaterThanOrEqual(all + 1);
  expect(told.contributors).toBeLessThanOrEqual(all + 1 + THREADS);
  expect(told.weight).toBe(told.contributors * states * 4);
  const bank = place.kernels.mergeClosed(merge.address);
  const cells = new Float64Array(place.memory.buffer, bank + 64, states * 4 * 2);
  expect(cells.every((sum) => sum === told.contributors)).toBe(true);
});

it.each(["mergeBegin", "mergeTable", "mergePublish", "mergeEnd"])(
  "a thread that dies with the lock held, before %s, has the lock taken from it, and its contribution counts whole or not at all",
  async (stop) => {
    const place = bareMemory(16 << 20);
    const table = QTable.make(place, { states: 64, actions: 4 });
    for (let s = 0; s < 64; s++) table.setRow(s, [1, 1, 1, 1], [1, 1, 1, 1]);
    const another = QTable.make(place, { states: 64, actions: 4 });
    for (let s = 0; s < 64; s++) another.setRow(s, [3, 3, 3, 3], [1, 1, 1, 1]);
    const deaths = new Int32Array(new SharedArrayBuffer(12));
    const stopped = new Int32Array(new SharedArrayBuffer(4));
    const merge = Accumulator.make(
      place,
      { states: 64, actions: 4 },
      { claim: 2, isAlive: (holder) => Atomics.load(deaths, holder) === 0 },
    );
    const word = new Int32Array(place.memory.buffer, place.kernels.mergeLock(merge.address), 1);
    const worker = new Worker(new URL("accumulator-worker.mjs", import.meta.url), {
      workerData: {
        memory: place.memory,
        table: table.address,
        accumulator: merge.address,
        claim: 1,
        dead: deaths.buffer,
        added: new SharedArrayBuffer(12),
        room: place.take(1 << 20, "copies"),
        stop,
        stopped: stopped.buffer,
      },
    });
    const waiting = Atomics.waitAsync(stopped, 0, 0);
    if (waiting.async) await Promise.race([waiting.value, once(worker, "exit")]);
    expect(Atomics.load(word, 0)).toBe(1);
    await worker.terminate();
    expect(Atomics.load(word, 0)).toBe(1);
    Atomics.store(deaths, 1, 1);
    merge.add(another);
    const contributed = stop === "mergeEnd" ? 1 : 0;
    expect(merge.round()).toEqual({ round: 1, contributors: 1 + contributed, weight: 256 * (1 + contributed) });
    another.load(merge);
    expect(another.get(63, 3)).toBe(contributed === 1 ? 2 : 3);
  },
);
