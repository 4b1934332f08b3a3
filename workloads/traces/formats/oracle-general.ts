/**
 * oracleGeneral and oracleGeneral+opNS, the binary formats of libCacheSim. Packed, little-endian:
 *
 *   oracleGeneral       24 bytes: u32 time (s), u64 id, u32 size, i64 next access
 *   oracleGeneral+opNS  27 bytes: u32 time (s), u64 id, u32 size, u8 op, u16 namespace, i64 next access
 *
 * Next access is the 1-based number of the request that names this id next; -1 (or the largest i64) = never. It is not
 * used (whoever needs the future computes it from the requests read), but a value that cannot be one tells
 * at once that the file is something else, and `engram trace info` checks whether it is right (next-accesses.ts). A size of 0 is kept as it stands. The namespace of opNS is not kept: ids are
 * unique across namespaces there.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import { OP_DELETE, OP_GET, OP_INCREMENT, OP_OTHER, OP_SET } from "../../operations.js";
import { TraceBatch } from "../batch.js";
import type { TraceFormat } from "../format.js";
import { recordBlocks } from "../records.js";

const PLAIN_RECORD = 24;
const OP_RECORD = 27;

/** libCacheSim's req_op_e, in order: nop get gets set add cas replace append prepend delete incr decr read write update. */
const OPS = Uint8Array.from([
  OP_OTHER,
  OP_GET,
  OP_GET,
  OP_SET,
  OP_SET,
  OP_SET,
  OP_SET,
  OP_SET,
  OP_SET,
  OP_DELETE,
  OP_INCREMENT,
  OP_INCREMENT,
  OP_GET,
  OP_SET,
  OP_SET,
]);

/** Request numbers stay below 2^53 in any file that fits a disk. */
const MAX_NEXT_HIGH = 0x200000;

export const oracleGeneral: TraceFormat = {
  name: "oracleGeneral",
  description: "libCacheSim binary, 24 bytes a record: time, id, size, next access",
  endings: [".oraclegeneral", ".oraclegeneral.bin", ".oraclegeneralbin"],
  headerless: true,
  looksLike: (head) => plausible(head, PLAIN_RECORD),
  read: (source) => read(source, PLAIN_RECORD, "oracleGeneral"),
};

export const oracleGeneralOpNs: TraceFormat = {
  name: "oracleGeneralOpNS",
  description: "libCacheSim binary, 27 bytes a record: time, id, size, op, namespace, next access",
  endings: [".oraclegeneralopns", ".oraclegeneralopns.bin"],
  headerless: true,
  looksLike: (head) => plausible(head, OP_RECORD),
  read: (source) => read(source, OP_RECORD, "oracleGeneralOpNS"),
};

async function* read(source: Parameters<TraceFormat["read"]>[0], recordSize: number, name: string) {
  const hasOp = recordSize === OP_RECORD;
  const batch = new TraceBatch("number", { time: true, size: true, op: hasOp, next: true });
  for await (const { view, count, offset } of recordBlocks(source, recordSize, name)) {
    for (let i = 0; i < count; i++) {
      const at = i * recordSize;
      if (!isNextAccess(view, at + recordSize - 8)) {
        throw new InvalidArgumentError(
          `${source.path}: byte ${offset + at + recordSize - 8}: next access is ${view.getBigInt64(at + recordSize - 8, true)}; expected -1 or a request number (not an ${name} trace?)`,
        );
      }
      const n = batch.count++;
      batch.times[n] = view.getUint32(at, true);
      batch.lo[n] = view.getUint32(at + 4, true);
      batch.hi[n] = view.getUint32(at + 8, true);
      batch.sizes[n] = view.getUint32(at + 12, true);
      batch.nexts[n] = nextAccess(view, at + recordSize - 8);
      if (hasOp) batch.ops[n] = operation(view.getUint8(at + 16), source.path, offset + at + 16);
      if (batch.full) {
        yield batch;
        batch.count = 0;
      }
    }
  }
  if (batch.count > 0) yield batch;
}

function operation(code: number, path: string, offset: number): number {
  if (code >= OPS.length) {
    throw new InvalidArgumentError(`${path}: byte ${offset}: operation code ${code}; expected 0 to ${OPS.length - 1}`);
  }
  return OPS[code];
}

/** 0 = never. */
function nextAccess(view: DataView, at: number): number {
  const hi = view.getUint32(at + 4, true);
  return hi < MAX_NEXT_HIGH ? hi * 4294967296 + view.getUint32(at, true) : 0;
}

function isNextAccess(view: DataView, at: number): boolean {
  const lo = view.getUint32(at, true);
  const hi = view.getUint32(at + 4, true);
  if (hi < MAX_NEXT_HIGH) return true;
  return lo === 0xffffffff && (hi === 0xffffffff || hi === 0x7fffffff);
}

/** Detection may be stricter than reading: times never fall, and the next access lies ahead of the request. */
function plausible(head: Buffer, recordSize: number): boolean {
  const count = Math.min(256, Math.floor(head.length / recordSize));
  if (count === 0) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  let time = 0;
  for (let i = 0; i < count; i++) {
    const at = i * recordSize;
    const next = at + recordSize - 8;
    if (view.getUint32(at, true) < time || !isNextAccess(view, next)) return false;
    if (recordSize === OP_RECORD && view.getUint8(at + 16) >= OPS.length) return false;
    const low = view.getUint32(next, true);
    const high = view.getUint32(next + 4, true);
    if (high < MAX_NEXT_HIGH && high * 4294967296 + low <= i + 1) return false;
    time = view.getUint32(at, true);
  }
  return true;
}
