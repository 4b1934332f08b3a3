import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NotOwnerError, Replay, Trajectory, type Transition } from "#dist/src/agents/index.js";
import { InvalidArgumentError } from "#dist/src/index.js";
import { Random } from "#dist/src/random.js";
import "../seeded-properties.js";
import { bareMemory } from "./bare-memory.js";

const memory = bareMemory(128 << 20);
const step = (n: number): Transition => ({
  state: n,
  action: n % 6,
  reward: -n / 3,
  next: n + 1,
  terminal: n % 5 === 4,
});
const kept = (n: number): Transition => (step(n).terminal ? { ...step(n), next: 0 } : step(n));

it("keeps the latest transitions, as a list does", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 8, 16),
      fc.boolean(),
      fc.array(fc.oneof({ weight: 20, arbitrary: fc.nat(1000) }, { weight: 1, arbitrary: fc.constant(-1) })),
      (capacity, prioritised, pushes) => {
        const replay = Replay.make(memory, { capacity, prioritised });
        let list: number[] = [];
        for (const n of pushes) {
          if (n < 0) {
            replay.clear();
            list = [];
          } else {
            expect(replay.push(step(n))).toBe(list.length % capacity);
            list.push(n);
          }
        }
        expect(replay.size).toBe(Math.min(list.length, capacity));
        for (let i = Math.max(0, list.length - capacity); i < list.length; i++)
          expect(replay.at(i % capacity)).toEqual(kept(list[i]));
        expect(replay.total).toBe(replay.size);
      },
    ),
    { numRuns: 60 },
  );
});

it("the root of the sums is the sum of the priorities, however often they changed", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(63), fc.nat(1 << 20)), { maxLength: 300 }), (changes) => {
      const replay = Replay.make(memory, { capacity: 64, prioritised: true });
      const priorities = Array.from({ length: 64 }, (_, i) => {
        replay.push(step(i));
        return 1;
      });
      for (const [index, priority] of changes) {
        replay.setPriority(index, priority / 7);
        priorities[index] = priority / 7;
      }
      const pairs = (all: number[]): number =>
        all.length === 1 ? all[0] : pairs(all.slice(0, all.length / 2)) + pairs(all.slice(all.length / 2));
      expect(replay.total).toBe(pairs(priorities));
      expect(priorities.map((_, i) => replay.priority(i))).toEqual(priorities);
      // the newest is seen once: it has the greatest priority there ever was
      const newest = replay.push(step(64));
      expect(replay.priority(newest)).toBe(Math.max(1, ...changes.map(([, priority]) => priority / 7)));
    }),
    { numRuns: 40 },
  );
});

/** Pearson's chi-squared of counts against what was expected. */
const chiSquared = (counts: number[], expected: number[]) =>
  counts.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0);

it.each([false, true])("draws as often as it should (prioritised: %s)", (prioritised) => {
  const random = new Random(17);
  const replay = Replay.make(memory, { capacity: 64, prioritised });
  const priorities = Array.from({ length: 64 }, (_, i) => (prioritised ? i + 1 : 1));
  for (let i = 0; i < 64; i++) {
    replay.push(step(i));
    if (prioritised) replay.setPriority(i, priorities[i]);
  }
  const total = priorities.reduce((a, b) => a + b);
  const counts = new Array(64).fill(0);
  const into = new Uint32Array(32);
  const probabilities = new Float32Array(32);
  let wrong = 0;
  for (let batch = 0; batch < 4000; batch++) {
    replay.sample(32, into, { random: () => random.unit(), probabilities });
    for (let i = 0; i < 32; i++) {
      counts[into[i]]++;
      if (probabilities[i] !== Math.fround(priorities[into[i]] / total)) wrong++;
    }
  }
  expect(wrong).toBe(0);
  // 63 degrees of freedom: 103 is passed once in a thousand seeds, and this seed is fixed
  expect(
    chiSquared(
      counts,
      priorities.map((priority) => (priority / total) * 128_000),
    ),
  ).toBeLessThan(103);
});

