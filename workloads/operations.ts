/**
 * Operation codes: one byte each, so that a pre-generated stream and a loaded trace are plain typed arrays. Traces and
 * scenarios share the first eight; the others are a scenario's alone. What a subject cannot do it refuses by name.
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
/** Reads a value where it lies, without a copy. */
export const OP_BORROW = 8;
/** Reads so many entries, beginning with the key's (YCSB workload E). */
export const OP_SCAN = 9;
/** Writes the next entry of a bounded log: the keys in turn, the oldest replaced. */
export const OP_APPEND = 10;
/** Puts a message into another agent's mailbox. */
export const OP_SEND = 11;
/** Takes what has come into the agent's own mailbox. */
export const OP_RECEIVE = 12;
/** Takes the oldest message of the agent's own mailbox and gives it to the next agent; an agent's first starts a few of its own. */
export const OP_HAND_OFF = 13;
/** Looks whether an entry has changed since this worker last looked, and reads it when it has. */
export const OP_WATCH = 14;

/** Name of each operation that a trace can hold, as files and reports spell it; the index is the code. */
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

/** Operations of scenarios alone, with the codes that follow. */
export const SCENARIO_ONLY_OPERATIONS = ["borrow", "scan", "append", "send", "receive", "handOff", "watch"] as const;

/** Name of every operation a stream can hold; the index is the code. */
export const STREAM_OPERATIONS = [...OPERATION_NAMES, ...SCENARIO_ONLY_OPERATIONS] as const;

export type OperationName = (typeof OPERATION_NAMES)[number];
export type ScenarioOnlyOperation = (typeof SCENARIO_ONLY_OPERATIONS)[number];
export type StreamOperation = (typeof STREAM_OPERATIONS)[number];
export type MixOperation = Exclude<StreamOperation, "other">;

/** The operations a scenario's mix may name: everything but `other`. */
export const MIX_OPERATIONS = STREAM_OPERATIONS.filter((name): name is MixOperation => name !== "other");

/** Operations on mailboxes: their key is an agent's number, and they touch no entry. */
export const MAILBOX_OPERATIONS: readonly StreamOperation[] = ["send", "receive", "handOff"];

/** 1 for the codes of operations that write a value to a key. */
export const WRITES_VALUE = Uint8Array.from(STREAM_OPERATIONS, (name) =>
  ["set", "insert", "readModifyWrite", "getOrSet", "append"].includes(name) ? 1 : 0,
);

/** The code of an operation name. */
export function operationCode(name: StreamOperation): number {
  return STREAM_OPERATIONS.indexOf(name);
}
