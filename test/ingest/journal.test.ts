import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  Cursor,
  checkJournal,
  firstPosition,
  GroupCommit,
  Journal,
  JournalError,
  type JournalFiles,
  JournalInUseError,
  type JournalOptions,
  JournalReader,
  listSegments,
  type Position,
  SYSTEM_FILES,
  segmentPath,
} from "#dist/src/ingest/index.js";
import { runsOr } from "../given.js";

const root = mkdtempSync(join(tmpdir(), "engram-journal-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const folder = () => {
  const path = join(root, String(folders++));
  mkdirSync(path);
  return path;
};
const START: Position = { line: 0, segment: 0, byte: 0 };
const open = (directory: string, options: Partial<JournalOptions> = {}, files?: JournalFiles) =>
  Journal.open(checkJournal({ directory, sync: "never", ...options }), files);
const put = (journal: Journal, ...lines: string[]) =>
  journal.append(Buffer.from(lines.map((line) => `${line}\n`).join("")), lines.length);

/** All lines from a position on, each with its number. */
function readAll(
  directory: string,
  from = START,
  end?: () => Position,
): { lines: string[]; numbers: number[]; reader: JournalReader } {
  const reader = new JournalReader(directory, from, end);
  const [lines, numbers]: [string[], number[]] = [[], []];
  for (let batch = reader.read(3); batch !== null; batch = reader.read(3)) {
    for (const { number, text } of batch.lines) {
      lines.push(text);
      numbers.push(number);
    }
    reader.moveTo(batch.next);
  }
  reader.close();
  return { lines, numbers, reader };
}

describe("a journal", () => {
  it("gives back what was written, over segments, from any line on", async () => {
    const directory = folder();
    const journal = open(directory, { segmentBytes: 30 });
    const all = Array.from({ length: 20 }, (_, i) => `{"n":${i}}`);
    for (let i = 0; i < 20; i += 2) put(journal, ...all.slice(i, i + 2));
    expect(listSegments(directory)).toEqual([0, 4, 8, 12, 16]);
    expect(readAll(directory).lines).toEqual(all);
    const places: Position[] = [];
    const reader = new JournalReader(directory, START);
    for (let batch = reader.read(1); batch !== null; batch = reader.read(1)) {
      places.push(reader.position);
      reader.moveTo(batch.next);
    }
    reader.close();
    for (const [i, at] of places.entries()) expect(readAll(directory, at).lines).toEqual(all.slice(i));
    // a cursor's byte is believed only where a line begins
    expect(readAll(directory, { line: 5, segment: 4, byte: 3 }).lines).toEqual(all.slice(5));
    expect(readAll(directory, { line: 5, segment: 4, byte: 1e9 }).lines).toEqual(all.slice(5));
    expect(readAll(directory, { line: 19, segment: 0, byte: 0 }).lines).toEqual(all.slice(19));
    expect(readAll(directory, { line: 99, segment: 99, byte: 7 }).lines).toEqual([]);
    await journal.close();
  });

  it("goes on where it ended, with the numbers that come next", async () => {
    const directory = folder();
    for (let life = 0; life < 3; life++) {
      const journal = open(directory);
      expect(journal.end.line).toBe(life * 2);
      put(journal, `a${life}`, `b${life}`);
      await journal.close();
    }
    expect(readAll(directory).numbers).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("cut off at any byte, keeps its whole lines and goes on behind them", async () => {
    const written = folder();
    const first = open(written);
    put(first, "one", "zwölf", "", "four");
    await first.close();
    const bytes = readFileSync(segmentPath(written, 0));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const directory = folder();
      cpSync(written, directory, { recursive: true });
      truncateSync(segmentPath(directory, 0), cut);
      const whole = bytes.subarray(0, cut).toString("latin1").split("\n").slice(0, -1).length;
      const journal = open(directory);
      expect(journal.end.line).toBe(whole);
      expect(journal.stats().tornBytes).toBe(cut - (bytes.subarray(0, cut).lastIndexOf(10) + 1));
      put(journal, "next");
      await journal.close();
      const left = [...["one", "zwölf", "", "four"].slice(0, whole), "next"];
      expect(readAll(directory).lines).toEqual(left);
      expect(readFileSync(segmentPath(directory, 0), "utf8")).toBe(`${left.join("\n")}\n`);
      rmSync(directory, { recursive: true });
    }
  });

  it("is one writer's at a time: the next is told who that is, and may when that one has closed it", async () => {
    const directory = folder();
    const journal = open(directory);
    expect(() => open(directory)).toThrow(JournalInUseError);
    expect(() => open(directory)).toThrow(`is written by process ${process.pid}`);
    await journal.close();
    await open(directory).close();
  });

  it("says why it cannot be opened", () => {
    const file = join(folder(), "file");
    writeFileSync(file, "");
    expect(() => open(join(file, "journal"))).toThrow(JournalError);
    expect(() => open(join(file, "journal"))).toThrow(/cannot be opened: .*is no folder/);
  });

  it("removes ended segments by age and by bytes, never one that an output still has to read", async () => {
    const directory = folder();
    const journal = open(directory, { segmentBytes: 10, maxAge: "1h", maxBytes: 25 });
    for (let i = 0; i < 6; i++) put(journal, `line ${i} ..`);
    const firsts = listSegments(directory);
    expect(firsts).toEqual([0, 1, 2, 3, 4, 5]);
    journal.removeOld([{ line: 2, segment: 2, byte: 0 }]);
    expect(listSegments(directory)).toEqual([2, 3, 4, 5]);
    journal.removeOld([journal.end]);
    expect(listSegments(directory)).toEqual([4, 5]);
    const old = new Date(Date.now() - 3_700_000);
    utimesSync(segmentPath(directory, 4), old, old);
    journal.removeOld([journal.end]);
    expect(listSegments(directory)).toEqual([5]);
    expect(journal.stats()).toMatchObject({ removed: 5, segments: 1 });
    // who comes from before that is told how much it has missed
    const { numbers, reader } = readAll(directory);
    expect([numbers, reader.passedOver.gone]).toEqual([[5], 5]);
    expect(firstPosition(directory)).toEqual({ line: 5, segment: 5, byte: 0 });
    await journal.close();
  });
});

describe("a reader", () => {
  it("passes over a line that is longer than any metric, and a torn line that a later segment follows", () => {
    const directory = folder();
    writeFileSync(segmentPath(directory, 0), `a\n${"x".repeat(3 << 20)}\nb\ntorn`);
    writeFileSync(segmentPath(directory, 3), "c\n");
    const { lines, numbers, reader } = readAll(directory);
    expect(lines).toEqual(["a", "b", "c"]);
    expect(numbers).toEqual([0, 2, 3]);
    expect(reader.passedOver).toEqual({ tooLong: 1, gone: 0 });
  });

  it("waits at a line that has no end yet", () => {
    const directory = folder();
    writeFileSync(segmentPath(directory, 0), "a\nb");
    const reader = new JournalReader(directory, START);
    expect(reader.read(9)?.lines.map(({ text }) => text)).toEqual(["a"]);
    reader.moveTo({ line: 1, segment: 0, byte: 2 });
    expect(reader.read(9)).toBe(null);
    appendFileSync(segmentPath(directory, 0), "\n");
    expect(reader.read(9)?.lines).toEqual([{ number: 1, text: "b" }]);
    reader.close();
  });

  it("begins with the first line that is there where the line's segment is gone, whatever byte it was to begin at", () => {
    const directory = folder();
    writeFileSync(segmentPath(directory, 20), "é\n{}\n");
    const { lines, numbers, reader } = readAll(directory, { line: 0, segment: 20, byte: 1 });
    expect([lines, numbers, reader.passedOver.gone]).toEqual([["é", "{}"], [20, 21], 20]);
  });

  it("comes to the end of whatever lies there", () => {
    const piece = fc.oneof(fc.constantFrom("\n", "\0", "{", "é"), fc.string({ maxLength: 6 }));
    const segment = fc.tuple(fc.nat(30), fc.array(piece, { maxLength: 30 }));
    const position = fc.record({ line: fc.nat(40), segment: fc.nat(40), byte: fc.nat(90) });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), position, (segments, from) => {
        const directory = folder();
        for (const [first, pieces] of segments) writeFileSync(segmentPath(directory, first), pieces.join(""));
        const { lines, numbers, reader } = readAll(directory, from);
        const written = new Set(segments.flatMap(([, pieces]) => pieces.join("").split("\n")));
        expect(lines.filter((line) => !written.has(line))).toEqual([]);
        // one after the other, and anew where a segment's name says so, even if the one before had more lines than there was room for
        const firsts = new Set(segments.map(([first]) => first));
        expect(numbers.filter((number, i) => i > 0 && number !== numbers[i - 1] + 1 && !firsts.has(number))).toEqual(
          [],
        );
        reader.close();
        rmSync(directory, { recursive: true });
      }),
      { numRuns: runsOr(200) },
    );
  });
});

