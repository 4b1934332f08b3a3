import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readNotebookData } from "#dist/harness/notebook/data.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { seedOr } from "../given.js";
import { FILES } from "./files.js";

const folder = mkdtempSync(join(tmpdir(), "engram-notebook-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Uint8Array): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const paths = Object.fromEntries(
  // No name tells what a file is.
  Object.entries(FILES).map(([kind, make], i) => [kind, file(`file-${i}`, make())]),
) as Record<keyof typeof FILES, string>;

describe("what a notebook is opened over", () => {
  it.each([
    ["results", "results", ["results", "latency"]],
    ["tour", "results", ["results", "latency", "sweep"]],
    ["sweep", "sweep", ["sweep"]],
    ["history", "history", ["history"]],
    ["records", "records", ["history"]],
  ] as const)("tells %s by what it says, and which notebooks show it", async (name, kind, notebooks) => {
    const data = await readNotebookData([paths[name]]);
    expect(data).toMatchObject({ kind, notebooks, files: [paths[name]], problems: [] });
  });

  it("takes a folder for the results in it, and several files of one kind", async () => {
    mkdirSync(join(folder, "run"));
    file("run/results.json", FILES.results());
    const data = await readNotebookData([join(folder, "run"), paths.results]);
    expect(data.files).toEqual([join(folder, "run", "results.json"), paths.results]);
    expect(data.kind === "results" && data.results.length).toBe(2);
  });

  it("tells traces of one name apart that are in two files", async () => {
    const other = file("again.json", FILES.sweep());
    const one = await readNotebookData([paths.sweep]);
    const both = await readNotebookData([paths.sweep, other]);
    const traces = (data: typeof one) => new Set("rows" in data ? data.rows.map(({ trace }) => trace) : []);
    expect(traces(both).size).toBe(2 * traces(one).size);
    expect([...traces(both)].some((trace) => trace.endsWith(other))).toBe(true);
  });

  it("shows lines up to their damage, and says where that is", async () => {
    const lines = FILES.records().split("\n");
    lines[30] = lines[30].slice(0, 40);
    const data = await readNotebookData([file("damaged", lines.join("\n"))]);
    expect(data.problems[0]).toMatch(/damaged: damaged from line 31, byte \d+ on/);
    expect("trend" in data && data.trend.kind === "records" && data.trend.records).toBe(30);
  });

  it("says what is too little to tell anything from, and shows it", async () => {
    const few = FILES.history().split("\n").slice(0, 6).join("\n");
    const data = await readNotebookData([file("few", `${few}\n`)]);
    expect(data.problems).toEqual([expect.stringContaining("cannot tell: 5 of the 20 points")]);
  });
});

describe("refused is, in one line that names the file and what was expected,", () => {
  const refusal = async (...files: string[]) => {
    const error = await readNotebookData(files).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InvalidArgumentError);
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    return message;
  };

  it("a file that is missing", async () => {
    expect(await refusal(join(folder, "gone.json"))).toMatch(
      /gone\.json: no such file; expected results\.json of engram run/,
    );
  });

  it("a folder without results", async () => {
    mkdirSync(join(folder, "empty"));
    expect(await refusal(join(folder, "empty"))).toMatch(/empty\/results\.json: no such file/);
  });

  it("an empty file", async () => {
    expect(await refusal(file("blank", " \n"))).toMatch(/blank: is empty; expected/);
  });

  it("a file that is cut short, with its place", async () => {
    expect(await refusal(file("cut", FILES.sweep().slice(0, 500)))).toMatch(
      /cut: line \d+, column \d+: the file is cut short/,
    );
  });

  it("JSON that no notebook shows", async () => {
    expect(await refusal(file("other", '{"a":1}'))).toMatch(/other: is nothing that a notebook shows; expected/);
    expect(await refusal(file("number", "42"))).toMatch(/is nothing that a notebook shows/);
  });

  it("results without runs", async () => {
    const empty = { ...JSON.parse(FILES.results()), runs: [] };
    expect(await refusal(file("no-runs", JSON.stringify(empty)))).toMatch(
      /no-runs: has no runs in it; expected results/,
    );
  });

  it("a sweep without rows", async () => {
    expect(await refusal(file("no-rows", "[]"))).toMatch(/no-rows: has no rows in it; expected one row or more/);
  });

  it("results that break their schema, with line and key", async () => {
    const broken = JSON.parse(FILES.results());
    broken.runs[0].workers = "two";
    expect(await refusal(file("broken", JSON.stringify(broken, null, 1)))).toMatch(
      /broken: line \d+: runs\[0\]\.workers: expected number, found "two"/,
    );
  });

  it("results of a newer version", async () => {
    const newer = { ...JSON.parse(FILES.results()), schemaVersion: 99 };
    expect(await refusal(file("newer", JSON.stringify(newer)))).toMatch(
      /newer: schemaVersion is 99; this version of engram reads/,
    );
  });

  it("files of two kinds", async () => {
    expect(await refusal(paths.results, paths.history)).toMatch(
      /file-0 is results of engram run, .*file-3 is a monitor's history; expected files of one kind/,
    );
  });
});

describe("whatever a file holds", () => {
  const SEED = seedOr(20260729);
  const small = Object.values(FILES).map((make) => Buffer.from(make()).subarray(0, 6000));

  it("is read or refused by name, and nothing else", async () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(...small, ...Object.values(FILES).map((make) => Buffer.from(make()))),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        fc.option(fc.nat(), { nil: undefined }),
      )
      .map(([bytes, changes, end]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) copy[at % copy.length] = value;
        return end === undefined ? copy : copy.subarray(0, end % copy.length);
      });
    const others = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 3, arbitrary: damaged }, { weight: 1, arbitrary: others }), async (bytes) => {
        const path = file("fuzzed", bytes);
        try {
          const data = await readNotebookData([path]);
          expect(data.notebooks.length).toBeGreaterThan(0);
          JSON.stringify(data);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError);
          expect((error as Error).message).toContain(path);
          expect((error as Error).message).not.toContain("\n");
        }
      }),
      { numRuns: 100, seed: SEED },
    );
  });
});
