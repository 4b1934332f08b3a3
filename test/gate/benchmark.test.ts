/** Anybody's benchmark under the gate: a repository that is not this one, in a path with a space, with figures that a file gives. */
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { type GateReport, gateCommand } from "#dist/harness/gate/index.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { OneProcess } from "../harness/command-line.js";

const GATE = new URL("fixtures/gate-main.mjs", import.meta.url);
const ALONE = new URL("fixtures/gate-cli.mjs", import.meta.url).pathname;
const above = realpathSync(mkdtempSync(join(tmpdir(), "gate of others ")));
const shared = new OneProcess({}, GATE);
afterAll(async () => {
  await shared.close();
  rmSync(above, { recursive: true, force: true });
});

/** Each prints its figures with a thousandth of noise, by how many there have been, and takes no time worth the name. */
const BENCH = `turn=$(cat turns 2>/dev/null || echo 0); turn=$((turn + 1)); echo $turn >turns
noise=$((turn * 7919 % 100)); . ./figures
`;
const metric = (name: string, thousands: number, unit = "ms") =>
  `echo '{"metrics":[{"name":"${name}","value":'${thousands}$noise',"unit":"${unit}"}]}'\n`;

class Foreign {
  readonly root: string;
  readonly scratch: string;

  constructor(name: string) {
    this.root = join(above, name, "my repository");
    this.scratch = join(above, name, "scratch");
    mkdirSync(join(this.root, "packages", "a b"), { recursive: true });
    mkdirSync(this.scratch);
    this.git("init", "--quiet", "--initial-branch=main");
    this.write("packages/a b/bench.sh", BENCH);
    this.write(".gitignore", "turns\nbuilt\n");
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.root, name), text);
  }

  commit(figures: string): this {
    this.write("packages/a b/figures", figures);
    this.git("add", "-A");
    this.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", "figures");
    return this;
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  get options() {
    return { cwd: join(this.root, "packages", "a b"), env: { TMPDIR: this.scratch, GITHUB_STEP_SUMMARY: "" } };
  }

  async gate(...args: string[]) {
    const all = ["--against", "HEAD~1", "--command", "sh bench.sh", "--rounds", "10", ...args];
    const ended = await shared.run(all, this.options);
    const worktrees = this.git("worktree", "list", "--porcelain").match(/^worktree .*$/gm) ?? [];
    expect([...readdirSync(this.scratch), ...worktrees.slice(1)]).toEqual([]);
    return {
      ...ended,
      said: ended.stderr
        .trimEnd()
        .split("\n")
        .filter((line) => !/ round \d|^preparing|^building/.test(line)),
    };
  }
}

describe("a benchmark that prints its figures", () => {
  it("fails with 1 where one is worse, in a folder of a repository whose path has spaces, and names it", async () => {
    const foreign = new Foreign("slower")
      .commit(metric("parse", 100) + metric("write", 50))
      .commit(metric("parse", 130) + metric("write", 50));
    const { code, stdout } = await foreign.gate("--json");
    const report = JSON.parse(stdout) as GateReport;
    expect([code, report.outcome, report.subject]).toEqual([1, "regressed", "command"]);
    expect(report.settings).toMatchObject({ command: "sh bench.sh" });
    expect(report.metrics.map(({ name, unit, verdict }) => [name, unit, verdict])).toEqual([
      ["parse", "ms", "regressed"],
      ["write", "ms", "pass"],
    ]);
    expect(report.metrics[0].worse).toBeGreaterThan(0.25);
    // What the whole took stands beside what it says itself.
    expect(report.beside.map(({ name }) => name)).toEqual(expect.arrayContaining(["wall time"]));
  });

  it("passes with 0 the other way about, as improved, from a file that it writes, in both trees built", async () => {
    const foreign = new Foreign("faster");
    foreign.write("packages/a b/bench.sh", `test -f built || exit 9\n${BENCH}`);
    foreign.commit(`{ ${metric("parse", 130)} } >out.json\n`).commit(`{ ${metric("parse", 100)} } >out.json\n`);
    const { code, stdout } = await foreign.gate(
      "--build",
      "touch built",
      "--metrics",
      "json",
      "--metrics-file",
      "out.json",
    );
    expect(stdout).toMatch(/IMPROVED/);
    expect(code).toBe(0);
  });

  it("is not comparable, exit 4, where the head lacks one or has it in another unit", async () => {
    const foreign = new Foreign("others")
      .commit(metric("parse", 100) + metric("gone", 50) + metric("scan", 50, "ms"))
      .commit(metric("parse", 100) + metric("new", 50) + metric("scan", 50, "us"));
    const { code, stdout } = await foreign.gate("--json");
    const report = JSON.parse(stdout) as GateReport;
    expect([code, report.outcome]).toEqual([4, "inconclusive"]);
    expect(report.incomparable).toEqual([
      "the base prints gone, and the head does not",
      "scan is in ms, lower is better, in the base, and in us, lower is better, in the head",
    ]);
    expect(report.leftOut.map(({ name }) => name)).toContain("new");
  });

  it.each([
    [
      "prints none on one side",
      metric("parse", 100),
      "echo nothing\n",
      [],
      /^the benchmark of the base prints metrics and that of the head none: nothing can be compared/,
    ],
    [
      "prints none and was said to",
      "echo nothing\n",
      "echo nothing\n",
      ["--metrics", "json"],
      /^the benchmark of the base: no metrics of the form json printed/,
    ],
    [
      "prints NaN",
      metric("parse", 100),
      `echo '{"metrics":[{"name":"parse","value":null}]}'\n`,
      [],
      /^the benchmark of the head printed: metric "parse": the value is null/,
    ],
    [
      "writes no file",
      metric("parse", 100),
      "",
      ["--metrics-file", "out.json"],
      /^the benchmark of the base wrote no --metrics-file: ENOENT/,
    ],
    [
      "takes too long",
      "sleep 600 & sleep 600\n",
      "",
      ["--limit", "300ms"],
      /^the benchmark of the base took longer than 0\.3 s and was ended/,
    ],
  ])("that %s: exit 3 and why", async (name, base, head, args, message) => {
    const { code, said, stdout } = await new Foreign(name)
      .commit(base)
      .commit(head)
      .gate(...args);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(message);
    expect([code, stdout]).toEqual([3, ""]);
  });

  it("or a build that fails shows its own last words", async () => {
    const foreign = new Foreign("broken")
      .commit("")
      .commit("echo compiling\necho 'figures.c:3: expected ;' >&2\nexit 7\n");
    const run = await foreign.gate();
    expect(run.said).toEqual([
      "the benchmark of the head failed, exit code 7: figures.c:3: expected ;",
      "  | compiling",
      "  | figures.c:3: expected ;",
    ]);
    const build = await foreign.gate(
      "--build",
      "echo 'src/a.ts(1,2): error TS2322'; echo 'npm error code 2' >&2; exit 2",
    );
    expect(build.said.slice(1)).toEqual(["  | src/a.ts(1,2): error TS2322", "  | npm error code 2"]);
    expect(build.said[0]).toMatch(/^--build of the base \(echo .*\) failed in .*, exit code 2: npm error code 2$/);
    expect([run.code, build.code]).toEqual([3, 3]);
  });
});

