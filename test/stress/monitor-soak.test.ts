import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { judgeSteadiness } from "#dist/harness/proofs/monitor-soak/steadiness.js";

const MAIN = fileURLToPath(new URL("../../dist/harness/proofs/monitor-soak/main.js", import.meta.url));

function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const MIB = 2 ** 20;
const HOUR = 3_600_000;
/** One a minute for an hour. */
const hour = (bytes: (minute: number) => number) =>
  Array.from({ length: 60 }, (_, i) => ({ at: ((i + 1) * HOUR) / 60, bytes: bytes(i + 1) }));

describe("the monitor's soak", () => {
  it("misses nothing of what eight workers do within some seconds", async () => {
    const { out, err } = await run("--minutes", "0.1");
    const lines = out.trim().split("\n");
    expect(lines.at(-1), err).toMatch(/^monitor-soak (passed|FELL SHORT): 0\.1 min, \d+ ticks$/);
    // of so short a time memory tells nothing, and a busy machine may take longer over a scrape than it may
    const short = lines.filter((line) => /missed|not counted|violation|connected|console/.test(line));
    expect(short).toEqual([]);
    const [, told, done] = /^operations (\d+) of (\d+)$/m.exec(out) as RegExpExecArray;
    expect([told, Number(done) > 1000]).toEqual([done, true]);
  });

  it("says what is wrong with its options before it starts", async () => {
    expect(await run("--minutes", "0.01")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^monitor-soak: --minutes/),
    });
  });
});

describe("memory", () => {
  it("is flat when it only swings, or has grown before the first quarter was over", () => {
    const swings = hour((minute) => 200 * MIB + (minute % 7) * MIB);
    expect(judgeSteadiness(swings, 8 * MIB)).toMatchObject({ flat: true, ratio: expect.closeTo(1, 2) });
    const warms = hour((minute) => (minute < 14 ? minute : 14) * 20 * MIB);
    expect(judgeSteadiness(warms, 8 * MIB)).toMatchObject({ flat: true });
  });

  it("is not when it goes on growing, and its slope says how fast", () => {
    const grows = hour((minute) => 200 * MIB + minute * MIB);
    expect(judgeSteadiness(grows, 8 * MIB)).toMatchObject({ flat: false, slope: expect.closeTo(60 * MIB, -4) });
  });

  it("is not judged where the second or the last quarter was not read", () => {
    const all = hour(() => 200 * MIB);
    expect(judgeSteadiness([], 8 * MIB)).toBeNull();
    expect(judgeSteadiness([all[59]], 8 * MIB)).toBeNull();
    expect(judgeSteadiness([all[20], all[59]], 8 * MIB)).not.toBeNull();
    expect(judgeSteadiness([all[0], all[40], all[59]], 8 * MIB)).toBeNull();
  });
});
