import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type GateReport, gateCommand } from "#dist/harness/gate/index.js";
import { readRecords } from "#dist/harness/records/index.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { endSharedGates, GateProject, type GateRun } from "./gate-project.js";

const projects: GateProject[] = [];
function project(...args: ConstructorParameters<typeof GateProject>): GateProject {
  const made = new GateProject(...args);
  projects.push(made);
  return made;
}
afterEach(() => {
  for (const made of projects.splice(0)) made.remove();
});

afterAll(endSharedGates);

const QUICK = ["--rounds", "10", "--seed", "7"];

const lastLine = ({ stderr }: GateRun) => stderr.trimEnd().split("\n").at(-1);

describe("gate --against", () => {
  it("passes when nothing changed, and cleans up, also when called from a git hook", async () => {
    const p = project();
    p.npm = "real";
    p.processes = "real";
    p.commit("nothing");
    p.environment = { GIT_DIR: ".git", GIT_INDEX_FILE: ".git/index" };
    const run = await p.gate(["--against", "HEAD~1", ...QUICK]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/PASS/);
    // Without a terminal a line a round, so that a log shows how far it is.
    const rounds = (stage: string, total: number) =>
      Array.from({ length: total }, (_, i) => `${stage}: round ${i + 1} of ${total}`);
    expect(run.stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^building [0-9a-f]{12} in a worktree$/),
      "building the working tree",
      ...rounds("A/A check", 5),
      ...rounds("head against base", 10),
    ]);
    expect(p.leftovers()).toEqual([]);
  });

  it("fails with 1 on a slow-down, names the metric, and writes every output", async () => {
    const p = project();
    p.setSpeed({ get: 1.3 });
    p.commit("slower");
    p.summary = p.write("summary.md", "before\n");
    const files = [
      "--markdown",
      "out.md",
      "--junit",
      "out.xml",
      "--benchmark-json",
      "out.json",
      "--record",
      "gates.jsonl",
    ];
    const run = await p.gate(["--against", "HEAD~1", ...QUICK, "--json", ...files]);
    expect(run.exitCode).toBe(1);
    const report = JSON.parse(run.stdout) as GateReport;
    expect(report).toMatchObject({ mode: "against", outcome: "regressed", exitCode: 1, rounds: 10, tolerance: 0.1 });
    const { records, damage } = readRecords(join(p.folder, "gates.jsonl"));
    expect(damage).toBeNull();
    expect(records).toMatchObject([
      { outcome: "regressed", commit: p.git("rev-parse", "HEAD").trim(), mode: "against" },
    ]);
    expect(records[0].base.commit).toBe(p.git("rev-parse", "HEAD~1").trim());
    expect(records[0].metrics.map(({ id, head, verdict }) => [id, head, verdict])).toEqual(
      report.metrics.map(({ id, head, verdict }) => [id, head, verdict]),
    );
    const verdicts = Object.fromEntries(report.metrics.map((m) => [m.id, m.verdict]));
    expect(verdicts).toEqual({
      "blackboard/opsPerSecond": "pass",
      "blackboard/cost.get.mean": "regressed",
      "blackboard/cost.set.mean": "pass",
      "blackboard/latency.get.p99": "pass",
      "blackboard/hitRatio": "pass",
    });
    const get = report.metrics.find((m) => m.id === "blackboard/cost.get.mean")!;
    expect(get.worse).toBeGreaterThan(0.25);
    expect(get.worse).toBeLessThan(0.35);
    expect(get.rounds.head).toHaveLength(10);

    const markdown = readFileSync(join(p.folder, "out.md"), "utf8");
    expect(markdown).toMatch(/REGRESSED/);
    expect(markdown).toMatch(/\| blackboard get cost \|.*\*\*regressed\*\* \|/);
    expect(readFileSync(p.summary, "utf8")).toBe(`before\n${markdown}\n`);

    const junit = new JSDOM(readFileSync(join(p.folder, "out.xml"), "utf8"), { contentType: "text/xml" }).window
      .document;
    expect(junit.querySelector("testsuite")!.getAttribute("failures")).toBe("1");
    expect([...junit.querySelectorAll("failure")].map((f) => f.parentElement!.getAttribute("name"))).toEqual([
      "blackboard/cost.get.mean",
    ]);

    const entries = JSON.parse(readFileSync(join(p.folder, "out.json"), "utf8"));
    expect(entries).toHaveLength(5);
    for (const entry of entries) {
      expect(entry).toEqual({
        name: expect.any(String),
        unit: expect.stringMatching(/^(ns|%)/),
        value: expect.any(Number),
        range: expect.stringMatching(/^± \d/),
        extra: expect.any(String),
      });
    }
    expect(p.leftovers()).toEqual([]);
  });

  // That without the option it ends with 4, judged-figures.test.ts shows without a process.
  it("is inconclusive on a machine too noisy for the tolerance, which ends with 0 if told so", async () => {
    const p = project({ noise: 0.9 });
    const run = await p.gate(["--against", "HEAD", ...QUICK, "--tolerance", "2%", "--inconclusive", "pass"]);
    expect(run.stdout).toMatch(/INCONCLUSIVE.*too noisy/i);
    expect(run.exitCode).toBe(0);
  });

  it("exits with 3 and the child's last line when a run fails", async () => {
    const p = project();
    p.processes = "real";
    p.setSpeed({ crash: true });
    const run = await p.gate(["--against", "HEAD", ...QUICK]);
    expect(run.exitCode).toBe(3);
    expect(lastLine(run)).toBe("a run of the head failed, exit code 3: invariant 4 broken: a chunk is on two lists");
    expect(p.leftovers()).toEqual([]);
  });

  it("exits with 2 when a run refuses what it was handed, such as a scenario it does not know", async () => {
    const p = project({ refuse: "no scenario blackbord; did you mean blackboard?" });
    const run = await p.gate(["--against", "HEAD", ...QUICK, "--scenario", "blackbord"]);
    expect(run.exitCode).toBe(2);
    expect(lastLine(run)).toBe(
      "engram run of the base refused its arguments, exit code 2: no scenario blackbord; did you mean blackboard?",
    );
  });

  it("exits with 3 when the results are of another schema", async () => {
    const p = project({ wrongSchema: true });
    const run = await p.gate(["--against", "HEAD", ...QUICK]);
    expect(run.exitCode).toBe(3);
    expect(lastLine(run)).toMatch(/^a run of the base left no results to read: .*results\.json: schemaVersion is 99/);
  });

  it("exits with 3 when the revision does not build, and cleans up", async () => {
    const p = project();
    p.npm = "real";
    p.write("package.json", JSON.stringify({ scripts: { build: "echo this does not compile >&2; exit 2" } }));
    p.commit("broken build");
    const run = await p.gate(["--against", "HEAD", ...QUICK]);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/npm run build in .* failed, exit code 2/);
    expect(p.leftovers()).toEqual([]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "%s ends the child, removes the worktree and exits with 130",
    async (signal) => {
      const p = project();
      const pidFile = join(p.folder, "dist", "pid");
      p.processes = "real";
      p.setSpeed({ hang: pidFile });
      p.commit("hangs");
      const run = await p.gate(["--against", "HEAD", ...QUICK], async (pid) => {
        await vi.waitFor(() => expect(existsSync(pidFile) && readFileSync(pidFile, "utf8")).toMatch(/^\d+$/), {
          timeout: 150_000,
          interval: 20,
        });
        process.kill(pid, signal);
      });
      expect(run.exitCode).toBe(130);
      expect(lastLine(run)).toBe(`stopped by ${signal}; nothing was judged`);
      const child = Number(readFileSync(pidFile, "utf8"));
      expect(() => process.kill(child, 0)).toThrow(/ESRCH/);
      expect(p.leftovers()).toEqual([]);
    },
  );
});