it("draws the same batch from the same seed, one of each part, and never what has priority 0", () => {
  const replay = Replay.make(memory, { capacity: 8, prioritised: true });
  for (let i = 0; i < 8; i++) replay.push(step(i));
  for (const i of [0, 3, 7]) replay.setPriority(i, 0);
  const draw = (seed: number) => {
    const random = new Random(seed);
    const into = new Uint32Array(5);
    replay.sample(5, into, { random: () => random.unit() });
    return [...into];
  };
  expect(draw(3)).toEqual([1, 2, 4, 5, 6]);
  expect(draw(3)).toEqual(draw(3));
  const last = new Uint32Array(1);
  replay.sample(1, last, { random: () => 1 - 2 ** -53 });
  expect(last[0]).toBe(6);
});

it("makes the sums anew for a new owner", () => {
  const word = memory.take(64, "owner");
  const owner = new Uint32Array(memory.memory.buffer, word, 1);
  const replay = Replay.make(memory, { capacity: 4, prioritised: true, owner: { word, claim: 0 } });
  for (let i = 0; i < 3; i++) replay.push(step(i));
  const tree = new Float64Array(memory.memory.buffer, memory.kernels.replayTree(replay.address), 8);
  tree[4 + 1] = 9; // the leaf of a change whose sums were not made
  tree[4 + 3] = 1; // the leaf of a push that does not count
  owner[0] = 3;
  expect(() => replay.push(step(4))).toThrow(NotOwnerError);
  expect(() => replay.clear()).toThrow(NotOwnerError);
  const heir = Replay.at(memory, replay.address, { claim: 3 });
  heir.repair();
  expect(heir.total).toBe(11);
  expect(heir.size).toBe(3);
});

describe("an episode on its way", () => {
  it.each(["in the arena", "elsewhere"])("is kept in a block %s and moves to the buffer at its end", (where) => {
    const buffer = where === "in the arena" ? memory.memory.buffer : new ArrayBuffer(4096);
    const block = new Uint8Array(buffer, where === "in the arena" ? memory.take(1024, "block") : 64, 1024);
    const episode = new Trajectory(block);
    const replay = Replay.make(memory, { capacity: 64 });
    expect(episode.capacity).toBe(31);
    for (let i = 0; i < 31; i++) expect(episode.push(step(i))).toBe(true);
    expect(episode.push(step(31))).toBe(false);
    expect(new Trajectory(block).at(30)).toEqual(kept(30));
    expect(replay.append(episode)).toBe(31);
    expect(episode.length).toBe(0);
    expect(replay.size).toBe(31);
    for (let i = 0; i < 31; i++) expect(replay.at(i)).toEqual(kept(i));
  });
});

it("refuses what it cannot do, and nothing has changed then", () => {
  const replay = Replay.make(memory, { capacity: 4 });
  const into = new Uint32Array(4);
  expect(() => replay.sample(2, into)).toThrow(/empty/);
  replay.push(step(1));
  const bad: (() => unknown)[] = [
    () => Replay.make(memory, { capacity: 3 }),
    () => Replay.make(memory, { capacity: 0 }),
    () => Replay.at(memory, replay.address + 6400),
    () => replay.push({ ...step(1), reward: Number.NaN }),
    () => replay.push({ ...step(1), state: -1 }),
    () => replay.push({ ...step(1), action: 1.5 }),
    () => replay.push({ ...step(1), next: 2 ** 60 }),
    () => replay.push(null as unknown as Transition),
    () => replay.sample(0, into),
    () => replay.sample(5, into),
    () => replay.sample(2, into, { probabilities: new Float32Array(1) }),
    () => replay.sample(2, into, { random: () => 1 }),
    () => replay.setPriority(0, 1),
    () => replay.at(1),
    () => new Trajectory(new Uint8Array(63)),
    () => new Trajectory(new Uint8Array(new ArrayBuffer(200), 4, 128)),
    () => new Trajectory(new Uint8Array(128).fill(255)),
  ];
  for (const call of bad) expect(call).toThrow(InvalidArgumentError);
  const prioritised = Replay.make(memory, { capacity: 4, prioritised: true });
  prioritised.push(step(1));
  for (const priority of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => prioritised.setPriority(0, priority)).toThrow(/priority/);
  prioritised.setPriority(0, 0);
  expect(() => prioritised.sample(1, into)).toThrow(/all priorities are 0/);
  expect([...into]).toEqual([0, 0, 0, 0]);
  expect(replay.size).toBe(1);
});
