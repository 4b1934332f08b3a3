/** The programs in examples/ run as they are. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const folder = resolve(import.meta.dirname, "..", "examples");
const programs = readdirSync(folder).filter((name) => name.endsWith(".mjs"));

/** What each prints, line by line. */
const PRINTED: Record<string, RegExp> = {
  "blackboard.mjs": /^100 steps by 4 agents, \d+ times another was faster\nthe store is whole\n$/,
  "langgraph-agent.mjs":
    /^one: turn 1, I know Ada\ntwo: turn 2, I know Ada\none: turn 3, I know Ada and lace\ntwo: turn 4, I know Ada and lace\n$/,
  "response-cache.mjs": /^400 questions were answered\nthe model was asked 40 times, once for each that differs\n$/,
  "work-queue.mjs":
    /^60 results, 60 tasks acknowledged; 7 squared is 49\ndelivered once more: 3; dead letters: 1\ngiven up after 3 attempts: no number\nthe store is whole\n$/,
  "shared-table.mjs": /^the first owner: mine; the second: inherited\nthe table has learned\n$/,
};

describe("examples", () => {
  it.each(programs)("%s", async (name) => {
    // Some end threads in the middle of their work, which is as safe as Node can have it (decision 0035).
    const { stdout, stderr } = await run(process.execPath, ["--no-concurrent-recompilation", name], { cwd: folder });
    expect(stdout).toMatch(PRINTED[name]);
    expect(stderr).toBe("");
  });

  it("are listed in the folder's README", () => {
    const readme = readFileSync(resolve(folder, "README.md"), "utf8");
    for (const name of programs) expect(readme).toContain(`(${name})`);
  });
});