describe("gate --against a build that does less", () => {
  it("fails with 1 on operations that are refused, however fast, and names them in every output", async () => {
    const p = project();
    p.setSpeed({ fails: { NAMESPACE_LIMIT: 990_000 }, hits: 0, throughput: 0.6, set: 0.5, get: 0.8 });
    p.commit("refuses, quickly");
    p.summary = p.write("summary.md", "");
    const files = ["--markdown", "out.md", "--junit", "out.xml", "--benchmark-json", "out.json"];
    const run = await p.gate(["--against", "HEAD~1", ...QUICK, ...files]);
    expect(run.exitCode).toBe(1);
    const named = /Operations fail that do not fail in the base: blackboard NAMESPACE_LIMIT/;
    expect(run.stdout).toMatch(/REGRESSED/);
    expect(run.stdout).toMatch(named);
    const markdown = readFileSync(join(p.folder, "out.md"), "utf8");
    expect(markdown).toMatch(/^## Engram gate: REGRESSED/);
    expect(markdown).toMatch(named);
    expect(markdown).toMatch(/\| blackboard hit ratio \| 90 % \| 0 % \| \+90\.00 points \|.*\*\*regressed\*\* \|/);
    const junit = new JSDOM(readFileSync(join(p.folder, "out.xml"), "utf8"), { contentType: "text/xml" }).window
      .document;
    const failures = [...junit.querySelectorAll("failure")].map((f) => f.parentElement!.getAttribute("name"));
    expect(failures).toEqual(["blackboard/hitRatio", "blackboard/failed", "blackboard/errors.NAMESPACE_LIMIT"]);
    const names = [...junit.querySelectorAll("testcase")].map((one) => one.getAttribute("name"));
    expect(new Set(names).size).toBe(names.length);
    const entries = JSON.parse(readFileSync(join(p.folder, "out.json"), "utf8")) as Array<{
      name: string;
      value: number;
    }>;
    expect(entries).toContainEqual(
      expect.objectContaining({ name: "blackboard hit ratio (what it misses)", value: 100 }),
    );
  });
});

describe("gate, asked wrongly", () => {
  let p: GateProject;
  beforeAll(() => {
    p = new GateProject();
  });
  afterAll(() => p.remove());

  it.each([
    [["--against", "no-such-branch"], /^--against no-such-branch: no such revision in this repository/],
    [["--against", "--help-me"], /no such revision/],
    [[], /^engram gate: give one of --against REV, --baseline FILE, --write-baseline FILE\n$/],
    [["--against", "HEAD", "--baseline", "x.json"], /give one of|no such file/],
    [["--baseline", "absent.json"], /^baseline absent\.json: no such file/],
  ])("%j: exit 2 and one line", async (args, message) => {
    const run = await p.gate(args);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(message);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(run.stdout).toBe("");
    expect(p.leftovers()).toEqual([]);
  });

  // The values of options are refused before anything starts, so these need no process.
  it.each([
    [["--against", "HEAD", "--tolerance", "0"], /^--tolerance 0: expected a share above 0 % and below 100 %/],
    [["--against", "HEAD", "--tolerance", "-1"], /^--tolerance -1: expected a share/],
    [["--against", "HEAD", "--tolerance", "abc"], /^--tolerance abc: expected a share/],
    [["--against", "HEAD", "--tolerance", "200%"], /^--tolerance 200%: expected a share/],
    [["--against", "HEAD", "--tolerance", "10"], /^--tolerance 10: expected a share/],
    [["--against", "HEAD", "--tolerance", ""], /^--tolerance : expected a share/],
    [["--against", "HEAD", "--rounds", "9"], /^--rounds 9: expected a whole number from 10/],
    [["--against", "HEAD", "--rounds", "1e3"], /^--rounds 1e3: expected/],
    [["--against", "HEAD", "--seed", "-4"], /^--seed -4: expected a whole number/],
    [["--against", "HEAD", "--duration", "soon"], /^--duration soon: expected a time/],
    [["--against", "HEAD", "--duration", "0s"], /^--duration 0s: expected a time/],
    [["--against", "HEAD", "--workers", "0"], /^--workers 0: expected/],
    [["--against", "HEAD", "--scenario", "a,,b"], /^--scenario a,,b: expected scenario names/],
    [["--against", "HEAD", "--scenario", "--out"], /^--scenario --out: expected scenario names/],
    [["--against", "HEAD", "--inconclusive", "maybe"], /^--inconclusive maybe: expected pass or fail/],
  ])("%j: refused in one line", async (args, message) => {
    const refused = gateCommand().exitOverride().parseAsync(args, { from: "user" });
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/^[^\n]*$/);
  });

  it("outside a git repository: exit 2", async () => {
    const run = await p.gate(["--against", "HEAD"], undefined, tmpdir());
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/is not inside a git repository/);
  });
});
