/** `engram explore` and the page of `npm run explore:proof`. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { FAMILIES, PLANTED_FAULTS } from "#dist/harness/explorer/index.js";
import { type Proof, replaceProof, replaceRows } from "#dist/harness/proofs/explorer/page.js";
import { BUILD_TIMEOUT, makeExploreBuild } from "./explore-build.js";

const CLI = fileURLToPath(new URL("../../dist/harness/cli.js", import.meta.url));
const engram = (...args: string[]) => spawnSync(process.execPath, [CLI, "explore", ...args], { encoding: "utf8" });

beforeAll(makeExploreBuild, BUILD_TIMEOUT);

describe("engram explore", () => {
  it("lists its programs when none is named", () => {
    const { status, stdout } = engram();
    expect(status).toBe(0);
    for (const { name } of FAMILIES) expect(stdout).toContain(name);
  });

  it("prints schedules tried, distinct states and the longest program, and exits 0 when nothing broke", () => {
    const { status, stdout } = engram("namespaces", "get-many", "--schedules", "200");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^200 schedules of 4 programs, \d+ steps \([\d.]+ M\/s\), \d+ histories checked; /);
    expect(stdout).toMatch(
      /distinct: \d+ end states, \d+ sequences of accesses; longest: \d+ steps \((namespaces|get-many)\)/,
    );
    expect(stdout).toMatch(/seed 1\nno violation\n$/);
  });

  it("exits 1 and prints the smallest program, its accesses and its history when something broke", () => {
    const { status, stdout } = engram("write-write", "--schedules", "20000", "--fault", "1");
    expect(status).toBe(1);
    expect(stdout).toMatch(/program write-write: .*\n.*thread 0: /);
    expect(stdout).toMatch(/table\/find < .*: load/);
    expect(stdout).toMatch(/violated: .+\n$/);
    const { status: again, stdout: json } = engram("write-write", "--schedules", "20000", "--fault", "1", "--json");
    expect(again).toBe(1);
    expect(JSON.parse(json)).toMatchObject({ fault: 1, seed: 1, violation: { violated: expect.any(String) } });
  });

  it.each([
    [["nothing-of-the-kind"], "nothing-of-the-kind: no such program"],
    [["all", "--schedules", "0"], "--schedules 0: expected a whole number from 1"],
    [["all", "--strategy", "luck"], "--strategy luck: expected one of mixed, random, pct, dfs"],
    [["all", "--fault", "999", "--schedules", "1"], "--fault 999: no such fault"],
    [["all", "--seed", "x"], "--seed x: expected a whole number"],
  ])("exits 2 with one line for %j", (args, message) => {
    const { status, stdout, stderr } = engram(...args);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe("the page of the proof", () => {
  const figures = {
    programs: 2,
    schedules: 1_234_567,
    steps: 5e8,
    spins: 0,
    seconds: 50,
    histories: 7,
    distinct: 8,
    states: 9,
  };
  const found = { fault: PLANTED_FAULTS[0], schedules: 150, operations: 4, switches: 3, shown: "chunk 398144 leaked" };
  const proof: Proof = {
    faults: [found, { ...found, fault: PLANTED_FAULTS[4], schedules: null }],
    clean: { ...figures, longest: { steps: 99, name: "evict" } },
    violated: false,
    seed: 3,
  };
  const empty = "before\n<!-- explore:proof begins -->\nold\n<!-- explore:proof ends -->\nafter\n";

  it("has the figures between its marks, and nothing else is touched", () => {
    const page = replaceProof(empty, proof);
    expect(page).toMatch(/^before\n<!-- explore:proof begins -->\n/);
    expect(page).toMatch(/\n<!-- explore:proof ends -->\nafter\n$/);
    expect(page).not.toContain("old");
    expect(page).toContain("**no violation** in 1,234,567 schedules of 2 programs,");
    expect(page).toContain("500,000,000 accesses at 10.0 M/s");
    expect(page).toContain(
      "| 1 | hazards are ignored when chunks are freed | 150 | 20,000 | 278 | 4 / 3 | chunk … leaked |",
    );
    expect(page).toMatch(/\| 5 \| .* \| \*\*not found\*\* \|/);
    expect(replaceProof(page, proof)).toBe(page);
  });

  it("has some of its rows replaced, and others put among them, and all else stays", () => {
    const page = replaceProof(empty, proof);
    const [first, second] = proof.faults;
    const between = { ...second, fault: { ...second.fault, number: 3, what: "one between them" } };
    const changed = replaceRows(page, [{ ...first, schedules: 7 }, between]);
    const rows = changed.split("\n").filter((line) => /^\| \d/.test(line));
    expect(rows.map((row) => row.split(" | ")[0])).toEqual(["| 1", "| 3", "| 5"]);
    expect(rows[0]).toContain("| 7 | 20,000 |");
    expect(replaceRows(changed, proof.faults).replace(`${rows[1]}\n`, "")).toBe(page);
  });

  it("is refused without the marks", () => {
    expect(() => replaceProof("no marks", proof)).toThrow("explore:proof begins");
    expect(() => replaceRows(empty, proof.faults)).toThrow("no table of faults");
  });
});
