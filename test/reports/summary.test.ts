import { execFile } from "node:child_process";
import { link, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { renderSummary, renderTargets, reportCommand } from "#dist/reports/index.js";
import { TARGETS } from "#dist/reports/targets/index.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { fixtureResults } from "./fixture.js";

const ESCAPE = "\u001b[";
const results = fixtureResults();

describe("the text summary", () => {
  const text = renderSummary(results, { colour: false });

  test("has the ratios of each scenario with engram as one", () => {
    expect(text).toContain(
      "tool-cache  engram : map : lmdb : sharedmap : lru-cache = 1 : 2.36 : 0.137 : 0.0762 : 1.18",
    );
  });

  test("counts the verdicts and lists every miss with its distance, the gravest first", () => {
    expect(text).toContain(`targets: 11 met, 5 missed, ${TARGETS.length - 16} not measured`);
    const misses = text.slice(text.indexOf("targets:")).split("\n").slice(1).filter(Boolean);
    expect(misses.map((line) => line.trim().replace(/\s{2,}/g, " | "))).toEqual([
      "cache hit rate M-010 | > 95 % | 78.4 % | 17.5 % short | critical",
      "read latency P95 M-010 | < 100 ns | 131 ns | 31 % over | alert",
      "copy-on-write read P | ≤ 5 ns | 19 ns | 3.8 × the limit",
      "scaling with cores M-002 | ≥ 1 × | 0.86 × | 14 % short",
      "namespace look-up, cached M-008 | < 20 ns | 22.6 ns | 13 % over",
    ]);
  });

  test("writes figures under the timer floor as such", () => {
    expect(text).toMatch(/map\s+19\.8 M\/s\s+2\.36 × \([\d.]+–[\d.]+\)\s+read\s+≤ 56 ns/);
  });

  test("colours only when told to", () => {
    expect(text).not.toContain(ESCAPE);
    expect(renderSummary(results, { colour: true })).toContain(ESCAPE);
  });

  test("is one for results without runs or targets too", () => {
    expect(renderSummary({ ...results, runs: [], targets: [] }, { colour: false })).toContain("targets: none judged");
  });
});

test.each([
  ["output that is no terminal", { NO_COLOR: undefined, FORCE_COLOR: undefined }, false],
  ["NO_COLOR on a terminal", { NO_COLOR: "1" }, true],
])("%s gets no colours by default", async (_, environment, terminal) => {
  const script = `if (${terminal}) process.stdout.isTTY = true;
    const { renderTargets } = await import("#dist/reports/index.js"); process.stdout.write(renderTargets());`;
  const env = { ...process.env, FORCE_COLOR: undefined, ...environment };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  expect(stdout).toContain("m010-read-p95");
  expect(stdout).not.toContain(ESCAPE);
});

test("the table of targets has a line for each", () => {
  const lines = renderTargets({ colour: false }).trim().split("\n");
  expect(lines).toHaveLength(TARGETS.length + 1);
});

describe("engram report", () => {
  let folder: string;
  let printed = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "engram-report-"));
    await writeFile(join(folder, "results.json"), JSON.stringify(results));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(...options: string[]): Promise<void> {
    printed = "";
    const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      printed += text;
      return true;
    });
    try {
      await reportCommand().exitOverride().parseAsync(options, { from: "user" });
    } finally {
      write.mockRestore();
    }
  }

  test("writes the page and prints the summary and the path", async () => {
    const output = join(folder, "one.html");
    await run(folder, "-o", output);
    expect(await readFile(output, "utf8")).toContain("<!doctype html>");
    expect(printed).toContain("11 met, 5 missed");
    expect(printed).toContain(`report: ${output}`);
  });

  test("with --json prints one JSON object and nothing else", async () => {
    const output = join(folder, "two.html");
    await run(folder, join(folder, "results.json"), "-o", output, "--json");
    const page = await readFile(output);
    expect(JSON.parse(printed)).toEqual({
      report: output,
      bytes: page.length,
      results: [folder, join(folder, "results.json")].map((file) => ({
        file,
        targets: { met: 11, missed: 5, notMeasured: TARGETS.length - 16 },
      })),
    });
  });

  test("writes over nothing that it reads, by whatever way it is named", async () => {
    const input = join(folder, "results.json");
    const before = await readFile(input, "utf8");
    const other = join(folder, "other.json");
    await writeFile(other, before);
    await symlink(input, join(folder, "symbolic.html"));
    await link(input, join(folder, "hard.html"));
    await symlink(folder, join(folder, "around"));
    for (const output of [
      input,
      join(folder, "symbolic.html"),
      join(folder, "hard.html"),
      join(folder, "around", "results.json"),
      other,
    ]) {
      await expect(run(folder, other, "-o", output), output).rejects.toThrow(/read as well/);
      await expect(run(input, other, "-o", output), output).rejects.toThrow(InvalidArgumentError);
    }
    expect(await readFile(input, "utf8")).toBe(before);
    expect(printed).toBe("");
  });

  test("writes nothing when one of the files is bad", async () => {
    const output = join(folder, "none.html");
    await expect(run(folder, join(folder, "missing.json"), "-o", output)).rejects.toThrow(InvalidArgumentError);
    await expect(readFile(output)).rejects.toThrow("ENOENT");
    expect(printed).toBe("");
  });
});
