/** Threads terminated while they hold locks, wait for them and hand them over. KILLS=1000 for a campaign, or `npm run lock-kills`. */
import { expect, it } from "vitest";
import { runKills } from "#dist/harness/proofs/lock-kills/kills.js";
import { seedOr } from "../given.js";

const KILLS = Number(process.env.KILLS ?? 4);
const seed = seedOr(Math.floor(Math.random() * 2 ** 31));

it(`lets nobody in beside another, and leaves no lock behind, though ${KILLS} threads are terminated at their locks`, async () => {
  console.log(`seed ${seed}`);
  const { broken, stuck, violations, kills } = await runKills({ kills: KILLS, seed });
  expect({ broken, stuck, violations }).toEqual({ broken: 0, stuck: 0, violations: [] });
  expect(kills).toBeGreaterThanOrEqual(KILLS);
});
