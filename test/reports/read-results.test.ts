import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { readResults, resultsSchema, writeResults } from "#dist/reports/index.js";
import { findJsonFault } from "#dist/reports/json-position.js";
import { lineOfPath, schemaFault } from "#dist/reports/schema-faults.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { writeWhole } from "#dist/src/write-whole.js";
import { fixtureResults } from "./fixture.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-reports-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const good = fixtureResults();

async function refusal(text: string): Promise<string> {
  const file = join(folder, "bad.json");
  await writeFile(file, text);
  const error = await readResults(file).then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(InvalidArgumentError);
  const { message } = error as Error;
  expect(message.startsWith(`${file}: `)).toBe(true);
  expect(message).not.toContain("\n");
  return message.slice(file.length + 2);
}

describe("reading results", () => {
  test("what was written comes back the same, by file and by folder", async () => {
    await writeResults(join(folder, "results.json"), good);
    expect(await readResults(join(folder, "results.json"))).toEqual(resultsSchema.parse(good));
    expect(await readResults(folder)).toEqual(await readResults(join(folder, "results.json")));
  });

  test("a byte order mark is no fault", async () => {
    const file = join(folder, "bom.json");
    await writeFile(file, `\ufeff${JSON.stringify(good)}`);
    await expect(readResults(file)).resolves.toMatchObject({ schemaVersion: 2 });
  });

  test("a file that is not there is refused by name", async () => {
    await expect(readResults(join(folder, "none.json"))).rejects.toThrow(
      /none\.json: no such file; expected a results\.json/,
    );
    await mkdir(join(folder, "empty"));
    await expect(readResults(join(folder, "empty"))).rejects.toThrow(/results\.json: no such file/);
  });

  test("a file cut short anywhere is said to be, with line and column", async () => {
    const text = JSON.stringify(good, null, 1);
    for (const share of [0.1, 0.5, 0.9, 0.999]) {
      expect(await refusal(text.slice(0, Math.floor(text.length * share)))).toMatch(
        /^line \d+, column \d+: .*cut short/,
      );
    }
  });

  test("an empty file and one that is not JSON say so", async () => {
    expect(await refusal("")).toContain("empty");
    expect(await refusal('{\n  "schemaVersion": 1,\n  nope\n}')).toBe(
      "line 3, column 3: not JSON; expected a key in double quotes",
    );
  });

  test("other schema versions are refused by name, newer and older with different advice", async () => {
    expect(await refusal(JSON.stringify({ ...good, schemaVersion: 3 }))).toMatch(
      /schemaVersion is 3; .* reads 1 and 2, .*newer/,
    );
    expect(await refusal(JSON.stringify({ ...good, schemaVersion: 0 }))).toMatch(
      /schemaVersion is 0; .* run the scenarios/,
    );
    expect(await refusal(JSON.stringify({ ...good, schemaVersion: "1" }))).toContain('schemaVersion is "1"');
    expect(await refusal("[]")).toContain("no schemaVersion");
    expect(await refusal("null")).toContain("no schemaVersion");
  });

  test("what version 1 wrote is read, unless it lost latencies of a phase with a rate behind those of another", async () => {
    const file = join(folder, "old.json");
    const phases = ["closed", "open"].map((label, t) => ({ t, kind: "phase" as const, label }));
    const old = (changes: object) => {
      const { phases: _, failed: __, ...run } = good.runs[0];
      return JSON.stringify({ ...good, schemaVersion: 1, runs: [{ ...run, ...changes }] }, null, 1);
    };
    await writeFile(file, old({}));
    expect(await readResults(file)).toEqual(resultsSchema.parse({ ...good, runs: [good.runs[0]] }));
    // One phase with a rate is as good as ever; several without one are counted together, and the reader is told.
    await writeFile(file, old({ loop: "open", events: phases.slice(0, 1) }));
    await expect(readResults(file)).resolves.toMatchObject({ runs: [{ loop: "open" }] });
    await writeFile(file, old({ loop: "closed", events: phases }));
    expect((await readResults(file)).notices?.join()).toContain(
      "counted all phases of a scenario together: blackboard",
    );
    expect(await refusal(old({ loop: "open", events: phases }))).toMatch(
      /^runs\[0\]: several phases, some with a rate/,
    );
    expect(await refusal(old({ events: 7, ops: -1 }))).toMatch(/^line \d+: runs\[0\]/);
  });

  test("a breach of the schema names the path inside the document", async () => {
    const runs = structuredClone(good.runs) as unknown as Record<string, Record<string, Record<string, unknown>>>[];
    runs[3].latency.read.p99 = "fast";
    expect(await refusal(JSON.stringify({ ...good, runs }))).toBe(
      'line 1: runs[3].latency.read.p99: expected number, found "fast"',
    );
    const { environment: _, ...rest } = good;
    expect(await refusal(JSON.stringify(rest))).toBe("line 1: environment: expected object, it is missing");
    const odd = { ...good.runs[0], errors: { "a b": 0 } };
    expect(await refusal(JSON.stringify({ ...good, runs: [odd] }))).toMatch(
      /^line 1: runs\[0\]\.errors\["a b"\]: expected .*, found 0$/,
    );
  });

  test("results that break the schema are not written", async () => {
    const file = join(folder, "unwritten.json");
    await expect(writeResults(file, { ...good, runs: [{ ...good.runs[0], ops: -1 }] })).rejects.toThrow(
      /runs\[0\]\.ops/,
    );
    expect(await readdir(folder)).not.toContain("unwritten.json");
  });
});

