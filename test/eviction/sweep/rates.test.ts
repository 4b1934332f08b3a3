import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const main = resolve(import.meta.dirname, "../../../dist/harness/proofs/rates.js");
const folder = mkdtempSync(join(tmpdir(), "engram-rates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Its output and exit code, which is 1 when a policy falls short of the goal, as it may on a busy machine. */
async function rates(...args: string[]) {
  const run = promisify(execFile)(process.execPath, [main, ...args]);
  return run.then(({ stdout, stderr }) => ({ code: 0, stdout, stderr })).catch((error) => error);
}

describe("npm run rates", () => {
  it("measures each policy on a trace, its share of the interning included, and holds it against libCacheSim's rate", async () => {
    const trace = join(folder, "t.txt");
    writeFileSync(trace, `${Array.from({ length: 20_000 }, (_, i) => (i * i) % 997).join("\n")}\n`);
    const { code, stdout } = await rates(trace, "--policy", "lru,clock", "--size", "10,10%", "--json");
    const [{ requests, capacities, interningNs, rates: rows }] = JSON.parse(stdout);
    expect([requests, capacities]).toEqual([20_000, [10, 49]]);
    expect(
      rows.map(({ policy, libCacheSim }: { policy: string; libCacheSim: number | null }) => [policy, libCacheSim]),
    ).toEqual([
      ["lru", 11],
      ["clock", null],
    ]);
    for (const { replayNs, nsPerRequest, millionsPerSecond, libCacheSim, times } of rows) {
      expect(replayNs).toBeGreaterThan(0);
      expect(nsPerRequest).toBeCloseTo(replayNs + interningNs / 4, 9);
      expect(millionsPerSecond * nsPerRequest).toBeCloseTo(1000, 6);
      if (libCacheSim !== null) expect(times).toBeCloseTo(millionsPerSecond / libCacheSim, 9);
    }
    expect(code).toBe(rows[0].times < 5 ? 1 : 0);
  });

  it.each([
    [["--size", "0"], "rates: --size 0: a cache holds at least 1"],
    [["--policy", "lur"], "rates: "],
    [["nothing-there.txt"], "rates: nothing-there.txt: no such file"],
    [["--faster"], "rates: unknown option '--faster'"],
  ])("refuses %j", async (args, message) => {
    const { code, stdout, stderr } = await rates(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n").length).toBe(1);
  });
});
