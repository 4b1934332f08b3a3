import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTrace, nextAccesses, type Trace, writeTrace } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";
import { oracleGeneral } from "./encode.js";

const files = temporaryFolder();

function keys(trace: Trace): string[] {
  return [...trace.ids].map((id) => trace.keyOf(id));
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
      expect({ ...back, keyOf: null, name: "" }).toEqual({ ...source, keyOf: null, name: "" });
      expect(keys(back)).toEqual(keys(source));
    }
    await writeTrace(join(files.folder, "out.txt"), source, "txt");
    expect(keys(await loadTrace(join(files.folder, "out.txt")))).toEqual(keys(source));
  });

  it("keys that are no numbers, or the same 64 bits, are renumbered in oracleGeneral, and it says so", async () => {
    for (const text of ["7\n007\n7\n", "-1\n18446744073709551615\n-1\n", "a\nb\na\n"]) {
      const path = join(files.folder, "renumbered.oracleGeneral.bin");
      const source = await loadTrace(files.file("strings.txt", text));
      expect(await writeTrace(path, source, "oracleGeneral")).toEqual({ requests: 3, renumbered: true });
      expect(keys(await loadTrace(path))).toEqual(["0", "1", "0"]);
    }
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
    await expect(writeTrace(target, broken, "txt")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(files.folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
