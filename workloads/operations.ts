/**
 * Operation codes: one byte each, so that a pre-generated stream and a loaded trace are plain typed arrays. Traces and
 * scenarios share them; what a subject cannot do it refuses by name.
 */
export const OP_GET = 0;
export const OP_SET = 1;
export const OP_DELETE = 2;
/** Adds 1 to a counter. */
export const OP_INCREMENT = 3;
/** Get, change, set of the same key (YCSB workload F). */
export const OP_READ_MODIFY_WRITE = 4;
/** Set of a key no earlier operation of the stream has named. */
export const OP_INSERT = 5;
/** Cache-aside: get, and on a miss set. */
export const OP_GET_OR_SET = 6;
/** A trace's request that is none of the above (a SCSI command that neither reads nor writes, a no-op). */
export const OP_OTHER = 7;

/** Name of each operation code, as scenario files and reports spell it; the index is the code. */
export const OPERATION_NAMES = [
  "get",
  "set",
  "delete",
  "increment",
  "readModifyWrite",
  "insert",
  "getOrSet",
  "other",
] as const;

export type OperationName = (typeof OPERATION_NAMES)[number];
export type MixOperation = Exclude<OperationName, "other">;

/** The operations a scenario's mix may name: everything but `other`. */
export const MIX_OPERATIONS = OPERATION_NAMES.filter((name): name is MixOperation => name !== "other");

/** The code of an operation name. */
export function operationCode(name: OperationName): number {
  return OPERATION_NAMES.indexOf(name);
}
