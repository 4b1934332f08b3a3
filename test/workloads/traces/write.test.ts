import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTrace, lossesOf, nextAccesses, type Trace, writeTrace } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";
import { oracleGeneral } from "./encode.js";

const files = temporaryFolder();

function keys(trace: Trace): string[] {
  return [...trace.ids].map((id) => trace.keyOf(id));
}

/** All but its names, and how it was read. */
function columnsOf(trace: Trace) {
  return { ...trace, keyOf: null, name: "", reading: null };
}

describe("next accesses", () => {
  it("agree with looking ahead", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (ids) => {
        const expected = ids.map((id, i) => ids.indexOf(id, i + 1));
        expect([...nextAccesses(Uint32Array.from(ids), 10)]).toEqual(expected);
      }),
    );
  });
});

describe("writing", () => {
  const records = [
    { time: 1, id: 2n ** 64n - 1n, size: 10, next: 3n },
    { time: 2, id: 7n, size: 20, next: -1n },
    { time: 3, id: 2n ** 64n - 1n, size: 30, next: -1n },
  ];

  it("oracleGeneral gives back the very bytes it was read from", async () => {
    const source = files.file("in.oracleGeneral.bin", oracleGeneral(records));
    const target = join(files.folder, "out.oracleGeneral.bin");
    expect(await writeTrace(target, await loadTrace(source), "oracleGeneral")).toEqual({
      requests: 3,
      renumbered: false,
    });
    expect(readFileSync(target)).toEqual(readFileSync(source));
  });

  it("csv and txt come back with the same keys and columns, compressed too", async () => {
    const source = await loadTrace(
      files.file("in.csv", 'time,id,size,op,ttl\n0.5,"a,""x",1,set,9\n1,b c,2,get,0\n2,"a,""x",3,delete,0\n'),
    );
    for (const name of ["out.csv", "out.csv.gz"]) {
      const path = join(files.folder, name);
      await writeTrace(path, source, "csv");
      const back = await loadTrace(path);
      expect(columnsOf(back)).toEqual(columnsOf(source));
      expect(keys(back)).toEqual(keys(source));
    }
    await writeTrace(join(files.folder, "out.txt"), source, "txt");
    expect(keys(await loadTrace(join(files.folder, "out.txt")))).toEqual(keys(source));
  });

  it("an operation log gives back every column of any trace that it can hold, and is the same again", async () => {
    const request = fc.record({
      // hours ahead and back: more than a block's times reach
      time: fc.integer({ min: 0, max: 20_000_000 }).map((n) => n / 1000),
      id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      size: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      op: fc.constantFrom("get", "set", "delete", "increment"),
      ttl: fc.integer({ min: 0, max: 4_000_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 50 }), async (requests) => {
        const rows = requests.map(
          ({ time, id, size, op, ttl }) => `${time - requests[0].time},${id},${size},${op},${ttl}`,
        );
        const source = await loadTrace(files.file("in.csv", `time,id,size,op,ttl\n${rows.join("\n")}\n`));
        const path = join(files.folder, "out.oplog");
        expect(await writeTrace(path, source, "oplog")).toEqual({ requests: requests.length, renumbered: false });
        const back = await loadTrace(path);
        expect(keys(back)).toEqual(keys(source));
        for (const column of ["ids", "sizes", "ops", "ttls"] as const) expect(back[column]).toEqual(source[column]);
        back.times?.forEach((time, i) => {
          expect(time).toBeCloseTo(source.times![i], 5);
        });
        const again = join(files.folder, "again.oplog.gz");
        await writeTrace(again, back, "oplog");
        expect(columnsOf(await loadTrace(again))).toEqual(columnsOf(back));
      }),
      { numRuns: 40 },
    );
  });

  it("an operation log leaves out what neither reads nor writes, which would be a read otherwise", async () => {
    const path = join(files.folder, "others.oplog");
    const source = await loadTrace(files.file("others.csv", "id,op\n1,other\n2,set\n1,other\n1,insert\n2,get\n"));
    expect(await writeTrace(path, source, "oplog")).toEqual({ requests: 3, renumbered: false });
    const back = await loadTrace(path);
    expect(keys(back)).toEqual(["2", "1", "2"]);
    expect([...back.ops!]).toEqual([1, 1, 0]);
    const others = await loadTrace(files.file("others.csv", "id,op\n1,other\n"));
    await expect(writeTrace(path, others, "oplog")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("an operation log of more than a block", async () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => i % 777);
    const source = await loadTrace(files.file("many.txt", ids.join("\n")));
    const path = join(files.folder, "many.oplog");
    await writeTrace(path, source, "oplog");
    expect(keys(await loadTrace(path))).toEqual(ids.map(String));
  });

  it("keys that are no numbers, or the same 64 bits, are renumbered in oracleGeneral, and it says so", async () => {
    for (const text of ["7\n007\n7\n", "-1\n18446744073709551615\n-1\n", "a\nb\na\n"]) {
      const path = join(files.folder, "renumbered.oracleGeneral.bin");
      const source = await loadTrace(files.file("strings.txt", text));
      expect(await writeTrace(path, source, "oracleGeneral")).toEqual({ requests: 3, renumbered: true });
      expect(keys(await loadTrace(path))).toEqual(["0", "1", "0"]);
    }
  });

  it("keeps times in their unit, says what is cut off, and refuses what would come out as something else", async () => {
    const csv = (name: string, rows: string) => loadTrace(files.file(name, `time,id,size,ttl\n${rows}\n`));
    const target = join(files.folder, "times.oracleGeneral");
    const milliseconds = await csv("ms.csv", "1700000000123,42,10,0\n1700000001000,42,10,0");
    expect(lossesOf(milliseconds, "oracleGeneral")).toEqual(["fractions of seconds in times", "ttls"]);
    await writeTrace(target, milliseconds, "oracleGeneral");
    expect([...((await loadTrace(target)).times ?? [])]).toEqual([1_700_000_000, 1_700_000_001]);

    const unfit = [
      ["oracleGeneral", "5633898611441,1,1,0", /request 1 has a time of 5633898611441 s/],
      ["oracleGeneral", "-1,1,1,0", /time of -1 s/],
      ["oracleGeneral", "1,1,1,0\n2,1,4294967296,0", /request 2 has a size of 4294967296/],
      ["oplog", "1,1,4294967296,0", /request 1 has a size/],
    ] as const;
    for (const [format, rows, message] of unfit) {
      const path = join(files.folder, `unfit.${format}`);
      await expect(writeTrace(path, await csv("unfit.csv", rows), format)).rejects.toThrow(message);
      expect(existsSync(path)).toBe(false);
    }
    expect(lossesOf(await csv("long.csv", "1,1,1,5000000"), "oplog")).toEqual([
      "1 times to live beyond 49 days (they are cut to that)",
    ]);
  });

  it("refuses what it cannot do and leaves nothing behind", async () => {
    const trace = await loadTrace(files.file("one.lirs", "1\n"));
    await expect(writeTrace(join(files.folder, "x.bin"), trace, "lirs")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(writeTrace(join(files.folder, "no", "x.csv"), trace, "csv")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    const broken = { ...trace, keyOf: () => "two\nlines" };
    const target = join(files.folder, "broken.txt");
    // several at once: a content that fails at once may do so before the system has opened the file
    for (let wave = 0; wave < 8; wave++) {
      const refused = () =>
        expect(writeTrace(target, broken, "txt")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await Promise.all(Array.from({ length: 8 }, refused));
    }
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(files.folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
