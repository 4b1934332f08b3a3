import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { loadTrace, openTrace, parseColumns } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";
import { oracleGeneral, vscsi } from "./encode.js";

const files = temporaryFolder();
const RECORD = { time: 1, id: 1n, size: 1, next: -1n };

async function refusal(path: string, options = {}): Promise<string> {
  const error = await loadTrace(path, options).then(
    () => undefined,
    (reason: Error & { code?: string }) => reason,
  );
  expect(error?.code, error?.stack).toBe("INVALID_ARGUMENT");
  expect(error?.message).toContain(path);
  expect(error?.message).not.toContain("\n");
  return error?.message ?? "";
}

describe("a file that cannot be a trace", () => {
  it("missing, a directory, empty, empty inside", async () => {
    expect(await refusal(`${files.folder}/none.lirs`)).toContain("no such file");
    expect(await refusal(`${files.file("x.lirs", "1")}/none.lirs`)).toContain("no such file");
    expect(await refusal(files.folder)).toContain("is a directory");
    expect(await refusal(files.file("empty.lirs", ""))).toContain("empty");
    expect(await refusal(files.file("empty.lirs.gz", gzipSync("")))).toContain("nothing inside");
    expect(await refusal(files.file("stars.lirs", "*\n\n*\n"))).toContain("no request");
  });

  it("damaged gzip", async () => {
    const whole = gzipSync(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 99_991).join("\n"));
    const flipped = Buffer.from(whole);
    for (let i = 5000; i < 5100; i++) flipped[i] ^= 0x55;
    expect(await refusal(files.file("half.lirs.gz", whole.subarray(0, whole.length >> 1)))).toMatch(
      /damaged gzip.*unexpected end/,
    );
    expect(await refusal(files.file("flipped.lirs.gz", flipped))).toMatch(/gzip|:\d+:/);
    expect(await refusal(files.file("plain.lirs.gz", "1\n2\n"))).toMatch(/damaged gzip.*incorrect header/);
  });
});

describe("the place is named", () => {
  it("by byte offset in binary formats", async () => {
    const three = oracleGeneral([RECORD, RECORD, RECORD]);
    expect(await refusal(files.file("cut.oracleGeneral.bin", three.subarray(0, 60)))).toMatch(
      /byte 48: ends after 12 of 24/,
    );
    expect(await refusal(files.file("odd.corda", Buffer.alloc(20)))).toMatch(/byte 16: ends after 4 of 8/);
    const strange = oracleGeneral([RECORD, { ...RECORD, next: -5n }]);
    expect(await refusal(files.file("s.oracleGeneral.bin", strange))).toMatch(/byte 40: next access is -5/);
    const mixed = vscsi(
      1,
      [1n, 2n, 3n].map((block) => ({ command: 0x28, length: 1, block, microseconds: 1n })),
    );
    mixed[2 * 32 + 15] = 9;
    expect(await refusal(files.file("m.vscsi", mixed))).toMatch(/byte 78: version 9; expected 1/);
  });

  it("by line in text formats, beyond the first block too", async () => {
    expect(await refusal(files.file("a.lirs", "1\n2\nx3\n"))).toMatch(/a\.lirs:3: "x3"/);
    const long = `${Array.from({ length: 100_000 }, (_, i) => i).join("\n")}\n-\n`;
    expect(await refusal(files.file("b.lirs", long))).toMatch(/b\.lirs:100001: "-"/);
    expect(await refusal(files.file("c.lirs", "1\n9223372036854775808\n"))).toMatch(/c\.lirs:2: .*64-bit/);
    expect(await refusal(files.file("a.arc", "1 2 0 0\n1 0 0 0\n"))).toMatch(/a\.arc:2/);
    expect(await refusal(files.file("b.arc", "1 99999999 0 0\n"))).toMatch(/b\.arc:1/);
    expect(await refusal(files.file("a.twr", "1,k,1,1,1,get,0\n1,k,1,1,1,fetch,0\n"))).toMatch(/a\.twr:2/);
    expect(await refusal(files.file("a.csv", "time,id,size\n1,a,2\n1,b,-2\n"))).toMatch(/a\.csv:3: size is "-2"/);
    expect(await refusal(files.file("b.csv", "time,id,size\n1\n"))).toMatch(/b\.csv:2: 1 column/);
    expect(await refusal(files.file("c.csv", 'id,size\n"a,1\n'))).toMatch(/c\.csv:2: .*quoted/);
    expect(await refusal(files.file("d.csv", "1,2,3\n"))).toMatch(/d\.csv:1: no header .*--columns/);
    expect(await refusal(files.file("e.csv", "id,x\na,1\n"), { columns: "id=key" })).toMatch(
      /e\.csv:1: no column named "key"/,
    );
  });

  it("when text is not text", async () => {
    const bytes = Buffer.concat([Buffer.from("a\nb\n"), Buffer.from([0xff, 0xfe]), Buffer.from("\nc\n")]);
    expect(await refusal(files.file("u.txt", bytes))).toMatch(/u\.txt:3: not valid UTF-8/);
    expect(await refusal(files.file("n.txt", "a\nb\0\n"))).toMatch(/n\.txt:2: a NUL byte/);
    expect(await refusal(files.file("l.txt", `a\n${"x".repeat(70_000)}\n`))).toMatch(/l\.txt:2: longer than 65536/);
    expect(await refusal(files.file("m.txt", `a\n${"x".repeat(700_000)}`))).toMatch(/m\.txt:2: longer than 65536/);
  });
});

