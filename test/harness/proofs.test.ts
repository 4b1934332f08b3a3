import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { PROOFS } from "#dist/harness/proofs/index.js";

const root = resolve(import.meta.dirname, "../..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
const MAIN = join(root, "dist/harness/proofs/main.js");

const run = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, ...args]);

describe("npm run proof", () => {
  it("lists every proof with what it shows", async () => {
    const { stdout } = await run();
    for (const [name, { summary }] of Object.entries(PROOFS))
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
  });

  it("knows each by its name, which is an npm script too, and each has its program", () => {
    for (const [name, { program }] of Object.entries(PROOFS)) {
      expect(scripts[name]).toBe(`node dist/harness/proofs/main.js ${name}`);
      expect(existsSync(program), name).toBe(true);
    }
  });

  it("hands the proof its options", async () => {
    const refused = run("crash", "--kills", "none");
    await expect(refused).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("--kills none: expected") });
  });

  it("says which there are when one is asked for that is none", async () => {
    const refused = run("crsh");
    await expect(refused).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^proof: unknown proof "crsh".*crash.*known: bench, /),
    });
  });
});

describe("the scripts of package.json", () => {
  it("build first whatever they run of the build", () => {
    // `build:core` is the second half of a build, whose first half has made what it runs
    const stale = Object.keys(scripts).filter(
      (name) =>
        name !== "build:core" &&
        /^node dist\//.test(scripts[name]) &&
        !/npm run build(:explore)?$/.test(scripts[`pre${name}`] ?? ""),
    );
    expect(stale).toEqual([]);
  });
});
