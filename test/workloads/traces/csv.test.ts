import { describe, expect, it } from "vitest";
import { describeReading, loadTrace, OP_DELETE, OP_GET, OP_OTHER, OP_SET, type Trace } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";

const files = temporaryFolder();

const keys = (trace: Trace) => [...trace.ids].map((id) => trace.keyOf(id));
const read = (name: string, lines: readonly string[], options = {}) =>
  loadTrace(files.file(name, `${lines.join("\n")}\n`), options);

describe("columns between blanks", () => {
  it.each(["cdn.tr", "cdn.txt", "cdn"])("are time, key, size in %s, which says so and doubts it", async (name) => {
    const trace = await read(name, ["0 7 101", "1  3 103", "2\t7 101"]);
    expect(keys(trace)).toEqual(["7", "3", "7"]);
    expect([...(trace.sizes ?? [])]).toEqual([101, 103, 101]);
    expect(trace.format).toBe("csv");
    expect(trace.reading?.columns).toMatch(/key from column 2, time from column 1, size from column 3 .*space/);
    expect(trace.reading?.warnings.join()).toMatch(/no header names the columns: they are taken for time, key, size/);
  });

  it("have the names of a header, and those that --columns gives", async () => {
    for (const header of ["time id size", "# time id size", "#time\tid\tsize"]) {
      expect(keys(await read("h.csv", [header, "5 a 1", "4 b 2"])), header).toEqual(["a", "b"]);
    }
    const asked = await read("c.csv", ["9 a 4", "3 b 5"], { columns: "id=2,size=3,delimiter=space" });
    expect(keys(asked)).toEqual(["a", "b"]);
  });

  it("that show no time are not guessed", async () => {
    await expect(read("x.csv", ["9 a 4", "3 b 5"])).rejects.toThrow(/--columns id=NUMBER/);
    expect((await read("words", ["the quick fox", "jumps over dogs"])).format).toBe("txt");
    expect((await read("arc", ["5 2 0 0", "9 1 0 1"])).format).toBe("arc");
    expect((await read("four.tr", ["1 5 70 3", "2 9 80 4"])).format).toBe("csv");
  });
});

describe("a header", () => {
  it("that names a key beside an id, takes the key", async () => {
    expect(keys(await read("k.csv", ["id,key,size", "1,a,9", "2,a,9"]))).toEqual(["a", "a"]);
  });

  it("is seen when only columns by number are asked for, and when it comes again", async () => {
    expect(keys(await read("n.csv", ["key", "a", "b"], { columns: "id=1" }))).toEqual(["a", "b"]);
    expect(keys(await read("m.csv", ["what,size", "a,1", "b,2"], { columns: "id=1" }))).toEqual(["a", "b"]);
    expect(keys(await read("o.csv", ["a,1", "b,2"], { columns: "id=1" }))).toEqual(["a", "b"]);
    const twice = await read("t.csv", ["id,op", "a,get", "id,op", "b,get"]);
    expect(keys(twice)).toEqual(["a", "b"]);
    expect(twice.reading?.warnings.join()).toMatch(/header line comes 2 times/);
  });
});

describe("CacheLib", () => {
  it("has rows for several requests, leases, and gets that found nothing", async () => {
    const trace = await read("kv.csv", [
      "key,op,size,op_count,key_size",
      "1,GET_LEASE,0,2,9",
      "1,SET_LEASE,50,1,9",
      "1,GET,50,9000,9",
      "1,DELETE,0,0,9",
    ]);
    expect(trace.requests).toBe(9003);
    expect([...(trace.ops ?? [])].slice(0, 4)).toEqual([OP_GET, OP_GET, OP_SET, OP_GET]);
    expect(trace.ops?.every((op, i) => op === OP_GET || i === 2)).toBe(true);
    expect(trace.sizes?.every((size: number) => size === 50)).toBe(true);
    expect(trace.reading?.warnings.join()).toMatch(/1 rows stand for 0 requests/);
  });

  it("is known without its header", async () => {
    const trace = await read("kv0.csv", ["7,GET,1,3,9,0", "7,DELETE,1,1,9,0"]);
    expect([...(trace.ops ?? [])]).toEqual([OP_GET, OP_GET, OP_GET, OP_DELETE]);
  });

  it("cannot stand for more requests than its bytes may", async () => {
    const lines = ["key,op,size,op_count", "1,GET,5,4294967295"];
    await expect(read("bomb.csv", lines)).rejects.toThrow(/bytes stand for more than/);
    expect((await read("bomb.csv", lines, { limit: 10_000 })).requests).toBe(10_000);
  });
});

