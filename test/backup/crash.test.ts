import { describe, expect, it } from "vitest";
import { crash } from "#dist/harness/proofs/crash/crash.js";
import { seedOr } from "../given.js";

const seed = seedOr(Date.now() % 2 ** 32);

describe("a process killed with kill -9 under load", () => {
  it(`leaves every finished backup whole, and every promise kept (seed ${seed}; thousands of kills: npm run crash)`, async () => {
    // How far a process comes before its first backup is the machine's matter: most lives are counted from that backup on.
    const young = await crash({ kills: 2, seed, longestMs: 400, largeEvery: 0 }, () => {});
    expect(young.violations).toEqual([]);
    const counts = await crash({ kills: 4, seed, longestMs: 300, afterBackup: true, largeEvery: 6 }, () => {});
    expect(counts.violations).toEqual([]);
    expect(counts.kills).toBe(4);
    expect(counts.recovered).toBe(4);
    expect(counts.commits).toBeGreaterThan(0);
    expect(counts.large).toBeGreaterThan(0);
    expect(counts.damagedWhole + counts.damagedRefused).toBeGreaterThan(0);
  });
});