describe("the format", () => {
  it("wrongly guessed from the name, says that it was a guess", async () => {
    expect(await refusal(files.file("w.lirs", "hello\n"))).toContain(
      "read as lirs, guessed from the file's name; --format decides",
    );
    const given = await refusal(files.file("w2.lirs", "hello\n"), { format: "lirs" });
    expect(given).not.toContain("guessed");
  });

  it("unknown, suggests the nearest and lists all", async () => {
    const path = files.file("x.lirs", "1\n");
    await expect(loadTrace(path, { format: "oraclegenral" })).rejects.toThrow(
      /did you mean oracleGeneral\?.*lirs.*cache2k/,
    );
    const random = Buffer.from(Array.from({ length: 100 }, (_, i) => (i * 97 + 131) & 0xff));
    expect(await refusal(files.file("mystery", random))).toMatch(/give --format, one of oplog, vscsi, oracleGeneral/);
  });

  it("given wrongly, is refused where it shows", async () => {
    const text = files.file("t.txt", "the quick brown fox jumps over the lazy dog and then some more of it\n");
    expect(await refusal(text, { format: "oracleGeneral" })).toMatch(/byte 16: next access/);
    expect(await refusal(text, { format: "vscsi" })).toMatch(/byte 0: neither/);
    const binary = files.file("o.oracleGeneral.bin", oracleGeneral([RECORD]));
    expect(await refusal(binary, { format: "lirs" })).toMatch(/:1: a NUL byte/);
  });
});

describe("options", () => {
  it.each([
    "",
    "id",
    "id=",
    "id=0",
    "time=1",
    "id=1,id=2",
    "id=1,colour=2",
    "id=1,header=maybe",
    "id=a,header=no",
    "id=1,delimiter=x",
  ])("--columns %j is refused", (text) => {
    expect(() => parseColumns(text)).toThrow(/expected|use numbers/);
  });

  it("columns for another format and limits below 1 are refused", async () => {
    const path = files.file("o.lirs", "1\n");
    await expect(openTrace(path, { columns: "id=1" })).rejects.toThrow(/--columns goes with csv/);
    await expect(openTrace(path, { limit: 0 })).rejects.toThrow(/limit is 0/);
  });
});
