import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Results, type Run, resultsSchema } from "#dist/reports/results.js";
import { OneProcess } from "./command-line.js";

let folder: string;
/** Runs put their temporary files here, so that a test can see that none are left. */
let temporary: string;
let cli: OneProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-runs-"));
  temporary = await mkdtemp(join(tmpdir(), "engram-runs-tmp-"));
  cli = new OneProcess({ env: env() });
});
afterAll(async () => {
  await cli.close();
  expect(await readdir(temporary)).toEqual([]);
  await rm(folder, { recursive: true, force: true });
  await rm(temporary, { recursive: true, force: true });
});

const env = () => ({ TMPDIR: temporary });

async function resultsIn(out: string): Promise<Results> {
  return resultsSchema.parse(JSON.parse(await readFile(join(out, "results.json"), "utf8")));
}

function runOf(results: Results, subject: string): Run {
  const run = results.runs.find((one) => one.subject === subject);
  if (run === undefined) throw new Error(`no run of ${subject}`);
  return run;
}

describe("engram run", () => {
  it("measures each subject, writes results and report, prints a summary", async () => {
    const out = join(folder, "blackboard");
    const args = ["run", "blackboard", "--subjects", "engram,map,noop", "--duration", "60ms", "--out", out];
    const { code, stdout, stderr } = await cli.run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("blackboard");
    expect(stdout).toContain(join(out, "report.html"));
    expect(await readdir(out)).toEqual(["report.html", "results.json"]);

    const results = await resultsIn(out);
    expect(results.runs.map(({ subject }) => subject)).toEqual(["engram", "map", "noop"]);
    expect(results.config).toMatchObject({ scenarios: ["blackboard"], workers: 2, durationMs: 60, seed: 1 });
    expect(results.environment.timerFloorNs).toBeGreaterThan(0);
    for (const run of results.runs) {
      expect(run).toMatchObject({ workers: 2, loop: "closed", errors: {} });
      expect(run.ops).toBeGreaterThan(0);
      expect(run.opsPerSecond).toBeCloseTo(run.ops / run.seconds, 6);
      // Two passes, named apart.
      for (const latency of Object.values(run.latency)) expect(latency.mode).toBe("sampled");
      for (const cost of Object.values(run.cost ?? {})) expect(cost.mode).toBe("batched");
      expect(Object.keys(run.latency)).toEqual(["get", "set"]);
      expect(Object.keys(run.cost ?? {})).toContain("mix");
      // No figure below the floor.
      for (const { floor, p50, mean } of Object.values(run.latency)) {
        expect(Math.min(p50, mean)).toBeGreaterThanOrEqual(floor ?? Number.NaN);
      }
      expect(run.series?.reduce((sum, { ops }) => sum + ops, 0)).toBeLessThanOrEqual(run.ops);
    }
    // Everything is loaded beforehand and nothing is evicted.
    for (const name of ["engram", "map"]) expect(runOf(results, name).hitRatio).toBe(1);
    expect(runOf(results, "noop").hitRatio).toBeNull();
    expect(runOf(results, "engram").memory.usedBytes).toBeGreaterThan(64 * 64);
    const judged = results.targets.find(({ id }) => id === "m010-throughput");
    expect(judged?.measured).toBe(runOf(results, "engram").opsPerSecond);
    expect(results.targets.find(({ id }) => id === "m005-recovery")?.verdict).toBe("not measured");
  });

  it("does exactly the operations asked for with each number of workers; --json prints the results alone", async () => {
    const out = join(folder, "ops");
    const args = "run ycsb-f --subjects map --ops 1001 --workers 3,1 --json --out".split(" ");
    const { code, stdout, stderr } = await cli.run([...args, out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const printed = resultsSchema.parse(JSON.parse(stdout));
    expect(printed).toEqual(await resultsIn(out));
    expect(printed.runs.map(({ scenario, ops, workers }) => [scenario, ops, workers])).toEqual([
      ["ycsb-f", 1001, 1],
      ["ycsb-f", 1001, 3],
    ]);
    // More workers than processors is worth a word.
    if (printed.environment.cpuCount < 3) expect(printed.notices?.join()).toContain("3 busy workers");
  });

  it("replays a trace cache-aside, with the hits that the trace itself has", async () => {
    const trace = join(folder, "requests.txt");
    const requests = Array.from({ length: 5000 }, (_, i) => (i * i * 31 + i) % 701);
    await writeFile(trace, `${requests.join("\n")}\n`);
    const out = join(folder, "replay");
    const args = [
      "run",
      "replay",
      "--trace",
      trace,
      "--format",
      "txt",
      "--workers",
      "1",
      "--subjects",
      "engram,lru-cache",
    ];
    const { code, stderr } = await cli.run([...args, "--out", out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const misses = new Set(requests).size;
    for (const run of (await resultsIn(out)).runs) {
      expect(run).toMatchObject({ ops: 5000, hits: 5000 - misses, misses, errors: {} });
      expect(run.hitRatio).toBeCloseTo(1 - misses / 5000, 10);
      expect(run.notes?.join()).toContain("request i to worker i mod 1");
    }
  });

  it("with a rate runs in open loop and tells both latencies", async () => {
    const out = join(folder, "rate");
    const args = ["run", "blackboard", "--rate", "5000/s", "--ops", "500", "--subjects", "map", "--out", out];
    const { code } = await cli.run(args);
    expect(code).toBe(0);
    const [run] = (await resultsIn(out)).runs;
    expect(run).toMatchObject({ loop: "open", ops: 500 });
    expect(Object.keys(run.latency)).toEqual(expect.arrayContaining(["get", "get (from its actual start)"]));
    const counts = Object.values(run.latency).map(({ count }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
  });

  it("leaves out what a subject cannot do, and says so", async () => {
    const scenario = join(folder, "mixed.yaml");
    const phase =
      "{ operations: 600, mix: { get: 1, set: 1, increment: 1 }, keys: { distribution: uniform, count: 50 } }";
    await writeFile(scenario, `title: Mixed\nstory: Mixed.\nphases:\n  - ${phase}\n`);
    const out = join(folder, "mixed");
    const { code, stderr } = await cli.run(["run", scenario, "--subjects", "lru-cache,map", "--out", out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const results = await resultsIn(out);
    expect(Object.keys(runOf(results, "lru-cache").latency).sort()).toEqual(["get", "set"]);
    expect(runOf(results, "lru-cache").notes).toContain("lru-cache cannot increment: left out");
    expect(Object.keys(runOf(results, "map").cost ?? {})).toEqual(expect.arrayContaining(["get", "set", "increment"]));
  });

  it("leaves out a subject that has nothing to do, which is no failure", async () => {
    const out = join(folder, "left-out");
    const args = ["run", "counters", "--subjects", "lru-cache,map", "--ops", "300", "--out", out];
    const { code, stderr } = await cli.run(args);
    const line = "counters / lru-cache: lru-cache can do none of the operations of this scenario (increment)";
    expect({ code, stderr }).toEqual({ code: 0, stderr: `engram: ${line}\n` });
    const results = await resultsIn(out);
    expect(results.runs.map(({ subject }) => subject)).toEqual(["map"]);
    expect(results.notices).toContain(line);
  });

  it("counts errors by code and goes on", async () => {
    const scenario = join(folder, "full.yaml");
    const phase = "{ operations: 400, mix: { set: 1 }, keys: { distribution: uniform, count: 20 }, namespace: none }";
    // Not even one entry fits.
    const limit = "namespaces: [{ name: none, maxBytes: 16B }]";
    await writeFile(
      scenario,
      `title: Full\nstory: Full.\nstore: { capacity: 16MiB }\n${limit}\nphases:\n  - ${phase}\n`,
    );
    const out = join(folder, "full");
    const { code } = await cli.run(["run", scenario, "--subjects", "engram", "--out", out]);
    expect(code).toBe(0);
    const [run] = (await resultsIn(out)).runs;
    // Every write is refused: nothing of it is throughput, cost or latency.
    expect([run.ops, run.failed, run.opsPerSecond]).toEqual([0, 400, 0]);
    expect([run.latency, run.cost]).toEqual([{}, {}]);
    expect(run.attempted).toBeGreaterThanOrEqual(run.errors.NAMESPACE_LIMIT);
    expect(run.errors.NAMESPACE_LIMIT).toBeGreaterThanOrEqual(400);
  });

  it("refuses to write over the scenario or the trace that it reads", async () => {
    const out = join(folder, "over");
    await mkdir(out);
    const trace = join(out, "results.json");
    await writeFile(trace, "1\n2\n1\n");
    const args = ["run", "replay", "--trace", trace, "--format", "txt", "--subjects", "map", "--out", out];
    const { code, stdout, stderr } = await cli.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`--out ${trace}: is read as well`);
    expect(await readdir(out)).toEqual(["results.json"]);
    expect(await readFile(trace, "utf8")).toBe("1\n2\n1\n");
  });

  it("tells the phases apart in the summary, the page and the export of latencies, and the loop for what it is", async () => {
    const scenario = join(folder, "mixed-loops.yaml");
    const mix = "mix: { get: 1 }, keys: { distribution: uniform, count: 50 }";
    const phases = `[{ name: calm, operations: 3000, ${mix} }, { name: flood, operations: 3000, rate: 3000000/s, ${mix} }]`;
    await writeFile(scenario, `title: M\nstory: M.\npreload: 100%\nphases: ${phases}\n`);
    const out = join(folder, "mixed-loops");
    const args = ["run", scenario, "--subjects", "map", "--hlog", "--out", out];
    const { code, stdout } = await cli.run(args);
    expect(code).toBe(0);
    const [run] = (await resultsIn(out)).runs;
    const lines = stdout.split("\n").map((line) => line.trim().replace(/ {2,}/g, " | "));
    expect(lines.find((line) => line.startsWith("mixed-loops · calm"))).toMatch(/\/s \| 1\.00 × \| get \|/);
    expect(lines.find((line) => line.startsWith("mixed-loops · flood"))).toMatch(
      /\/s of 3 M\/s \| – \| get, waiting included \|/,
    );
    // Too short to tell anything, and says so; where a worker was kept waiting in it for a while, by what its slices say.
    expect(stdout).toMatch(
      /not to be believed as they stand:\n(.*\n)*.*calm: (?:\d+ ms are too short|its slices differ)/,
    );
    const page = await readFile(join(out, "report.html"), "utf8");
    const { document } = new JSDOM(page).window;
    const facts = [...document.querySelectorAll("#environment dl > div")].map((one) => one.textContent);
    expect(facts).toContain("Rateclosed and open loop, as the scenarios say");
    const headings = [...document.querySelectorAll("#latency h3")].map((heading) => heading.textContent);
    expect(headings).toEqual([
      "get in mixed-loops · calm",
      "get in mixed-loops · flood",
      "get (from its actual start) in mixed-loops · flood",
    ]);
    const tags = (await readFile(join(out, "latencies.hlog"), "utf8")).match(
      /^Tag=[^,]+(, from its actual start\))?/gm,
    );
    expect(tags?.map((tag) => tag.split("/").at(-1))).toEqual(
      Object.keys(run.latency).map((name) => name.replace(/[ ,]+/g, "-")),
    );
  });
});
