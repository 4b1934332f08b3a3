/** Valid traces in every binary format, written independently of the readers under test. */
import { crc32 } from "node:zlib";

export interface OracleRecord {
  time: number;
  id: bigint;
  size: number;
  next: bigint;
  op?: number;
}

export function oracleGeneral(records: readonly OracleRecord[]): Buffer {
  return Buffer.concat(
    records.map(({ time, id, size, next }) => {
      const record = Buffer.alloc(24);
      record.writeUInt32LE(time, 0);
      record.writeBigUInt64LE(id, 4);
      record.writeUInt32LE(size, 12);
      record.writeBigInt64LE(next, 16);
      return record;
    }),
  );
}

export function oracleGeneralOpNs(records: readonly OracleRecord[]): Buffer {
  return Buffer.concat(
    records.map(({ time, id, size, next, op }) => {
      const record = Buffer.alloc(27);
      record.writeUInt32LE(time, 0);
      record.writeBigUInt64LE(id, 4);
      record.writeUInt32LE(size, 12);
      record.writeUInt8(op ?? 1, 16);
      record.writeUInt16LE(7, 17);
      record.writeBigInt64LE(next, 19);
      return record;
    }),
  );
}

export function corda(ids: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(ids.length * 8);
  ids.forEach((id, i) => {
    bytes.writeBigInt64BE(id, i * 8);
  });
  return bytes;
}

export function cache2k(ids: readonly number[]): Buffer {
  const bytes = Buffer.alloc(ids.length * 4);
  ids.forEach((id, i) => {
    bytes.writeInt32BE(id, i * 4);
  });
  return bytes;
}

export interface BlockRequest {
  command: number;
  length: number;
  block: bigint;
  microseconds: bigint;
}

export function vscsi(version: 1 | 2, requests: readonly BlockRequest[]): Buffer {
  return Buffer.concat(
    requests.map(({ command, length, block, microseconds }, serial) => {
      const record = Buffer.alloc(version === 1 ? 32 : 40);
      const [serialAt, lengthAt, commandAt] = version === 1 ? [0, 4, 12] : [4, 8, 0];
      record.writeUInt32LE(serial, serialAt);
      record.writeUInt32LE(length, lengthAt);
      record.writeUInt16LE(command, commandAt);
      record.writeUInt16LE(version << 8, commandAt + 2);
      record.writeBigUInt64LE(block, 16);
      record.writeBigUInt64LE(microseconds, 24);
      return record;
    }),
  );
}

export function twrBinary(
  time: number,
  id: bigint,
  keySize: number,
  valueSize: number,
  op: number,
  ttl: number,
): Buffer {
  const record = Buffer.alloc(20);
  record.writeUInt32LE(time, 0);
  record.writeBigUInt64LE(id, 4);
  record.writeUInt32LE(((keySize << 22) | valueSize) >>> 0, 12);
  record.writeUInt32LE(((op << 24) | ttl) >>> 0, 16);
  return record;
}

export interface LogRecord {
  hash: bigint;
  us: number;
  value: number;
  ttlMs: number;
  keyLength: number;
  op: number;
}

/** One block of an operation log. */
export function operationLog(
  records: readonly LogRecord[],
  block: { stream?: number; store?: number; base?: number } = {},
): Buffer {
  const body = Buffer.concat(
    records.map(({ hash, us, value, ttlMs, keyLength, op }) => {
      const record = Buffer.alloc(24);
      record.writeBigUInt64LE(hash, 0);
      record.writeUInt32LE(us, 8);
      record.writeUInt32LE(value, 12);
      record.writeUInt32LE(ttlMs, 16);
      record.writeUInt16LE(keyLength, 20);
      record.writeUInt8(op, 22);
      return record;
    }),
  );
  const header = Buffer.alloc(48);
  header.write("EngramOL", "latin1");
  header.writeUInt32LE(1, 8);
  header.writeUInt32LE(records.length, 12);
  header.writeUInt32LE(crc32(body), 16);
  header.writeUInt32LE(block.stream ?? 1, 20);
  header.writeDoubleLE(block.base ?? 1.7e15, 24);
  header.writeUInt32LE(block.store ?? 1, 32);
  header.writeUInt32LE(crc32(header.subarray(0, 44)), 44);
  return Buffer.concat([header, body]);
}
