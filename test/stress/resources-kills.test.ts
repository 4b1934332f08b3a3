/** Threads terminated with one of each kind of resource in their hands. KILLS=500 for a campaign, or `npm run resources-kills`. */
import { expect, it } from "vitest";
import { runResourceKills } from "#dist/harness/proofs/resources-kills/kills.js";
import { seedOr } from "../given.js";

const KILLS = Number(process.env.KILLS ?? 4);
const seed = seedOr(Math.floor(Math.random() * 2 ** 31));

it(`leaves nothing of ${KILLS} threads that are terminated with all kinds of resources in their hands`, async () => {
  console.log(`seed ${seed}`);
  const { stuck, violations, kills, held } = await runResourceKills({ kills: KILLS, seed });
  expect({ stuck, violations }).toEqual({ stuck: 0, violations: [] });
  expect(kills).toBeGreaterThanOrEqual(KILLS);
  expect(Object.keys(held).length).toBeGreaterThan(0);
});
