import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import {
  loadTrace,
  OP_DELETE,
  OP_GET,
  OP_INCREMENT,
  OP_OTHER,
  OP_SET,
  openTrace,
  type Trace,
} from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";
import { cache2k, corda, oracleGeneral, oracleGeneralOpNs, twrBinary, vscsi } from "./encode.js";

const files = temporaryFolder();

function linkTo(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

function keys(trace: Trace): string[] {
  return [...trace.ids].map((id) => trace.keyOf(id));
}

const RECORDS = [
  { time: 5, id: 2n ** 64n - 1n, size: 100, next: 3n },
  { time: 5, id: 2n ** 53n + 1n, size: 0, next: -1n },
  { time: 9, id: 2n ** 64n - 1n, size: 4294967295, next: 2n ** 63n - 1n },
];

describe("oracleGeneral", () => {
  it("reads time, exact 64-bit ids and sizes", async () => {
    const trace = await loadTrace(files.file("a.oracleGeneral.bin", oracleGeneral(RECORDS)));
    expect(trace.format).toBe("oracleGeneral");
    expect(keys(trace)).toEqual(["18446744073709551615", "9007199254740993", "18446744073709551615"]);
    expect([...(trace.times ?? [])]).toEqual([5, 5, 9]);
    expect([...(trace.sizes ?? [])]).toEqual([100, 0, 4294967295]);
    expect(trace).toMatchObject({ requests: 3, distinct: 2, ops: null, ttls: null });
  });

  it("with operations maps libCacheSim's codes", async () => {
    const ops = [0, 1, 2, 3, 6, 9, 10, 12, 13].map((op) => ({ ...RECORDS[1], op }));
    const trace = await loadTrace(files.file("a.oracleGeneralOpNS", oracleGeneralOpNs(ops)));
    expect([...(trace.ops ?? [])]).toEqual([
      OP_OTHER,
      OP_GET,
      OP_GET,
      OP_SET,
      OP_SET,
      OP_DELETE,
      OP_INCREMENT,
      OP_GET,
      OP_SET,
    ]);
    expect(trace.keyOf(0)).toBe("9007199254740993");
  });
});

describe("lirs", () => {
  it("skips * and blank lines and takes any line end", async () => {
    const trace = await loadTrace(
      files.file("a.lirs", "\ufeff7\n*\n\n  8 \r\n007\n-9223372036854775808\n9223372036854775807"),
    );
    expect(keys(trace)).toEqual(["7", "8", "7", "-9223372036854775808", "9223372036854775807"]);
    expect(trace.sizes).toBeNull();
  });
});

describe("txt", () => {
  it("takes every non-empty line as a key, blanks and all", async () => {
    const trace = await loadTrace(files.file("a.txt", "a b\n a b\n\nschlüssel\n007\n7\na b\n"));
    expect(keys(trace)).toEqual(["a b", " a b", "schlüssel", "007", "7", "a b"]);
    expect(trace.distinct).toBe(5);
  });
});

describe("arc", () => {
  it("expands a line to consecutive blocks, across 2^32", async () => {
    const trace = await loadTrace(files.file("a.arc", "4294967295 3 0 0\n5 1 0 1\n"));
    expect(keys(trace)).toEqual(["4294967295", "4294967296", "4294967297", "5"]);
  });
});

describe("corda and cache2k", () => {
  it("read big-endian signed ids", async () => {
    const ids = [1n, -1n, 2n ** 62n + 1n, -(2n ** 63n), 1n];
    expect(keys(await loadTrace(files.file("a.corda", corda(ids))))).toEqual(ids.map(String));
    expect(keys(await loadTrace(files.file("a.trc.bin", cache2k([1, -1, 2147483647]))))).toEqual([
      "1",
      "-1",
      "2147483647",
    ]);
  });
});

describe("csv", () => {
  it("reads the usual header without --columns", async () => {
    const trace = await loadTrace(
      files.file("a.csv", 'timestamp,obj_id,obj_size,op\n1.5,"a,""b""",10,SET\n2,c,20,get\n'),
    );
    expect(keys(trace)).toEqual(['a,"b"', "c"]);
    expect([...(trace.times ?? [])]).toEqual([1.5, 2]);
    expect([...(trace.sizes ?? [])]).toEqual([10, 20]);
    expect([...(trace.ops ?? [])]).toEqual([OP_SET, OP_GET]);
  });

  it("takes columns by number, header or not, and by name", async () => {
    const plain = files.file("b.csv", "1;k1;10\n2;k2;20\n");
    const headed = files.file("c.csv", "when;what;bytes\n1;k1;10\n2;k2;20\n");
    for (const [path, columns] of [
      [plain, "time=1,id=2,size=3"],
      [headed, "time=1,id=2,size=3"],
      [headed, "time=when,id=what,size=bytes"],
      [headed, "id=2,header=yes,size=3,time=1,delimiter=semicolon"],
    ]) {
      const trace = await loadTrace(path, { columns });
      expect(keys(trace), columns).toEqual(["k1", "k2"]);
      expect([...(trace.sizes ?? [])], columns).toEqual([10, 20]);
      expect([...(trace.times ?? [])], columns).toEqual([1, 2]);
    }
  });
});

describe("twr", () => {
  it("reads the text, commas in keys included", async () => {
    const trace = await loadTrace(
      files.file("a.twr", "3,k:1,x,5,100,7,set,60\n3,k2,2,0,7,get,0\n4,k2,2,0,7,delete,0\n"),
    );
    expect(keys(trace)).toEqual(["k:1,x", "k2", "k2"]);
    expect([...(trace.sizes ?? [])]).toEqual([105, 2, 2]);
    expect([...(trace.ops ?? [])]).toEqual([OP_SET, OP_GET, OP_DELETE]);
    expect([...(trace.ttls ?? [])]).toEqual([60, 0, 0]);
  });

  it("reads libCacheSim's binary", async () => {
    const bytes = Buffer.concat([twrBinary(1, 2n ** 63n, 1023, 4194303, 3, 16777215), twrBinary(2, 5n, 10, 0, 1, 0)]);
    const trace = await loadTrace(files.file("a.twr.bin", bytes));
    expect(keys(trace)).toEqual([String(2n ** 63n), "5"]);
    expect([...(trace.sizes ?? [])]).toEqual([1023 + 4194303, 10]);
    expect([...(trace.ops ?? [])]).toEqual([OP_SET, OP_GET]);
    expect([...(trace.ttls ?? [])]).toEqual([16777215, 0]);
  });
});

describe("vscsi", () => {
  it.each([1, 2] as const)("reads version %i", async (version) => {
    const requests = [
      { command: 0x28, length: 4096, block: 2n ** 40n, microseconds: 1_500_000n },
      { command: 0x2a, length: 512, block: 8n, microseconds: 2_000_000n },
      { command: 0x12, length: 0, block: 8n, microseconds: 2_000_000n },
    ];
    const trace = await loadTrace(files.file(`a${version}.vscsi`, vscsi(version, requests)));
    expect(keys(trace)).toEqual([String(2n ** 40n), "8", "8"]);
    expect([...(trace.times ?? [])]).toEqual([1.5, 2, 2]);
    expect([...(trace.sizes ?? [])]).toEqual([4096, 512, 0]);
    expect([...(trace.ops ?? [])]).toEqual([OP_GET, OP_SET, OP_OTHER]);
  });
});

describe("a file without a telling name", () => {
  it.each([
    ["oracleGeneral", oracleGeneral(RECORDS)],
    ["oracleGeneralOpNS", oracleGeneralOpNs(RECORDS)],
    [
      "vscsi",
      vscsi(
        2,
        [1n, 2n].map((block) => ({ command: 0x28, length: 512, block, microseconds: 5n })),
      ),
    ],
    ["lirs", Buffer.from("1\n*\n2\n")],
    ["arc", Buffer.from("1 2 0 0\n5 1 0 1\n")],
    ["twr", Buffer.from("3,k,5,100,7,set,60\n")],
    ["csv", Buffer.from("time,id\n1,a\n")],
    ["txt", Buffer.from("alpha\nbeta\n")],
  ])("is recognised as %s by its content", async (format, bytes) => {
    const stream = await openTrace(files.file("unnamed", bytes));
    await stream.close();
    expect(stream.format).toBe(format);
  });
});

describe("compression", () => {
  it("is undone by name and by content", async () => {
    const packed = gzipSync("1\n2\n1\n");
    for (const name of ["z.lirs.gz", "z.lirs"]) {
      expect(await loadTrace(files.file(name, packed))).toMatchObject({ format: "lirs", requests: 3, distinct: 2 });
    }
  });
});

describe("a large trace", () => {
  it("spans many batches and chunks without losing, repeating or reordering a request", async () => {
    const ids = Array.from({ length: 200_003 }, (_, i) => (i * 7919) % 65_537);
    const trace = await loadTrace(files.file("big.lirs.gz", gzipSync(`${ids.join("\n")}\n`)));
    expect(keys(trace)).toEqual(ids.map(String));
    const binary = await loadTrace(files.file("big.corda", corda(ids.map(BigInt))));
    expect(keys(binary)).toEqual(ids.map(String));
  });

  it.skipIf(!existsSync("/proc/self/fd"))("leaves no file open when it is closed early or was refused", async () => {
    const path = files.file(
      "leak.corda.gz",
      gzipSync(corda(Array.from({ length: 300_000 }, (_, i) => BigInt(i * 7919)))),
    );
    const open = () => readdirSync("/proc/self/fd").filter((fd) => linkTo(fd).endsWith("leak.corda.gz")).length;
    for (let i = 0; i < 10; i++) {
      await loadTrace(path, { limit: 10 });
      await (await openTrace(path)).close();
      await expect(loadTrace(path, { format: "vscsi" })).rejects.toThrow(/vscsi/);
      await expect(loadTrace(path, { columns: "id=1" })).rejects.toThrow(/csv/);
    }
    await vi.waitFor(() => expect(open()).toBe(0), { timeout: 60_000 });
  });

  it("can be cut short", async () => {
    const path = files.file("cut.lirs", Array.from({ length: 50_000 }, (_, i) => i).join("\n"));
    expect(await loadTrace(path, { limit: 10_001 })).toMatchObject({ requests: 10_001, distinct: 10_001 });
  });
});
