import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadForSweep } from "#dist/harness/sweep/index.js";
import { loadTrace } from "#dist/workloads/index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-load-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("loadForSweep", () => {
  it("gives the columns that loadTrace gives, in shared memory, over more requests than a piece holds", async () => {
    const path = join(folder, "long.csv");
    const requests = 2 ** 20 + 12_345;
    let text = "time,id,size,op,ttl\n";
    for (let i = 0; i < requests; i++)
      text += `${i},k${(i * 7919) % 5003},${i % 100},${i % 9 ? "get" : "set"},${i % 7}\n`;
    await writeFile(path, text);
    const whole = await loadTrace(path);
    const { name, distinct, ...columns } = await loadForSweep(path, { sizes: true });
    expect([name, distinct]).toEqual(["long.csv", whole.distinct]);
    for (const column of ["ids", "sizes", "ops", "times", "ttls"] as const) {
      expect(columns[column]?.buffer, column).toBeInstanceOf(SharedArrayBuffer);
      expect(Buffer.compare(bytesOf(columns[column]!), bytesOf(whole[column]!)), column).toBe(0);
    }
  });

  it("leaves out sizes that no one asked for, and times where nothing expires", async () => {
    const path = join(folder, "plain.csv");
    await writeFile(path, "time,id,size\n1,a,10\n2,b,20\n");
    expect(await loadForSweep(path, { sizes: false })).toMatchObject({
      sizes: null,
      times: null,
      ops: null,
      ttls: null,
    });
  });

  it("tells ids beyond 2^53 apart", async () => {
    const path = join(folder, "large.txt");
    await writeFile(path, "9007199254740992\n9007199254740993\n18446744073709551615\n9007199254740993\n");
    expect([...(await loadForSweep(path, { sizes: false })).ids]).toEqual([0, 1, 2, 1]);
  });
});

const bytesOf = (column: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) =>
  Buffer.from(column.buffer, column.byteOffset, column.byteLength);