/** A system that fails as it is told: each call takes the next of its script. */
function failing(script: readonly string[]): JournalFiles {
  let step = 0;
  const next = () => script[step++] ?? "ok";
  const refuse = (code: string) => {
    throw Object.assign(new Error(code), { code });
  };
  return {
    ...SYSTEM_FILES,
    write: (fd, bytes, offset, position) => {
      const what = next();
      if (what === "full") refuse("ENOSPC");
      const end = what === "short" ? Math.min(bytes.length, offset + 2) : bytes.length;
      return SYSTEM_FILES.write(fd, bytes.subarray(0, end), offset, position);
    },
    truncate: (fd, size) => (next() === "full" ? refuse("EIO") : SYSTEM_FILES.truncate(fd, size)),
    sync: async (fd) => (next() === "full" ? refuse("EIO") : SYSTEM_FILES.sync(fd)),
  };
}

describe("a disk that fails", () => {
  it("leaves what was acknowledged, whole and in order, and of the rest nothing that was never said to be in doubt", async () => {
    const script = fc.array(fc.constantFrom("ok", "short", "full"), { maxLength: 40 });
    const run = fc.asyncProperty(script, fc.constantFrom("always" as const, "never" as const), async (steps, sync) => {
      const directory = folder();
      const journal = open(directory, { sync, segmentBytes: 40 }, failing(steps));
      const acknowledged: string[] = [];
      const put = new Set<string>();
      for (let i = 0; i < 12; i++) {
        const group = [`${i}:a`, `${i}:b`];
        const before = journal.stats().lines;
        try {
          journal.append(Buffer.from(group.map((line) => `${line}\n`).join("")), 2);
          if (sync === "always") await journal.sync();
          acknowledged.push(...group);
        } catch (error) {
          expect(error).toBeInstanceOf(JournalError);
        }
        if (journal.stats().lines > before) for (const line of group) put.add(line);
        // who reads here sees whole groups only, whatever lies behind them
        const { lines } = readAll(directory, START, () => journal.end);
        expect(lines).toEqual([...put]);
      }
      await journal.close().catch(() => {});
      const again = open(directory);
      expect(readAll(directory).lines.filter((line) => put.has(line))).toEqual([...put]);
      expect(acknowledged.filter((line) => !put.has(line))).toEqual([]);
      await again.close();
      rmSync(directory, { recursive: true });
    });
    await fc.assert(run, { numRuns: runsOr(60) });
  });

  it("is told with its reason, and goes on when there is room again", async () => {
    const directory = folder();
    const journal = open(directory, {}, failing(["short", "full", "full", "full", "ok", "ok"]));
    expect(() => put(journal, "first")).toThrow("no room is left (ENOSPC)"); // 2 bytes are there, and cannot be cut off
    expect(statSync(segmentPath(directory, 0)).size).toBe(2);
    expect(() => put(journal, "second")).toThrow(JournalError); // nothing is written before they are
    put(journal, "third");
    expect(readAll(directory).lines).toEqual(["third"]);
    expect(journal.stats()).toMatchObject({
      failures: 2,
      lines: 1,
      lastFailure: expect.stringContaining("cannot be written"),
    });
    await journal.close();
  });

  it("that lost what it was to keep gets a new segment", async () => {
    const directory = folder();
    const journal = open(directory, { sync: "always" }, failing(["ok", "full"]));
    const commit = new GroupCommit(journal);
    await expect(commit.put(Buffer.from("a\n"), 1)).rejects.toThrow(JournalError);
    await commit.put(Buffer.from("b\n"), 1);
    expect(listSegments(directory)).toEqual([0, 1]);
    await journal.close();
  });
});