describe("its processes", () => {
  it("are ended with what they started when the gate is interrupted: exit 130, and nothing is left", async () => {
    const foreign = new Foreign("interrupted");
    foreign.write("packages/a b/bench.sh", `sleep 1000 & echo $! >"${foreign.scratch}/pid"; wait\n`);
    foreign.commit("").commit("");
    const args = ["--against", "HEAD~1", "--command", "sh bench.sh"];
    const { cwd, env } = foreign.options;
    const gate = spawn(process.execPath, [ALONE, ...args], { cwd, env: { ...process.env, ...env }, stdio: "ignore" });
    const ended = new Promise<number | null>((resolve) => gate.once("exit", resolve));
    const pidFile = join(foreign.scratch, "pid");
    await vi.waitFor(() => expect(existsSync(pidFile) && readFileSync(pidFile, "utf8")).toMatch(/^\d+\n$/), {
      timeout: 150_000,
      interval: 20,
    });
    gate.kill("SIGTERM");
    expect(await ended).toBe(130);
    const pid = Number(readFileSync(pidFile, "utf8"));
    // Its parent is gone, so it is somebody else's to be buried: dead it is at once.
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 150_000, interval: 20 });
    expect(foreign.git("worktree", "list").trim().split("\n")).toHaveLength(1);
  });

  it("that outlive the command are ended and said", async () => {
    const foreign = new Foreign("outliving");
    foreign.write("packages/a b/bench.sh", `sleep 1000 >/dev/null 2>&1 & echo $! >>"${above}/pids"\n${BENCH}`);
    foreign.commit(metric("parse", 100)).commit(metric("parse", 100));
    const { code, stdout } = await foreign.gate("--decide-by", "wall");
    expect(code).toBe(0);
    expect(stdout).toContain("note: the command left processes running at its end; they were ended");
    const pids = readFileSync(join(above, "pids"), "utf8").trim().split("\n").map(Number);
    expect(pids.length).toBeGreaterThan(20);
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), { timeout: 150_000, interval: 20 });
  });
});

/** A zombie that nobody has waited for yet runs no more. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("a gate over a command, asked wrongly", () => {
  it.each([
    [["--command", "x"], /^--command: goes with --against REV/],
    [["--against", "HEAD", "--setup", "npm ci"], /^--setup: goes with --command, and there is none$/],
    [["--against", "HEAD", "--build", "make"], /^--build: goes with --command/],
    [["--against", "HEAD", "--metrics-file", "a"], /^--metrics-file: goes with --command/],
    [["--against", "HEAD", "--decide-by", "cpu"], /^--decide-by cpu: goes with --command/],
    [["--against", "HEAD", "--command", " "], /^--command " ": expected a command/],
    [["--against", "HEAD", "--command", "x", "--metrics", "xml"], /^--metrics "xml": expected one of auto, time, json/],
    [
      ["--against", "HEAD", "--command", "x", "--decide-by", "luck"],
      /^--decide-by "luck": expected one of auto, wall, cpu, instructions/,
    ],
    [["--against", "HEAD", "--command", "x", "--limit", "0"], /^--limit 0: expected a time above 0/],
    [["--against", "HEAD", "--command", "x", "--scenario", "ycsb-a"], /^--scenario: is for scenarios/],
    [["--against", "HEAD", "--command", "x", "--workers", "2"], /^--workers: is for scenarios/],
  ])("%j: refused in one line", async (args, message) => {
    const refused = gateCommand().exitOverride().parseAsync(args, { from: "user" });
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/^[^\n]*$/);
  });

  it("with another lock file and nothing that installs: exit 2 and what to give", async () => {
    const foreign = new Foreign("locks");
    foreign.write("package-lock.json", "{}");
    foreign.write(".gitignore", "turns\nnode_modules\n");
    foreign.commit("");
    foreign.write("package-lock.json", '{"a":1}');
    foreign.commit("");
    mkdirSync(join(foreign.root, "node_modules"));
    const { code, said } = await foreign.gate();
    expect(said.join("\n")).toMatch(/^package-lock\.json is not the same in both, .*such as --setup "npm ci"$/);
    expect(code).toBe(2);
  });
});
