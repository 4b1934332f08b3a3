import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  appendRecord,
  checkRecordFile,
  type GateRecord,
  parseRecords,
  readRecords,
} from "#dist/harness/records/index.js";
import { runsOr, seedOr } from "../given.js";

const seed = seedOr((Math.random() * 2 ** 32) >>> 0);
const folder = mkdtempSync(join(tmpdir(), "engram-records-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.jsonl`);
const DOOR = new URL("../../dist/harness/records/index.js", import.meta.url).href;

function record(commit: string | null, head: number | null = 100, name = "get cost"): GateRecord {
  return {
    engramGateRecord: 1,
    ...{ at: "2026-03-01T12:00:00.000Z", commit, dirty: false, base: { label: "main", commit: "b" } },
    ...{ mode: "against", outcome: "pass", tolerance: 0.1, seed: 1, rounds: 20 },
    machine: { cpuModel: "CPU", cpuCount: 2, node: "v20.0.0", platform: "linux", arch: "x64" },
    settings: { scenarios: ["blackboard"], duration: "1s", workers: null },
    metrics: [
      {
        ...{ id: "blackboard/get", name, unit: "ns", better: "lower", scale: "ratio", head, base: 100 },
        ...{ worse: 0, interval: { lower: -0.1, upper: 0.1 }, verdict: "pass" },
      },
    ],
  };
}

describe(`records of gates (seed ${seed})`, () => {
  it("are read as they were appended, whatever they say", async () => {
    const texts = fc.string({ unit: "binary" });
    const one = fc.tuple(fc.option(texts), fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), texts);
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 5 }), async (parts) => {
        const path = newPath();
        // JSON has no negative nought.
        const records = parts.map(([commit, head, name]) => record(commit, head === null ? null : head + 0, name));
        for (const each of records) await appendRecord(path, each);
        expect(readRecords(path)).toEqual({ records: JSON.parse(JSON.stringify(records)), damage: null });
      }),
      { seed, numRuns: runsOr(8) },
    );
  });

  it("are read up to the damage, wherever a byte was changed or the file was cut", () => {
    const text = ["a", "b", "c"].map((commit) => `${JSON.stringify(record(commit))}\n`).join("");
    const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.option(fc.constantFrom("\0", "{", "\n", '"', "9")), (at, byte) => {
        const damaged = text.slice(0, at) + (byte === null ? "" : byte + text.slice(at + 1));
        const before = ends.filter((end) => end <= at).length;
        let read: ReturnType<typeof parseRecords>;
        try {
          read = parseRecords("f", damaged);
        } catch (error) {
          expect(before).toBe(0);
          expect((error as Error).message).toMatch(/^f, line 1: /);
          return;
        }
        expect(read.records.length).toBeGreaterThanOrEqual(before);
        if (read.damage !== null) expect(read.damage.byte).toBe([0, ...ends][read.damage.line - 1] ?? read.damage.byte);
      }),
      { seed, numRuns: runsOr(300) },
    );
  });

  it.each([
    ["with the kernel's lock", undefined],
    ["without it", null],
  ])("of many gates that end at once are all there, %s", async (_, kernel) => {
    const path = newPath();
    const commits = Array.from({ length: 20 }, (_, i) => `c${i}`);
    await Promise.all(commits.map((commit) => appendRecord(path, record(commit, 1, "x".repeat(9000)), kernel)));
    const { records, damage } = readRecords(path);
    expect(damage).toBeNull();
    expect(records.map(({ commit }) => commit).sort()).toEqual([...commits].sort());
  });

  it("take nothing of a line from a writer that was killed", async () => {
    const path = newPath();
    await appendRecord(path, record("a"));
    appendFileSync(path, '{"engramGateRecord":1,"at":');
    expect(readRecords(path)).toMatchObject({
      records: [{ commit: "a" }],
      damage: { line: 2, why: "the line has no end" },
    });
    expect(() => checkRecordFile(path)).not.toThrow();
    await appendRecord(path, record("b"));
    expect(readRecords(path)).toMatchObject({ records: [{ commit: "a" }, { commit: "b" }], damage: null });
  });

  it.skipIf(process.platform !== "linux")(
    "leave the file as it was when the disk takes a part of the line alone",
    () => {
      const path = newPath();
      const first = `${JSON.stringify(record("a", 1, "y".repeat(3000)))}\n`;
      writeFileSync(path, first);
      const program = `
      const { appendRecord } = await import(${JSON.stringify(DOOR)});
      const record = JSON.parse(process.argv[1]);
      await appendRecord(process.argv[2], record).then(() => console.log("taken"), (error) => console.log(error.code, error.message));`;
      // Files of this process end at 4 KiB: the write is cut short as by a full disk.
      const told = execFileSync(
        "bash",
        ["-c", 'ulimit -f 4; exec "$@"', "-", process.execPath, "--input-type=module", "-e", program, first, path],
        { encoding: "utf8" },
      );
      expect(told).toMatch(/^INVALID_ARGUMENT .*cannot be written \(ENOSPC\)/);
      expect(readFileSync(path, "utf8")).toBe(first);
    },
  );

  it("are refused before a gate where the file is another's, or damaged before its end", () => {
    const path = newPath();
    writeFileSync(path, "# notes\n");
    expect(() => checkRecordFile(path)).toThrow(
      /^--record .*line 1: .*expected a record file, or a name that is free$/,
    );
    writeFileSync(path, `${JSON.stringify(record("a"))}\nnothing\n${JSON.stringify(record("b"))}\n`);
    expect(() => checkRecordFile(path)).toThrow(/is damaged in line 2, byte \d+/);
    writeFileSync(path, `${JSON.stringify({ ...record("a"), engramGateRecord: 2 })}\n`);
    expect(() => readRecords(path)).toThrow(/it is a record of version 2; this build reads version 1/);
    writeFileSync(path, "");
    checkRecordFile(path);
    expect(readRecords(path)).toEqual({ records: [], damage: null });
    expect(() => readRecords(folder)).toThrow(/cannot be read/);
  });

  it("are whole while another process appends", async () => {
    const path = newPath();
    const program = `
      const { appendRecord } = await import(${JSON.stringify(DOOR)});
      for (let i = 0; i < 20; i++) await appendRecord(process.argv[2], JSON.parse(process.argv[1]));`;
    const child = spawn(process.execPath, [
      ...["--input-type=module", "-e", program, JSON.stringify(record("child", 1, "z".repeat(20_000))), path],
    ]);
    const ended = new Promise((done) => child.once("close", done));
    for (let i = 0; i < 20; i++) await appendRecord(path, record("own", 1, "z".repeat(20_000)));
    expect(await ended).toBe(0);
    const { records, damage } = readRecords(path);
    expect(damage).toBeNull();
    expect(records.filter(({ commit }) => commit === "own")).toHaveLength(20);
    expect(records.filter(({ commit }) => commit === "child")).toHaveLength(20);
    expect(statSync(path).size).toBeGreaterThan(40 * 20_000);
  });
});
