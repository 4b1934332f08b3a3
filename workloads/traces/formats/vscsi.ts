/**
 * vscsi v1 and v2: block I/O as recorded by VMware's vscsiStats, little-endian C structs. The version sits in the high byte
 * of `ver` in every record, so the two tell themselves apart.
 *
 *   v1, 32 bytes: u32 serial, u32 length (bytes), u32 segments, u16 command, u16 ver, u64 block, u64 time (us)
 *   v2, 40 bytes: u16 command, u16 ver, u32 serial, u32 length, u32 segments, u64 block, u64 time (us), u64 response time
 *
 * The id is the block number of the request's start, as libCacheSim takes it: a request of many blocks is one object.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import { TraceBatch } from "../batch.js";
import type { TraceFormat } from "../format.js";
import { recordBlocks } from "../records.js";
import { scsiOperation } from "./scsi.js";

interface Layout {
  readonly version: 1 | 2;
  readonly size: number;
  readonly length: number;
  readonly command: number;
  readonly ver: number;
  readonly block: number;
  readonly time: number;
}

const V1: Layout = { version: 1, size: 32, length: 4, command: 12, ver: 14, block: 16, time: 24 };
const V2: Layout = { version: 2, size: 40, length: 8, command: 0, ver: 2, block: 16, time: 24 };

const MICROSECONDS = 1e6;

export const vscsi: TraceFormat = {
  name: "vscsi",
  description: "VMware block I/O, binary, versions 1 and 2",
  endings: [".vscsi", ".vscsitrace", ".vscsi1", ".vscsi2"],
  looksLike: (head) => head.length >= 2 * V1.size && layoutOf(head) !== undefined,
  async *read(source) {
    const layout = layoutOf(source.head);
    if (layout === undefined) {
      throw new InvalidArgumentError(
        `${source.path}: byte 0: neither a version 1 nor a version 2 vscsi record; expected the version in byte 15 (v1) or 3 (v2)`,
      );
    }
    const batch = new TraceBatch("number", { size: true, op: true, time: true });
    for await (const { view, count, offset } of recordBlocks(source, layout.size, `vscsi v${layout.version}`)) {
      for (let i = 0; i < count; i++) {
        const at = i * layout.size;
        const version = view.getUint16(at + layout.ver, true) >>> 8;
        if (version !== layout.version) {
          throw new InvalidArgumentError(
            `${source.path}: byte ${offset + at + layout.ver}: version ${version}; expected ${layout.version} as in the records before`,
          );
        }
        const n = batch.count++;
        batch.lo[n] = view.getUint32(at + layout.block, true);
        batch.hi[n] = view.getUint32(at + layout.block + 4, true);
        batch.sizes[n] = view.getUint32(at + layout.length, true);
        batch.ops[n] = scsiOperation(view.getUint16(at + layout.command, true) & 0xff);
        batch.times[n] = Number(view.getBigUint64(at + layout.time, true)) / MICROSECONDS;
        if (batch.full) {
          yield batch;
          batch.count = 0;
        }
      }
    }
    if (batch.count > 0) yield batch;
  },
};

function layoutOf(head: Buffer): Layout | undefined {
  return [V2, V1].find((layout) => {
    const records = Math.min(2, Math.floor(head.length / layout.size));
    if (records === 0) return false;
    for (let i = 0; i < records; i++) {
      if (head.readUInt16LE(i * layout.size + layout.ver) >>> 8 !== layout.version) return false;
    }
    return true;
  });
}
