/** Threads terminated while they use agents, blocks and pieces. KILLS=1000 for a campaign, or `npm run agents-kills`. */
import { expect, it } from "vitest";
import { runAgentKills } from "#dist/harness/proofs/agents-kills/kills.js";
import { seedOr } from "../given.js";

const KILLS = Number(process.env.KILLS ?? 4);
const seed = seedOr(Math.floor(Math.random() * 2 ** 31));

it(`damages, leaks and mischarges nothing, though ${KILLS} threads are terminated at their agents`, async () => {
  console.log(`seed ${seed}`);
  const { broken, stuck, violations, kills } = await runAgentKills({ kills: KILLS, seed });
  expect({ broken, stuck, violations }).toEqual({ broken: 0, stuck: 0, violations: [] });
  expect(kills).toBeGreaterThanOrEqual(KILLS);
});