describe("a fault that breaks a schema", () => {
  const schema = z.strictObject({
    who: z.union([z.string(), z.number()]),
    kind: z.enum(["a", "b"]).optional(),
    sizes: z.array(z.number().min(1)).optional(),
    shape: z.union([z.object({ x: z.number() }), z.object({ y: z.number(), z: z.number() })]).optional(),
  });
  test.each([
    [{ who: null }, "f: line 2: who: expected string or number, found null"],
    [{ kind: "a" }, "f: line 1: who: expected string or number, it is missing"],
    [{ who: 1, kind: "c" }, 'f: line 3: kind: expected "a" or "b", found "c"'],
    [{ who: 1, sizes: [1, 0] }, "f: line 5: sizes[1]: expected number to be >=1, found 0"],
    [{ who: 1, shape: { x: "1" } }, 'f: line 4: shape.x: expected number, found "1"'],
    [{ who: 1, extra: 2, more: 3 }, 'f: line 1: the document: expected no key "extra" or "more"'],
    ["x".repeat(100), `f: line 1: the document: expected object, found "${"x".repeat(59)}…`],
  ])("%j: says line, key, what was expected and what was there", (document, says) => {
    const text = JSON.stringify(document, null, 2);
    expect(schemaFault("f", text, document, schema.safeParse(document).error!)).toBe(says);
  });

  test("the line of any value is the one that a search for its mark gives", () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: "small" }, fc.string(), fc.double(), fc.constant(null), tie("list"), tie("map")),
      list: fc.array(tie("any"), { maxLength: 4 }),
      map: fc.dictionary(fc.string(), tie("any"), { maxKeys: 4 }),
    })).any;
    const mark = "\u0002here\u0002";
    fc.assert(
      fc.property(value, fc.infiniteStream(fc.nat(3)), fc.nat(3), (start, turns, depth) => {
        const path: (string | number)[] = [];
        let document: unknown = structuredClone(start);
        const root = { document };
        let holder: Record<string, unknown> = root;
        let key: string | number = "document";
        for (let i = 0; i < depth && typeof document === "object" && document !== null; i++) {
          const keys = Array.isArray(document) ? [...document.keys()] : Object.keys(document);
          if (keys.length === 0) break;
          holder = document as Record<string, unknown>;
          key = keys[(turns.next().value ?? 0) % keys.length];
          path.push(key);
          document = holder[key];
        }
        holder[key] = mark;
        const text = JSON.stringify(root.document, null, 1);
        const at = text.indexOf(JSON.stringify(mark));
        expect(lineOfPath(text, path)).toBe(text.slice(0, at).split("\n").length);
      }),
    );
  });
});

describe("the first fault of a text", () => {
  test("there is none exactly when JSON.parse takes it", () => {
    const near = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "\\", "x", "1.", "-", "\n", "\u0001"))
      .map(
        ([text, place, insert]) =>
          text.slice(0, place % (text.length + 1)) + insert + text.slice(place % (text.length + 1)),
      );
    fc.assert(
      fc.property(fc.oneof(fc.json(), near, fc.string()), (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(findJsonFault(text) === null).toBe(valid);
      }),
      { numRuns: 2000 },
    );
  });

  test("every proper beginning of an object or list is cut short, none has a fault before its end", () => {
    const documents = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(documents, fc.double({ min: 0, max: 0.999, noNaN: true }), (value, share) => {
        const text = JSON.stringify(value);
        const part = text.slice(0, Math.floor(text.length * share));
        expect(findJsonFault(part)).toMatchObject({ cutShort: true });
      }),
    );
  });
});

describe("writing a file", () => {
  test("replaces what was there and leaves nothing beside it", async () => {
    const place = await mkdtemp(join(folder, "write-"));
    await writeWhole(join(place, "a.html"), "one");
    await writeWhole(join(place, "a.html"), "two");
    expect(await readFile(join(place, "a.html"), "utf8")).toBe("two");
    expect(await readdir(place)).toEqual(["a.html"]);
  });

  test("a folder, a missing folder and a file used as a folder are refused in one line", async () => {
    const place = await mkdtemp(join(folder, "refuse-"));
    await expect(writeWhole(place, "x")).rejects.toThrow(/is a folder/);
    await expect(writeWhole(join(place, "no", "a.html"), "x")).rejects.toThrow(/no folder .*no/);
    await writeFile(join(place, "file"), "");
    await expect(writeWhole(join(place, "file", "a.html"), "x")).rejects.toThrow(InvalidArgumentError);
    expect(await readdir(place)).toEqual(["file"]);
  });

  // Root writes anywhere: permissions bind everyone else.
  test.skipIf(process.getuid?.() === 0)(
    "a folder without permission is refused (not as root, who writes anywhere)",
    async () => {
      const place = await mkdtemp(join(folder, "locked-"));
      await chmod(place, 0o500);
      await expect(writeWhole(join(place, "a.html"), "x")).rejects.toThrow(/permission denied/);
    },
  );
});
