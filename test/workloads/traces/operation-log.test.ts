import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { loadForSweep } from "#dist/harness/sweep/index.js";
import { tallyLog } from "#dist/src/recording/index.js";
import { loadTrace, OPERATION_NAMES, openTrace } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";
import { type LogRecord, operationLog } from "./encode.js";

const { file } = temporaryFolder();

function get(hash: bigint, us: number, value = 0): LogRecord {
  return { hash, us, value, ttlMs: 0, keyLength: 4, op: 0 };
}

describe("an operation log", () => {
  it("gives operations with times from the first one on, sizes with the key's bytes, and ttls in whole seconds, never shorter", async () => {
    const log = operationLog([
      { hash: 2n ** 64n - 1n, us: 0, value: 100, ttlMs: 1, keyLength: 5, op: 1 },
      { hash: 2n ** 53n + 1n, us: 1_500_000, value: 8, ttlMs: 2000, keyLength: 3, op: 3 },
      { hash: 2n ** 53n, us: 1_500_001, value: 0, ttlMs: 0, keyLength: 1024, op: 2 },
    ]);
    const trace = await loadTrace(file("few.bin", log));
    expect(trace).toMatchObject({ format: "oplog", requests: 3, distinct: 3 });
    expect([0, 1, 2].map((id) => trace.keyOf(id))).toEqual([
      "18446744073709551615",
      "9007199254740993",
      "9007199254740992",
    ]);
    expect([...trace.ops!].map((op) => OPERATION_NAMES[op])).toEqual(["set", "increment", "delete"]);
    expect([...trace.times!]).toEqual([0, 1.5, 1.500001]);
    expect([...trace.ttls!]).toEqual([1, 2, 0]);
    expect([...trace.sizes!]).toEqual([105, 11, 0]);
  });

  it("gives look-ups that found nothing the size their key has, as the simulator reads it too", async () => {
    const set = (hash: bigint, us: number, value: number): LogRecord => ({ ...get(hash, us, value), op: 1 });
    const log = operationLog([get(7n, 0), set(7n, 1, 50), get(7n, 2), set(7n, 3, 60), get(7n, 4), get(8n, 5)]);
    const path = file("sizes.oplog", log);
    const sizes = [54, 54, 54, 64, 64, 0];
    expect([...(await loadTrace(path)).sizes!]).toEqual(sizes);
    expect([...(await loadForSweep(path, { sizes: true })).sizes!]).toEqual(sizes);
  });

  it("keeps keys of several stores apart, and those of one together", async () => {
    const blocks = [1, 2, 1].map((store, i) => operationLog([get(7n, i), get(9n, i)], { store, stream: 5 + i }));
    const trace = await loadTrace(file("stores.oplog", Buffer.concat(blocks)));
    expect([...trace.ids]).toEqual([0, 1, 2, 3, 0, 1]);
  });

  it("merges what threads wrote at different times into the order of the operations", async () => {
    // by thread: operations at 0, 3, 6 ... at 1, 4, 7 ... and at 2, 5, 8 ..., in blocks of 2, 5 and 40 that come when they are full
    const blocks: { at: number; bytes: Buffer }[] = [];
    const perBlock = [2, 5, 40];
    for (let thread = 0; thread < 3; thread++) {
      let records: LogRecord[] = [];
      for (let us = thread; us < 360; us += 3) {
        records.push(get(BigInt(us), us));
        if (records.length < perBlock[thread] && us + 3 < 360) continue;
        blocks.push({ at: us, bytes: operationLog(records, { stream: 10 + thread }) });
        records = [];
      }
    }
    blocks.sort((a, b) => a.at - b.at);
    const trace = await loadTrace(file("threads.oplog", Buffer.concat(blocks.map(({ bytes }) => bytes))));
    expect(Array.from({ length: trace.requests }, (_, i) => trace.keyOf(trace.ids[i]))).toEqual(
      Array.from({ length: 360 }, (_, us) => String(us)),
    );
  });

  it.each([
    ["an unknown operation", operationLog([{ ...get(1n, 0), op: 9 }]), "byte 70: operation 9; expected 0 to 3"],
    ["another version", withWord(operationLog([get(1n, 0)]), 8, 2), "byte 0: operation log version 2; expected 1"],
    [
      "a header that was changed",
      withWord(operationLog([get(1n, 0)]), 20, 77),
      "byte 0: the block's header is damaged",
    ],
  ])("refuses %s, naming the place", async (_, bytes, message) => {
    await expect(loadTrace(file("bad.oplog", bytes))).rejects.toThrow(message);
  });

  /** Blocks by their lengths in records, of which some are cut to a part of their bytes, as by a thread that was ended while it wrote. */
  const torn = fc.array(
    fc.record({
      records: fc.integer({ min: 1, max: 9 }),
      kept: fc.option(fc.double({ min: 0, max: 0.99, noNaN: true }), { freq: 2 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

  it("is read but for its torn blocks, wherever they are, and says how many bytes were skipped", async () => {
    await fc.assert(
      fc.asyncProperty(torn, async (blocks) => {
        const expected: string[] = [];
        const parts: Buffer[] = [];
        let skipped = 0;
        let number = 0;
        for (const { records, kept } of blocks) {
          const ids = Array.from({ length: records }, () => ++number);
          const bytes = operationLog(
            ids.map((id) => get(BigInt(id), id)),
            { stream: 1 + (number % 3) },
          );
          const length = kept === null ? bytes.length : Math.floor(kept * bytes.length);
          parts.push(bytes.subarray(0, length));
          if (kept === null) expected.push(...ids.map(String));
          else skipped += length;
        }
        const path = file("torn.oplog", Buffer.concat(parts));
        let told = 0;
        const warned = vi.spyOn(process, "emitWarning").mockImplementation((warning) => {
          told += Number(/(\d+) bytes skipped/.exec(String(warning))?.[1]);
        });
        try {
          if (expected.length === 0) {
            await expect(loadTrace(path)).rejects.toThrow(path);
            return;
          }
          const trace = await loadTrace(path);
          expect([...trace.ids].map((id) => trace.keyOf(id))).toEqual(expected);
          expect(told).toBe(skipped);
        } finally {
          warned.mockRestore();
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("a damaged operation log", () => {
  const RECORDS = 4;
  const BLOCK = 48 + RECORDS * 24;
  const damage = fc.array(
    fc.record({
      at: fc.nat({ max: 12 * BLOCK - 1 }),
      cut: fc.nat({ max: 2 * BLOCK }),
      garbage: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        // what a block begins with: its magic, and a header that is whole but stands elsewhere
        fc.constantFrom(Buffer.from("EngramOL"), operationLog([get(1n, 1)]).subarray(0, 48)),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  );

  it("gives the operations of its whole blocks and no others, wherever it was cut and whatever stands there instead", async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const blocks = Array.from({ length: 12 }, (_, block) =>
          operationLog(
            Array.from({ length: RECORDS }, (_, i) => get(BigInt(1000 + block * RECORDS + i), block * RECORDS + i)),
          ),
        );
        let bytes: Buffer = Buffer.concat(blocks);
        for (const { at, cut, garbage } of changes) {
          bytes = Buffer.concat([bytes.subarray(0, at), garbage, bytes.subarray(at + cut)]);
        }
        const expected = blocks.flatMap((block, number) =>
          bytes.includes(block) ? Array.from({ length: RECORDS }, (_, i) => String(1000 + number * RECORDS + i)) : [],
        );
        const skipped: number[] = [];
        const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
        try {
          const path = file("damaged.oplog", bytes);
          const read: string[] = [];
          try {
            expect(await tallyLog(path)).toEqual({ operations: expected.length, lost: 0 });
            const stream = await openTrace(path);
            for await (const { count, lo } of stream.batches()) read.push(...[...lo.subarray(0, count)].map(String));
            skipped.push(...stream.skipped.map((stretch) => stretch.bytes));
          } catch (error) {
            expect((error as { code?: string }).code, String(error)).toBe("INVALID_ARGUMENT");
            expect(expected).toEqual([]);
            return;
          }
          expect(read).toEqual(expected);
          // every byte is part of a block that was read, or told of
          const told = skipped.reduce((sum, stretch) => sum + stretch, 0);
          expect(told + (read.length / RECORDS) * BLOCK).toBe(bytes.length);
        } finally {
          warned.mockRestore();
        }
      }),
      { numRuns: 200 },
    );
  });
});

function withWord(bytes: Buffer, at: number, value: number): Buffer {
  bytes.writeUInt32LE(value, at);
  return bytes;
}
