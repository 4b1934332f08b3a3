/**
 * twr: Twitter's cache clusters (Yang, Yue, Rashmi, OSDI 2020), in both shapes they are found in.
 *
 *   text    time (s), key, key size, value size, client, operation, TTL (s): seven fields with commas between
 *   binary  libCacheSim's, 20 bytes, little-endian: u32 time, u64 id, value size in the low 22 and key size in the high 10
 *           bits of a u32, TTL in the low 24 and operation in the high 8 bits of a u32
 *
 * The size of a request is key size + value size, as libCacheSim counts it.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import { OP_DELETE, OP_GET, OP_INCREMENT, OP_OTHER, OP_SET } from "../../operations.js";
import { TraceBatch } from "../batch.js";
import { parseUint32, parseWhole } from "../decimal.js";
import type { TraceFormat } from "../format.js";
import { headLines, isText } from "../head.js";
import { lineBlocks, shown } from "../lines.js";
import { recordBlocks } from "../records.js";
import type { ByteSource } from "../source.js";

const OPS: ReadonlyMap<string, number> = new Map([
  ["get", OP_GET],
  ["gets", OP_GET],
  ["set", OP_SET],
  ["add", OP_SET],
  ["replace", OP_SET],
  ["cas", OP_SET],
  ["append", OP_SET],
  ["prepend", OP_SET],
  ["delete", OP_DELETE],
  ["incr", OP_INCREMENT],
  ["decr", OP_INCREMENT],
]);

/** libCacheSim's binary operation codes 0 to 11. */
const BINARY_OPS = [
  "",
  "get",
  "gets",
  "set",
  "add",
  "cas",
  "replace",
  "append",
  "prepend",
  "delete",
  "incr",
  "decr",
].map((name) => OPS.get(name) ?? OP_OTHER);
const BINARY_RECORD = 20;

export const twr: TraceFormat = {
  name: "twr",
  description: "Twitter cache clusters: time,key,key size,value size,client,op,ttl (or libCacheSim's 20-byte binary)",
  endings: [".twr", ".twr.bin", ".twr.csv"],
  looksLike(head) {
    const lines = headLines(head).filter((line) => line !== "");
    return lines.length > 0 && lines.every((line) => splitLine(line) !== undefined);
  },
  read: (source) => (isText(source.head) ? readText(source) : readBinary(source)),
};

async function* readText(source: ByteSource): AsyncGenerator<TraceBatch> {
  const batch = new TraceBatch("string", { size: true, op: true, time: true, ttl: true });
  for await (const { lines, firstLine } of lineBlocks(source)) {
    for (let i = 0; i < lines.length; i++) {
      if (lines[i] === "") continue;
      const request = splitLine(lines[i]);
      if (request === undefined) {
        throw new InvalidArgumentError(
          `${source.path}:${firstLine + i}: ${shown(lines[i])}; expected time,key,key size,value size,client,op,ttl with op one of ${[...OPS.keys()].join(", ")}`,
        );
      }
      const n = batch.count++;
      batch.keys[n] = request.key;
      batch.times[n] = request.time;
      batch.sizes[n] = request.size;
      batch.ops[n] = request.op;
      batch.ttls[n] = request.ttl;
      if (batch.full) {
        yield batch;
        batch.count = 0;
      }
    }
  }
  if (batch.count > 0) yield batch;
}

/** Keys may hold commas, so the five fields after the key are counted from the right. */
function splitLine(line: string) {
  const fields = line.split(",");
  if (fields.length < 7) return undefined;
  const [keySize, valueSize, , opName, ttlText] = fields.slice(-5);
  const key = fields.length === 7 ? fields[1] : fields.slice(1, -5).join(",");
  const time = parseUint32(fields[0]);
  const size = parseWhole(keySize) + parseWhole(valueSize);
  const ttl = parseUint32(ttlText.trim());
  const op = OPS.get(opName);
  const wrong = time < 0 || ttl < 0 || op === undefined || parseWhole(keySize) < 0 || parseWhole(valueSize) < 0;
  if (wrong || size > Number.MAX_SAFE_INTEGER || key === "") return undefined;
  return { key, time, size, ttl, op };
}

async function* readBinary(source: ByteSource): AsyncGenerator<TraceBatch> {
  const batch = new TraceBatch("number", { size: true, op: true, time: true, ttl: true });
  for await (const { view, count, offset } of recordBlocks(source, BINARY_RECORD, "binary twr")) {
    for (let i = 0; i < count; i++) {
      const at = i * BINARY_RECORD;
      const sizes = view.getUint32(at + 12, true);
      const opTtl = view.getUint32(at + 16, true);
      const op = opTtl >>> 24;
      if (op >= BINARY_OPS.length) {
        throw new InvalidArgumentError(
          `${source.path}: byte ${offset + at + 19}: operation code ${op}; expected 0 to ${BINARY_OPS.length - 1} (not a twr trace?)`,
        );
      }
      const n = batch.count++;
      batch.times[n] = view.getUint32(at, true);
      batch.lo[n] = view.getUint32(at + 4, true);
      batch.hi[n] = view.getUint32(at + 8, true);
      batch.sizes[n] = (sizes >>> 22) + (sizes & 0x3fffff);
      batch.ops[n] = BINARY_OPS[op];
      batch.ttls[n] = opTtl & 0xffffff;
      if (batch.full) {
        yield batch;
        batch.count = 0;
      }
    }
  }
  if (batch.count > 0) yield batch;
}
