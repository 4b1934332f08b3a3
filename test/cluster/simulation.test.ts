/** The short form of `npm run cluster:sim`. */
import { describe, expect, it } from "vitest";
import { FAULT_LEVELS, FAULTS, runCampaign, runScenario } from "#dist/harness/cluster/index.js";
import { runsOr, seedOr } from "../given.js";

const seeds = runsOr(40);
const firstSeed = seedOr(1);

describe(`lives of a small cluster, seeds from ${firstSeed}`, () => {
  it.each(["eventual", "strong", "mixed"] as const)("hold at %s", async (level) => {
    const { first, undecided, operations, repairs } = await runCampaign({ level, seeds, firstSeed });
    expect(first).toBeNull();
    expect(undecided).toBe(0);
    expect(repairs).toBeGreaterThan(seeds);
    if (level === "strong") expect(operations).toBeGreaterThan(20 * seeds);
  });

  it("are the same by the same seed", async () => {
    const [one, other] = [await runScenario(7, { level: "strong" }), await runScenario(7, { level: "strong" })];
    expect(other).toEqual(one);
  });
});

describe("planted faults", () => {
  // from a seed of their own: whether these are found is no matter of luck
  it.each(FAULTS)("%s is found", async (fault) => {
    const level = FAULT_LEVELS[fault];
    const { broken } = await runCampaign({ level, fault, seeds: 200, firstSeed: 1, untilBroken: true });
    expect(broken).toBe(1);
  });
});