describe("a group commit", () => {
  it("writes once what comes in one turn, and answers each", async () => {
    const journal = open(folder(), { sync: "always" });
    const commit = new GroupCommit(journal);
    await Promise.all(Array.from({ length: 100 }, (_, i) => commit.put(Buffer.from(`${i}\n`), 1)));
    expect(journal.stats()).toMatchObject({ lines: 100, writes: 1, syncs: 1 });
    await commit.settled();
    await journal.close();
    await expect(commit.put(Buffer.from("late\n"), 1)).rejects.toThrow("is closed");
  });

  it("refuses what is beyond the memory that may wait", async () => {
    const journal = open(folder());
    const commit = new GroupCommit(journal, 10);
    const first = commit.put(Buffer.from("12345678\n"), 1);
    await expect(commit.put(Buffer.from("12345678\n"), 1)).rejects.toThrow("too much waits");
    await first;
    await commit.put(Buffer.from("12345678\n"), 1);
    await journal.close();
  });
});

describe("a cursor", () => {
  it("is there again, and damaged ones are told from none", async () => {
    const directory = folder();
    const cursor = new Cursor(directory, "influx");
    expect(cursor.load()).toBe("none");
    const at = { line: 7, segment: 3, byte: 99 };
    await cursor.save(at);
    expect(new Cursor(directory, "influx").load()).toEqual(at);
    for (const text of ["", "{}", '{"line":1,"segment":2,"byte":0}', '{"line":-1,"segment":0,"byte":0}', "null"]) {
      writeFileSync(join(directory, "influx.cursor"), text);
      expect(cursor.load()).toBe("damaged");
    }
  });
});