describe("operations", () => {
  it.each([
    [["2a", "28", "12"], "hexadecimal"],
    [["0x2A", "0x28", "0x12"], "hexadecimal"],
    [["42", "40", "18"], "decimal"],
  ])("%j are SCSI codes", async (codes, base) => {
    const trace = await read("scsi.csv", ["version,time,op,size,lbn", ...codes.map((code) => `1,1,${code},512,9`)]);
    expect([...(trace.ops ?? [])]).toEqual([OP_SET, OP_GET, OP_OTHER]);
    expect(trace.reading?.columns).toContain(base);
  });

  it("by numbers that say nothing are refused", async () => {
    await expect(read("op.csv", ["id,op", "a,0", "b,1"])).rejects.toThrow(/operation is "0"/);
  });
});

describe("times", () => {
  it.each([
    ["1700000000", 1700000000, "s"],
    ["1700000000.5", 1700000000.5, "s"],
    ["1700000000123", 1700000000.123, "ms"],
    ["1700000000123456", 1700000000.123456, "us"],
    ["1700000000123456789", 1700000000.1234567, "ns"],
  ])("%s are told by counting from 1970, and ttl is in their unit", async (time, seconds, unit) => {
    const trace = await read("t.csv", ["time,id,ttl", `${time},a,5000`]);
    expect(trace.times?.[0]).toBeCloseTo(seconds, 6);
    expect(trace.ttls?.[0]).toBe(5000 / { s: 1, ms: 1e3, us: 1e6, ns: 1e9 }[unit]!);
    expect(trace.reading?.times).toContain(`times in ${unit} (`);
  });

  it("are in the unit that is asked for or named, and doubted where that is none", async () => {
    expect((await read("a.csv", ["time,id", "1500,a"], { timeUnit: "ms" })).times?.[0]).toBe(1.5);
    expect((await read("b.csv", ["time_us,id,ttl_s", "1500,a,7"])).times?.[0]).toBe(0.0015);
    expect((await read("b.csv", ["time_us,id,ttl_s", "1500,a,7"])).ttls?.[0]).toBe(7);
    expect((await read("c.csv", ["time,id", "5633898611441,a"])).reading?.warnings.join()).toMatch(/--time-unit/);
    await expect(read("d.csv", ["time,id", "1,a"], { timeUnit: "min" })).rejects.toThrow(/expected s, ms, us or ns/);
    await expect(read("e.lirs", ["1"], { timeUnit: "ms" })).rejects.toThrow(/goes with csv/);
  });
});

it("sizes beyond 4 GiB are exact", async () => {
  const trace = await read("s.csv", ["id,size", "a,5", "b,4294967296", "c,9007199254740991"]);
  expect([...(trace.sizes ?? [])]).toEqual([5, 4294967296, 9007199254740991]);
  await expect(read("s.csv", ["id,size", "a,9007199254740992"])).rejects.toThrow(/9007199254740991/);
});

it("keys of which nothing comes back are doubted", async () => {
  const all = await read("all.lirs", ["1", "2", "3"]);
  expect(all.reading?.warnings.join()).toMatch(/all 3 requests name different keys/);
  const hardly = await read("hardly.lirs", [...Array.from({ length: 300 }, (_, i) => String(i)), "1"]);
  expect(hardly.reading?.warnings.join()).toMatch(/only 0\.3 % of the requests name a key that was requested before/);
  expect((await read("some.lirs", ["1", "2", "1"])).reading?.warnings).toEqual([]);
  expect(describeReading((await read("some.lirs", ["1", "2", "1"])).reading!)).toBe("lirs (by its name)");
});

it("lines of arc cannot stand for more blocks than they may", async () => {
  const lines = Array.from({ length: 2000 }, (_, i) => `${i * 65536} 65536 0 ${i}`);
  await expect(read("bomb.arc", lines)).rejects.toThrow(/stand for more than/);
});
