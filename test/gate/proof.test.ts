/** The proof's own arithmetic, on rounds whose answer is known; that it runs processes is seen by running it. */
import { describe, expect, it } from "vitest";
import { METRICS } from "#dist/harness/gate/metrics.js";
import { slowed, turn } from "#dist/harness/proofs/gate/slowed-subject.js";
import { recorded, tryGates } from "#dist/harness/proofs/gate/trials.js";
import { loadSubject } from "#dist/harness/subjects/index.js";
import type { Run } from "#dist/reports/index.js";
import { SampleRandom } from "#dist/src/random.js";

const metrics = METRICS.slice(0, 2);

function rounds(spread: number, slowDown: number) {
  const random = new SampleRandom(7);
  const draw = (centre: number) => metrics.map(() => centre + spread * (random.unit() - 0.5));
  const list = (centre: number) => Array.from({ length: 60 }, () => draw(centre));
  return { metrics, same: list(0), slowed: list(Math.log(1 + slowDown)) };
}

describe("the proof of the gate", () => {
  it("counts what the gates said: quiet rounds are never failed and 15 % always caught", async () => {
    const trials = await tryGates(rounds(0.04, 0.15), 40, 1);
    expect(trials.same).toEqual({ regressed: 0, improved: 0, pass: 40, inconclusive: 0 });
    expect(trials.slowed).toEqual({ regressed: 40, improved: 0, pass: 0, inconclusive: 0 });
    expect(trials.falseFailures).toEqual({ share: 0, low: 0, high: 0 });
    expect(trials.caught).toEqual({ share: 1, low: 1, high: 1 });
  });

  it("catches nothing where nothing was injected, and says that a noisy machine decides nothing", async () => {
    const { slowed: unchanged } = await tryGates(rounds(0.04, 0), 40, 1);
    expect(unchanged.regressed).toBe(0);
    const { same, slowed: noisy } = await tryGates(rounds(2, 0.15), 40, 1);
    expect([same.inconclusive, noisy.inconclusive]).toEqual([40, 40]);
  });

  it("reads its differences from the runs, worse up, and leaves out a metric with a gap", () => {
    const run = (opsPerSecond: number, get?: number) =>
      ({
        loop: "closed",
        opsPerSecond,
        errors: {},
        latency: {},
        cost: get === undefined ? {} : { get: { mode: "batched", count: 9, mean: get } },
      }) as unknown as Run;
    const whole = { base: run(100, 50), again: run(200, 50), slow: run(50, 100) };
    const { metrics: both, same, slowed: worse } = recorded([whole]);
    expect(both.map(({ path }) => path)).toEqual(["opsPerSecond", "cost.get.mean"]);
    expect(same[0]).toEqual([Math.log(0.5), 0]);
    expect(worse[0]).toEqual([Math.log(2), Math.log(2)]);
    const gap = { ...whole, again: run(100) };
    expect(recorded([whole, gap]).metrics.map(({ path }) => path)).toEqual(["opsPerSecond"]);
  });
});

describe("a slowed subject", () => {
  it("answers as the subject does, and its delay depends on the turns", async () => {
    const subject = slowed(await loadSubject("map"), { get: 3, set: 5 });
    const values: Uint8Array[] = [];
    values[16] = new Uint8Array(16);
    const agent = await subject.attach(null, {
      ...{ worker: 0, workers: 1, keys: ["a", "b"], namespaces: [], namespaceOf: null, values, maxValueBytes: 16 },
    });
    agent.set(0, 16, 0);
    agent.increment(1);
    expect([agent.get(0), agent.get(1), agent.delete(0), agent.delete(0), agent.get(0)]).toEqual([
      ...[16, -1, true, false, -1],
    ]);
    expect(new Set([0, 1, 2, 3].map((turns) => turn(5, turns))).size).toBe(4);
    await agent.close();
  });
});
