/** What a SCSI block command does to a cache. */
import { OP_GET, OP_OTHER, OP_SET } from "../../operations.js";

/** READ (6, 10, 12, 16) and WRITE (6, 10, 12, 16) of the SCSI block commands. */
const READS = new Set([0x08, 0x28, 0xa8, 0x88]);
const WRITES = new Set([0x0a, 0x2a, 0xaa, 0x8a]);

/** The operation of a command's code (its first byte); `other` for one that moves no data. */
export function scsiOperation(code: number): number {
  if (READS.has(code)) return OP_GET;
  return WRITES.has(code) ? OP_SET : OP_OTHER;
}
