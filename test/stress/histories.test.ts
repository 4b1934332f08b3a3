import { afterEach, describe, expect, it } from "vitest";
import { checkHistory, createModel } from "#dist/harness/checker/index.js";
import { GET, Recording, SET } from "#dist/harness/proofs/stress/recording.js";
import { playRound } from "#dist/harness/proofs/stress/round.js";
import { Store } from "#dist/src/index.js";

const SEED = 7;
const PLAN = { seed: SEED, agents: 3, keys: 2, operations: 250 };

describe("what agents on hot keys saw", () => {
  let store: Store;
  afterEach(() => store.close());

  it.each([
    ["an agent killed in the middle or not", false],
    ["so, too, when they keep what they read near", true],
  ])("is linearizable, %s", async (_, near) => {
    store = await Store.create({ capacity: "8MiB", maxWorkers: 3 });
    for (let round = 0; round < 6; round++) {
      const killAfter = round % 2 === 0 ? null : 40 * round;
      const { operations, checks } = await playRound(store, { ...PLAN, round, killAfter, near });
      expect(operations).toBeGreaterThan(2 * PLAN.operations - 1);
      expect(
        checks.map((check) => check.outcome),
        `seed ${SEED}, round ${round}`,
      ).toEqual(["ok", "ok"]);
    }
    expect((await store.verify()).violations).toEqual([]);
    const { hits, stale } = store.stats().near;
    if (near) expect(hits > 100 && stale > 100, `${hits} hits, ${stale} stale looks`).toBe(true);
    else expect(hits + stale).toBe(0);
  });
});

describe("a recording", () => {
  const rules = { slack: 0, capacity: null };

  it("of a stale read is found out", () => {
    const recording = new Recording(3);
    recording.answer(recording.begin(SET, 0, 1, 0n, 10), 1, 20);
    recording.answer(recording.begin(SET, 0, 2, 0n, 30), 1, 40);
    recording.answer(recording.begin(GET, 0, 0, 0n, 50), 1, 60);
    expect(checkHistory(recording.operations("a"), { model: createModel("cas", rules) }).outcome).toBe("illegal");
  });

  it("leaves an operation open that was never answered, and it may have happened or not", () => {
    for (const seen of [1, 2]) {
      const [dead, reader] = [new Recording(2), new Recording(1)];
      dead.answer(dead.begin(SET, 0, 1, 0n, 10), 1, 20);
      dead.begin(SET, 0, 2, 0n, 30);
      reader.answer(reader.begin(GET, 0, 0, 0n, 50), seen, 60);
      const history = [...dead.operations("dead"), ...reader.operations("reader")];
      expect(checkHistory(history, { model: createModel("cas", rules) }).outcome).toBe("ok");
    }
  });
});
