import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OneProcess } from "../harness/command-line.js";
import { FILES } from "./files.js";

const folder = mkdtempSync(join(tmpdir(), "engram-notebook-"));
let cli: OneProcess;
beforeAll(() => {
  for (const [name, make] of Object.entries(FILES)) writeFileSync(join(folder, name), make());
  writeFileSync(join(folder, "cut"), FILES.history().slice(0, 3000));
  cli = new OneProcess({ cwd: folder });
});
afterAll(async () => {
  await cli.close();
  rmSync(folder, { recursive: true });
});

const notebook = (...args: string[]) => cli.run(["notebook", ...args]);

describe("engram notebook", () => {
  it("prints with --json what a notebook is given, the named one first", async () => {
    const { code, stdout, stderr } = await notebook("results", "--notebook", "latency", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "results",
      files: ["results"],
      notebooks: ["latency", "results"],
    });
  });

  it("shows a damaged history up to the damage, says so, and ends with 2", async () => {
    const { code, stdout, stderr } = await notebook("cut", "--json");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^engram: cut: damaged from line \d+, byte \d+ on \(.*\); what comes before it is read\n/);
    expect(JSON.parse(stdout).trend.points.length).toBeGreaterThan(0);
  });

  it.each([
    [[], /missing required argument 'files'/],
    [["gone"], /^engram: gone: no such file; expected results\.json/],
    [
      ["results", "history"],
      /^engram: results is results of engram run, history is a monitor's history; expected files of one kind/,
    ],
    [
      ["sweep", "--notebook", "swep"],
      /no such notebook \(did you mean sweep\?\); there are results, latency, sweep, history/,
    ],
    [["sweep", "--notebook", "latency"], /--notebook latency: sweep is rows of engram evict --json, which sweep shows/],
    [
      ["results", "--notebook", "sweep"],
      /--notebook sweep: results is results of engram run, which results and latency show$/m,
    ],
    [["sweep", "--port", "70000"], /--port 70000: expected a whole number from 1 to 65535/],
    [["sweep", "--port", "9000", "--out", "pages"], /--port and --out exclude each other/],
    [["sweep", "--out", "results"], /--out results: is a file; expected a new or empty folder/],
    [["sweep", "--out", "."], /--out \.: is not empty; expected a new or empty folder/],
  ])("refuses %j in one line, with 2, and writes nothing", async (args, line) => {
    const { code, stdout, stderr } = await notebook(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(existsSync(join(folder, "pages"))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
