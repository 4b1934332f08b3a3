/** The campaign of deaths (`npm run stress -- --kills N`), small: it holds, its figures add up, and it notices what is wrong. */
import { afterEach, describe, expect, it } from "vitest";
import { checkHistory, createModel } from "#dist/harness/checker/index.js";
import { checkValue } from "#dist/harness/proofs/stress/churn.js";
import { playDeathRound } from "#dist/harness/proofs/stress/death-round.js";
import { runDeaths } from "#dist/harness/proofs/stress/deaths.js";
import { GET, Recording, SET } from "#dist/harness/proofs/stress/recording.js";
import { layout as L } from "#dist/src/core/index.js";
import { Store } from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";

const PLAN = {
  round: 0,
  seed: SEED,
  victims: 1,
  survivors: 1,
  keys: 2,
  operations: 50,
  churnKeys: 20,
  maxLength: 300,
  evicts: false,
};

describe("a campaign of deaths", () => {
  it("kills as many as it was asked to, and finds every history right and nothing leaked", async () => {
    const violations: string[] = [];
    const figures = await runDeaths({ kills: 9, seed: SEED, onViolation: (what) => violations.push(what) });
    expect(violations).toEqual([]);
    expect(figures).toMatchObject({ kills: 9, reaped: 9, rounds: 2, histories: 4, notLinearizable: 0, undecided: 0 });
    expect(figures.inHotKey + figures.inChurn).toBeLessThanOrEqual(9);
    expect(figures.operations).toBeGreaterThan(figures.open);
  });

  it("ends with its round when it is interrupted", async () => {
    const interrupt = new AbortController();
    const figures = await runDeaths({
      kills: 1000,
      seed: SEED,
      interrupt: interrupt.signal,
      onRound: () => interrupt.abort(),
      onViolation: () => {},
    });
    expect(figures.rounds).toBe(1);
  });
});

describe("a round of deaths", () => {
  let store: Store;
  afterEach(() => store.close());

  it("says so when chunks have leaked", async () => {
    store = await Store.create({ capacity: "8MiB", maxWorkers: 2, maintenance: false });
    for (let i = 0; i < 100; i++) store.namespace("n").set(`k${i}`, new Uint8Array(20));
    for (let i = 0; i < 100; i++) store.namespace("n").delete(`k${i}`);
    const words = new Uint32Array((store.handle.memory as WebAssembly.Memory).buffer);
    const cache = (words[L.H_SLOTS / 4] + L.S_CACHES) / 4;
    const counts = Array.from({ length: L.CLASS_COUNT }, (_, sizeClass) => cache + (sizeClass * L.CACHE_STRIDE) / 4);
    const fullest = counts.reduce((a, b) => (words[b] > words[a] ? b : a));
    expect(words[fullest]).toBeGreaterThan(0);
    words[fullest]--; // a chunk is in no list any more
    const { violations, kills } = await playDeathRound(store, PLAN);
    expect(kills).toBe(1);
    expect(violations.join("\n")).toMatch(/^chunk \d+ of \d+ bytes leaked/);
  });

  it("says so when an agent fails", async () => {
    // without a maintenance thread, whose slot an agent could be given while that thread is on its way
    store = await Store.create({ capacity: "8MiB", maxWorkers: 2, maintenance: false });
    const others = [store.handle, store.handle, store.handle].map((handle) => Store.attach(handle));
    const attached = await Promise.all(others); // every slot is taken
    const { violations } = await playDeathRound(store, PLAN);
    for (const other of attached) await other.close();
    expect(violations.filter((what) => what.startsWith("an agent failed: "))).not.toEqual([]);
  });
});

describe("what a value says of itself", () => {
  it("is right for one write and wrong for a mixture of two", () => {
    const value = (number: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length, number % 251);
      bytes.writeDoubleLE(number, 0);
      return bytes;
    };
    expect(() => checkValue(value(7_000_123, 90))).not.toThrow();
    expect(() => checkValue(value(7_000_123, 8))).not.toThrow();
    const torn = Buffer.concat([value(7_000_123, 90).subarray(0, 50), value(7_000_124, 90).subarray(50)]);
    expect(() => checkValue(torn)).toThrow("byte 50");
    expect(() => checkValue(new Uint8Array(3))).toThrow("3 bytes");
  });
});

describe("a write that failed for want of room", () => {
  it("is no part of the history", () => {
    const recording = new Recording(3);
    recording.answer(recording.begin(SET, 0, 1, 0n, 10), 1, 20);
    recording.withdraw(recording.begin(SET, 0, 2, 0n, 30));
    recording.answer(recording.begin(GET, 0, 0, 0n, 50), 1, 60);
    expect(recording.isFull).toBe(true);
    const history = recording.operations("a");
    expect(history.map(({ line }) => line)).toEqual([1, 3]);
    expect(checkHistory(history, { model: createModel("cas", { slack: 0, capacity: null }) }).outcome).toBe("ok");
  });
});
