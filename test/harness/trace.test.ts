import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, OneProcess, start } from "./command-line.js";

const shared = fileURLToPath(new URL("../../../shared/traces", import.meta.url));
const haveTraces = existsSync(shared);
const HOLD_WRITING = new URL("fixtures/hold-writing.mjs", import.meta.url).href;
if (!haveTraces) console.log("skipped: no shared traces beside the repository");

let folder: string;
let cli: OneProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-trace-"));
  await writeFile(join(folder, "few.csv"), "time,id,size,op\n1,7,100,get\n2,x y,20,set\n5,7,120,get\n9,-3,1,delete\n");
  await writeFile(join(folder, "torn.oracleGeneral"), Buffer.alloc(24 * 3 + 5, 1));
  await writeFile(join(folder, "empty.csv"), "");
  await writeFile(join(folder, "broken.csv"), "time,id,size\n1,a,10\n2,b,many\n");
  await mkdir(join(folder, "taken.csv"));
  cli = new OneProcess({ cwd: folder });
});
afterAll(async () => {
  await cli.close();
  await rm(folder, { recursive: true, force: true });
});

const inFolder = (...args: string[]) => cli.run(args);

async function json(...args: string[]) {
  const { code, stdout, stderr } = await inFolder(...args, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("engram trace info", () => {
  it("tells requests, keys, footprint, skew, reuse distances and the access pattern", async () => {
    const info = await json("trace", "info", "few.csv");
    expect(info).toMatchObject({
      name: "few.csv",
      format: "csv",
      requests: 4,
      distinct: 3,
      once: 2,
      hottestKey: "7",
      hottestShare: 0.5,
      sizes: { min: 1, max: 120, footprint: 141 },
      operations: { get: 2, set: 1, delete: 1 },
      popularity: { hottest1Percent: 0.5 },
      reuse: { reused: 1, distance: { mean: 1, p50: 1, max: 1 } },
      pattern: { window: 4 },
    });
    const { stdout } = await inFolder("trace", "info", "few.csv");
    expect(stdout).toMatch(/distinct keys +3 \(75\.0 % of the requests are first ones\)/);
    expect(stdout).toMatch(/footprint +141 bytes/);
    expect(stdout).toMatch(/start with +\S+: /);
  });

  it("says of a trace of one request that nothing comes back and nothing is skewed", async () => {
    await writeFile(join(folder, "one.txt"), "18446744073709551615\n");
    const info = await json("trace", "info", "one.txt");
    expect(info).toMatchObject({
      requests: 1,
      popularity: { zipfExponent: null },
      reuse: { reused: 0, distance: null },
    });
    const { stdout } = await inFolder("trace", "info", "one.txt");
    expect(stdout).toContain("none, no key comes back");
    expect(stdout).not.toMatch(/NaN|Infinity/);
  });

  it("keeps a key's control characters out of the terminal", async () => {
    await writeFile(join(folder, "escape.txt"), "\u001b[31mred\n\u001b[31mred\n");
    const { code, stdout } = await inFolder("trace", "info", "escape.txt", "--format", "txt");
    expect(code).toBe(0);
    expect(stdout).not.toContain("\u001b");
  });

  it.skipIf(!haveTraces)(
    "recognises the loop for what it is: every reuse at its length, none of it for LRU",
    async () => {
      const info = await json("trace", "info", join(shared, "loop.lirs.gz"));
      expect(info).toMatchObject({
        requests: 505_500,
        distinct: 1011,
        once: 0,
        reuse: { reused: 504_489, distance: { p10: 1010, p50: 1010, max: 1010 } },
        pattern: { type: "sequential", recommendation: { policy: "clock" } },
      });
      expect(info.popularity.zipfExponent).toBeLessThan(0.01);
    },
  );

  it.skipIf(!haveTraces)("reads a real oracleGeneral trace, sizes and times included", async () => {
    const info = await json("trace", "info", join(shared, "cloudPhysicsIO.oracleGeneral.bin"));
    expect(info).toMatchObject({ requests: 113_872, distinct: 48_974, time: { first: expect.any(Number) } });
    expect(info.reuse.reused).toBe(113_872 - 48_974);
  });
});

describe("engram trace convert", () => {
  it("writes operation logs; a torn one is read where it is whole, and what was skipped is said", async () => {
    const log = await json("trace", "convert", "few.csv", "few.oplog");
    expect(log).toMatchObject({ format: "oplog", requests: 4, renumbered: true, dropped: [] });
    const whole = await readFile(join(folder, "few.oplog"));
    await writeFile(join(folder, "torn.oplog"), Buffer.concat([whole.subarray(0, 60), whole]));
    const { code, stdout, stderr } = await inFolder("trace", "info", "torn.oplog");
    expect(code).toBe(0);
    expect(stdout).toMatch(/requests +4\n/);
    expect(stdout).toMatch(/skipped +60 bytes in one place, first at byte 0: the block's records are damaged/);
    expect(stderr).toContain("torn.oplog: byte 0: the block's records are damaged");
  });

  it("writes every column a format holds, and says what it cannot hold", async () => {
    expect(await json("trace", "convert", "few.csv", "same.csv")).toMatchObject({ requests: 4, dropped: [] });
    expect(await readFile(join(folder, "same.csv"), "utf8")).toBe(await readFile(join(folder, "few.csv"), "utf8"));

    const text = await inFolder("trace", "convert", "few.csv", "few.txt");
    expect(text.stdout).toContain("left out, for txt cannot hold them: times, sizes, operations");
    expect(await readFile(join(folder, "few.txt"), "utf8")).toBe("7\nx y\n7\n-3\n");

    const oracle = await json("trace", "convert", "few.csv", "few.out.gz", "--to", "oraclegeneral");
    expect(oracle).toMatchObject({ format: "oracleGeneral", renumbered: true, dropped: ["operations"] });
    const records = gunzipSync(await readFile(join(folder, "few.out.gz")));
    expect(records.length).toBe(4 * 24);
    // Times, and the 1-based number of the next request of the same key.
    expect([0, 24, 48, 72].map((at) => records.readUInt32LE(at))).toEqual([1, 2, 5, 9]);
    expect([0, 24, 48, 72].map((at) => records.readBigInt64LE(at + 16))).toEqual([3n, -1n, -1n, -1n]);
  });

  it("leaves a trace the same to a cache, whatever the format in between", async () => {
    await json("trace", "generate", "a.csv", "--count", "3000", "--keys", "500", "--sizes", "1-1000");
    await json("trace", "convert", "a.csv", "b.oracleGeneral");
    await json("trace", "convert", "b.oracleGeneral", "c.csv");
    const [a, b, c] = await Promise.all(
      ["a.csv", "b.oracleGeneral", "c.csv"].map((name) => json("trace", "info", name)),
    );
    for (const other of [b, c]) {
      for (const part of ["requests", "distinct", "sizes", "popularity", "reuse", "pattern"]) {
        expect(other[part]).toEqual(a[part]);
      }
    }
  });
});

describe("engram trace generate", () => {
  it("makes the same trace from the same seed, another from another", async () => {
    const made = async (name: string, seed: string) => {
      await json("trace", "generate", name, "--count", "2000", "--sizes", "zipf:64B-4KiB", "--seed", seed);
      return readFile(join(folder, name), "utf8");
    };
    const [first, again, other] = [await made("s1.csv", "5"), await made("s2.csv", "5"), await made("s3.csv", "6")];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("keeps each object's size, within the range asked for", async () => {
    await json("trace", "generate", "sized.csv", "--count", "5000", "--keys", "100", "--sizes", "64B-128B");
    const rows = (await readFile(join(folder, "sized.csv"), "utf8")).trimEnd().split("\n").slice(1);
    expect(rows.length).toBe(5000);
    const sizeOf = new Map<string, number>();
    for (const [key, size] of rows.map((row) => row.split(","))) {
      expect(sizeOf.get(key) ?? Number(size)).toBe(Number(size));
      sizeOf.set(key, Number(size));
    }
    expect(Math.min(...sizeOf.values())).toBeGreaterThanOrEqual(64);
    expect(Math.max(...sizeOf.values())).toBeLessThanOrEqual(128);
    expect(new Set(sizeOf.values()).size).toBeGreaterThan(20);
  });

  it.each(["uniform", "zipfian", "scrambledZipfian", "zipf", "latest", "hotspot", "exponential", "sequential"])(
    "draws %s keys below the number of keys, and from a single one",
    async (distribution) => {
      for (const keys of ["50", "1"]) {
        const name = `${distribution}-${keys}.txt`;
        await json("trace", "generate", name, "--distribution", distribution, "--count", "500", "--keys", keys);
        const drawn = (await readFile(join(folder, name), "utf8")).trimEnd().split("\n").map(Number);
        expect(drawn.length).toBe(500);
        for (const key of drawn) expect(key >= 0 && key < Number(keys)).toBe(true);
      }
    },
  );

  it("draws a popularity whose skew info measures", async () => {
    const draw = ["--distribution", "zipf", "--skew", "1.2", "--count", "300000", "--keys", "1000"];
    await json("trace", "generate", "skewed.oracleGeneral", ...draw);
    const { popularity } = await json("trace", "info", "skewed.oracleGeneral");
    expect(popularity.zipfExponent).toBeGreaterThan(1.17);
    expect(popularity.zipfExponent).toBeLessThan(1.23);
  });
});

const REFUSED: Array<[args: string, says: RegExp]> = [
  ["info none.csv", /none\.csv: no such file/],
  ["info empty.csv", /empty\.csv: the file is empty/],
  ["info torn.oracleGeneral", /torn\.oracleGeneral: .*byte/],
  ["info broken.csv", /broken\.csv:3: /],
  ["info few.csv --format nonsense", /--format "nonsense": no such trace format/],
  ["info few.csv --limit 0", /--limit 0: expected a whole number from 1/],
  ["info few.csv --columns time=1", /columns/],
  ["info", /missing required argument 'trace'/],
  ["convert few.csv", /missing required argument 'out'/],
  ["convert few.csv out.bin", /out\.bin: the name does not tell the format to write; give --to, one of oracleGeneral/],
  ["convert few.csv out.csv --to lirs", /--to "lirs": unknown.*; expected one of oracleGeneral, csv, txt/],
  ["convert few.csv out.csv.zst", /out\.csv\.zst: \.zst is read, not written/],
  ["convert few.csv taken.csv", /output taken\.csv: is a folder/],
  ["convert few.csv none/out.csv", /output none\/out\.csv: cannot be written \(no folder none\)/],
  ["convert few.csv ./few.csv", /output \.\/few\.csv: is read as well/],
  ["convert broken.csv out.csv", /broken\.csv:3: /],
  ["convert torn.oracleGeneral out.csv", /torn\.oracleGeneral: /],
  ["generate out.csv --distribution zipfain", /--distribution "zipfain": unknown \(did you mean zipfian\?\)/],
  ["generate out.csv --count 0", /--count 0: expected a whole number from 1/],
  ["generate out.csv --count 1e6", /--count 1e6: expected/],
  ["generate out.csv --keys -5", /--keys -5: expected/],
  ["generate out.csv --keys 999999999999", /--keys 999999999999: expected a whole number from 1 to 100000000/],
  ["generate out.csv --seed x", /--seed x: expected/],
  ["generate out.csv --skew 1", /--skew "1": expected a number between 0 and 1 for zipfian/],
  ["generate out.csv --skew 0.5 --distribution uniform", /--skew "0\.5": expected none: uniform takes no skew/],
  ["generate out.csv --sizes big", /--sizes "big": expected a size such as 4KiB/],
  ["generate out.csv --sizes 4KiB-64B", /--sizes 4KiB-64B: runs backwards/],
  ["generate out.csv --sizes 0", /--sizes 0: expected from 1 to 4294967295 bytes/],
  ["generate out.csv --sizes 8GiB", /--sizes 8GiB: expected from 1 to/],
  ["generate out.txt --sizes 4KiB", /--sizes 4KiB: txt holds no sizes/],
  ["generate out", /out: the name does not tell the format/],
  ["infos few.csv", /unknown command 'infos'/],
];

describe("bad input", () => {
  let ended: Ended[];
  beforeAll(async () => {
    ended = await Promise.all(REFUSED.map(([args]) => inFolder("trace", ...args.split(" "))));
  });

  it.each(REFUSED.map(([args, says], i) => [args, says, i] as const))(
    "engram trace %s: exit 2, one line",
    (_, says, i) => {
      const { code, stdout, stderr } = ended[i];
      expect(stderr).toMatch(says);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect(stderr).toMatch(/^engram: /);
      expect([code, stdout]).toEqual([2, ""]);
    },
  );

  it("leaves nothing half-written", async () => {
    const names = await readdir(folder);
    expect(names.filter((name) => name.startsWith("out") || name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("an interrupted engram trace", () => {
  it.each([
    ["generate", ["generate", "cut.csv.gz", "--count", "300000"]],
    ["convert", ["convert", "long.lirs", "cut.csv.gz"]],
  ])("%s leaves neither the file nor a part of it", async (_, args) => {
    await writeFile(join(folder, "long.lirs"), "123456789\n987654321\n".repeat(100_000));
    // Held after its first part, so that it is not over before the interrupt comes.
    const { child, ended } = start(["trace", ...args], {
      cwd: folder,
      env: { NODE_OPTIONS: `--import ${HOLD_WRITING}` },
    });
    const parts = async () => (await readdir(folder)).filter((name) => /^\.?cut\./.test(name));
    while ((await parts()).length === 0 && child.exitCode === null) await new Promise((turn) => setImmediate(turn));
    expect(await parts()).toEqual([expect.stringMatching(/^\.cut\.csv\.gz\.[0-9a-f]+\.tmp$/)]);
    child.kill("SIGINT");
    await ended;
    expect(child.signalCode).toBe("SIGINT");
    expect(await parts()).toEqual([]);
  });
});
