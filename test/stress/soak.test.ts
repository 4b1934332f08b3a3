import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { judgeFlatness, type Sample } from "#dist/harness/proofs/soak/flatness.js";

const MAIN = fileURLToPath(new URL("../../dist/harness/proofs/soak/main.js", import.meta.url));

function run(args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], (error, out, err) =>
      done({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

describe("the soak", () => {
  it("ends with its figures on the last line, and passes even in seconds", async () => {
    const { code, out } = await run(["--minutes", "0.08"]);
    const last = out.trimEnd().split("\n").at(-1)!;
    expect(last).toMatch(/^soak (passed|FELL SHORT): 0\.08 min, \d+ operations, .* 0 violations$/);
    // so short a soak may still be warming up: memory is judged, but only violations fail it here
    expect(code).toBe(last.startsWith("soak passed") ? 0 : 1);
    expect(Number(/(\d+) operations/.exec(last)?.[1])).toBeGreaterThan(1000);
  });

  it.each([["--minutes"], ["--minutes", "soon"], ["--minutes", "0"], ["--minutes", "-1"], ["--hours", "1"]])(
    "refuses %s %s",
    async (...args) => {
      const { code, err } = await run(args.filter((arg) => arg !== undefined));
      expect(code).toBe(2);
      expect(err).toMatch(/^soak: /);
    },
  );
});

describe("the judgement of memory", () => {
  const series = (slab: (t: number) => number, used: (t: number) => number): Sample[] =>
    Array.from({ length: 60 }, (_, i) => ({ at: i * 100 + 50, slabBytes: slab(i / 60), usedBytes: used(i / 60) }));
  const MIB = 2 ** 20;

  it("takes growth in the warm-up, and swings, for flat", () => {
    const samples = series(
      (t) => Math.min(1, t * 5) * 40 * MIB,
      (t) => 20 * MIB + Math.sin(t * 40) * 3 * MIB,
    );
    expect(judgeFlatness(samples, 6000)).toMatchObject({ flat: true, slabGrowth: 0 });
  });

  it.each([
    ["slabs that go on being cut", (t: number) => 40 * MIB + t * 5 * MIB, () => 20 * MIB],
    ["use that creeps", () => 40 * MIB, (t: number) => 20 * MIB * (1 + t / 4)],
  ])("takes %s for a leak", (_, slab, used) => {
    expect(judgeFlatness(series(slab, used), 6000).flat).toBe(false);
  });
});
