import { describe, expect, it } from "vitest";
import { crash } from "#dist/harness/proofs/crash/crash.js";
import { seedOr } from "../given.js";

const seed = seedOr(Date.now() % 2 ** 32);

describe("a process killed with kill -9 under load", () => {
  it(`leaves every finished backup whole, and every promise kept (seed ${seed}; thousands of kills: npm run crash)`, async () => {
    const counts = await crash({ kills: 10, seed, longestMs: 400 }, () => {});
    expect(counts.violations).toEqual([]);
    expect(counts.kills).toBe(10);
    expect(counts.recovered).toBeGreaterThan(0);
    expect(counts.commits).toBeGreaterThan(0);
    expect(counts.damagedWhole + counts.damagedRefused).toBeGreaterThan(0);
  });
});
