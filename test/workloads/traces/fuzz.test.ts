import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openTrace, TRACE_FORMATS } from "#dist/workloads/index.js";
import { seedOr } from "../../given.js";
import { temporaryFolder } from "../temporary-folder.js";
import { cache2k, corda, operationLog, oracleGeneral, oracleGeneralOpNs, vscsi } from "./encode.js";

const { folder } = temporaryFolder();
const SEED = seedOr(20240611);
const RUNS = 60;

const numbers = Array.from({ length: 40 }, (_, i) => (i * 31) % 17);
const VALID: Record<string, Buffer> = {
  oracleGeneral: oracleGeneral(numbers.map((n, i) => ({ time: i, id: BigInt(n), size: n, next: -1n }))),
  oracleGeneralOpNS: oracleGeneralOpNs(numbers.map((n, i) => ({ time: i, id: BigInt(n), size: n, next: -1n }))),
  vscsi: vscsi(
    2,
    numbers.map((n) => ({ command: 0x28, length: n, block: BigInt(n), microseconds: 1n })),
  ),
  oplog: operationLog(
    numbers.map((n, us) => ({ hash: BigInt(n), us, value: n, ttlMs: n * 100, keyLength: 9, op: n % 4 })),
  ),
  corda: corda(numbers.map(BigInt)),
  cache2k: cache2k(numbers),
  lirs: Buffer.from(`${numbers.join("\n")}\n*\n`),
  txt: Buffer.from(numbers.map((n) => `key-${n}`).join("\n")),
  arc: Buffer.from(numbers.map((n) => `${n} ${(n % 5) + 1} 0 ${n}`).join("\n")),
  csv: Buffer.from(`time,id,size,op,ttl\n${numbers.map((n) => `${n},"k${n}",${n},get,5`).join("\n")}\n`),
  weblog: Buffer.from(
    numbers.map((n) => `1.2.3.4 - - [10/Oct/2000:13:55:${n + 10} +0000] "GET /k${n} HTTP/1.1" 200 ${n}`).join("\n"),
  ),
  "redis-monitor": Buffer.from(
    numbers.map((n) => `13395180${n + 10}.5 [0 1.2.3.4:5] "set" "k${n}" "v" "EX" "5"`).join("\n"),
  ),
  jsonl: Buffer.from(numbers.map((n) => `{"time":${n},"key":"k${n}","size":${n},"op":"get"}`).join("\n")),
  pattern: Buffer.from(numbers.map((n) => `t=${n} k${n}`).join("\n")),
  msr: Buffer.from(numbers.map((n) => `1281663720030616${n + 10},hm,1,Read,${n * 512},4096,15`).join("\n")),
  alibaba: Buffer.from(numbers.map((n) => `3,W,${n * 4096},4096,15778080000000${n + 10}`).join("\n")),
  tencent: Buffer.from(numbers.map((n) => `15383232${n + 10},${n},8,1,2313`).join("\n")),
  spc: Buffer.from(numbers.map((n) => `0,${n},8192,w,0.0${n}`).join("\n")),
  "ibm-cos": Buffer.from(numbers.map((n) => `${n} REST.GET.OBJECT ${n + 10}abc 1168 0 1167`).join("\n")),
  twr: Buffer.from(numbers.map((n) => `${n},k${n},2,${n},1,get,0`).join("\n")),
};

/** Either every request arrives, or one InvalidArgumentError naming the file; nothing else, and it ends. */
async function readsOrRefuses(bytes: Uint8Array, format: string | undefined): Promise<"read" | "refused"> {
  const path = join(folder, "fuzzed");
  writeFileSync(path, bytes);
  try {
    const stream = await openTrace(path, {
      format,
      pattern: format === "pattern" ? "t=(?<time>\\S+) (?<key>\\S+)" : undefined,
    });
    let requests = 0;
    for await (const batch of stream.batches()) {
      expect(batch.count).toBeGreaterThan(0);
      requests += batch.count;
    }
    expect(requests).toBeGreaterThan(0);
    return "read";
  } catch (error) {
    if ((error as { code?: string }).code !== "INVALID_ARGUMENT") throw error;
    expect((error as Error).message).toContain(path);
    return "refused";
  }
}

const edits = fc.array(
  fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.uint8Array({ minLength: 0, maxLength: 6 })),
  {
    minLength: 1,
    maxLength: 4,
  },
);

/** Overwrites, and with an empty edit cuts the file off there. */
function mutated(valid: Buffer, changes: readonly [number, Uint8Array][]): Buffer {
  let bytes = Buffer.from(valid);
  for (const [where, replacement] of changes) {
    const at = Math.floor(where * bytes.length);
    if (replacement.length === 0) bytes = bytes.subarray(0, at);
    else bytes.set(replacement.subarray(0, bytes.length - at), at);
  }
  return bytes;
}

describe(`fuzzing, seed ${SEED} (SEED)`, () => {
  it("knows a valid file of every format", async () => {
    expect(Object.keys(VALID).sort()).toEqual(TRACE_FORMATS.map(({ name }) => name).sort());
    for (const [format, bytes] of Object.entries(VALID))
      expect(await readsOrRefuses(bytes, format), format).toBe("read");
  });

  describe.each([...Object.keys(VALID)])("%s", (format) => {
    it("reads random bytes or refuses them", () =>
      fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 400 }),
          async (bytes) => void (await readsOrRefuses(bytes, format)),
        ),
        { seed: SEED, numRuns: RUNS },
      ));

    it("reads a damaged file or refuses it", () =>
      fc.assert(
        fc.asyncProperty(
          edits,
          async (changes) => void (await readsOrRefuses(mutated(VALID[format], changes), format)),
        ),
        { seed: SEED, numRuns: RUNS },
      ));
  });

  it("guesses on anything or refuses it", () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.values(VALID)), edits, async (valid, changes) => {
        await readsOrRefuses(mutated(valid, changes), undefined);
      }),
      { seed: SEED, numRuns: RUNS },
    ));

  it("reads a damaged gzip file or refuses it", () =>
    fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        await readsOrRefuses(mutated(gzipSync(VALID.lirs), changes), "lirs");
      }),
      { seed: SEED, numRuns: RUNS },
    ));
});
