/** What the explorer's threads do: a few operations each, on a few keys of one namespace. */
import type { TinySettings } from "./tiny-layout.js";

export type OpKind =
  | "set"
  | "setEvicting"
  | "setIfAbsent"
  | "setIfVersion"
  | "get"
  | "peek"
  | "near"
  | "getMany"
  | "setMany"
  | "has"
  | "delete"
  | "deleteIfVersion"
  | "touch"
  | "add"
  | "borrow"
  | "release"
  | "sweep"
  | "sweepDue"
  | "tick"
  | "clock"
  | "evict"
  | "relinquish"
  | "clear"
  | "drop"
  | "drain"
  | "victim"
  | "rejoin"
  | "list"
  | "evictListed"
  | "configure"
  | "buffer"
  | "returnBuffer"
  | "send"
  | "receive"
  | "channel"
  | "put"
  | "take"
  | "ack"
  | "nack"
  | "extend"
  | "dropChannel"
  | "snapshot"
  | "adopt"
  | "makeRegion"
  | "openRegion"
  | "closeRegion"
  | "dropRegion"
  | "lock"
  | "lockBoth"
  | "read"
  | "write"
  | "openLock"
  | "dropLock"
  | "watch"
  | "watchKey"
  | "look"
  | "writeRow"
  | "readRow"
  | "takeBlock"
  | "giveBlock"
  | "takePiece"
  | "takeGroupPiece"
  | "givePiece"
  | "giveGroupPiece"
  | "settle"
  | "changeAgent"
  | "handOverAgent"
  | "releaseAgent"
  | "adoptAgent"
  | "claimAgent"
  | "track"
  | "untrack"
  | "readRecords"
  | "permit"
  | "reap";

export interface Op {
  readonly kind: OpKind;
  /** Keys 0 to 2 share a bucket, key 3 is in the other if there are two; 4 and 5 are named like 0 and 1, in a second namespace. */
  readonly key?: number;
  /** getMany, setMany; adopt: of the entries in the slab. */
  readonly keys?: readonly number[];
  /** clear, drop, list, evictListed: 1 = the second namespace. */
  readonly space?: number;
  /** takePiece, takeGroupPiece: of two units. adoptAgent: by the first handle instead of the last. set: a value of 24 bytes, whose chunk is of the next size class, instead of 8. */
  readonly wide?: boolean;
  /** set, send: a value of `LARGE_BYTES`, which lies in a span of two slabs. */
  readonly large?: boolean;
  /** set, touch, add: expires at the first tick; add: if it makes the counter. take: so does its lease. put, nack: it is ready from then on. */
  readonly ttl?: boolean;
  /** reap: the thread that died. */
  readonly victim?: number;
  /** permit: its patience, as of a lock. lock, read, write, openLock, dropLock: which lock. With `ttl` its patience ends: at the first time-out, with `wide` at the second. */
  readonly lock?: number;
  /** lockBoth: which locks, in the order in which they are taken. */
  readonly locks?: readonly number[];
  /** drain: whose access log. */
  readonly log?: number;
}

export interface Program {
  readonly name: string;
  readonly threads: readonly (readonly Op[])[];
  /** Done before the schedule starts, one after the other, by the thread given. */
  readonly setup: readonly { readonly thread: number; readonly op: Op }[];
  readonly settings: TinySettings;
  /** Values of keys are counters (add) instead of unique values. */
  readonly counters: boolean;
  /** 2 = there is a second namespace. */
  readonly spaces: 1 | 2;
  /** Backups copy every region, as the first one into a file does. */
  readonly full?: boolean;
  /** Threads that may be killed in one schedule; each death is followed by a reap. */
  readonly kills: number;
  /** Every schedule ends: one that needs more accesses than there may be is a violation, and not only given up. */
  readonly ends: boolean;
  /** Cells of the work queue. null: there is none. */
  readonly queue: { readonly capacity: number } | null;
  /** Locks that there are; nested: a thread takes one while it has another, so who waits looks for deadlocks. null: there are none. */
  readonly locks: LockProgram | null;
  /** One sender, or many; cells of the ring. null: no ring. */
  readonly ring: { readonly single: boolean; readonly capacity: number } | null;
}

export interface LockProgram {
  readonly kind: "mutex" | "rw";
  readonly count: number;
  readonly nested: boolean;
  /** The bit of thread 1 is among the readers' before it reads: it was let in after it had given up. */
  readonly late?: true;
}

/** Whether one of its threads wants to know of changes. */
export function watches(program: Program): boolean {
  return program.threads.some((ops) => ops.some(({ kind }) => kind === "watch" || kind === "watchKey"));
}

/** Bytes of a region: with its header, two of the explorer's slabs. */
export const REGION_BYTES = 300;

/** Bytes of a large value: two of the explorer's slabs. */
export const LARGE_BYTES = 264;

/** Whether its threads write and read the row. */
export function hasRow(program: Program): boolean {
  return program.threads.some((ops) => ops.some(({ kind }) => kind === "writeRow" || kind === "readRow"));
}

/** Whether they track what they hold in the table of records. */
export function hasRecords(program: Program): boolean {
  return program.threads.some((ops) => ops.some(({ kind }) => kind === "track"));
}

/** Whether they ask for permits. */
export function hasPermits(program: Program): boolean {
  return program.threads.some((ops) => ops.some(({ kind }) => kind === "permit"));
}

/** Permits that there are: one fewer than there are threads. */
export function permitsOf(program: Program): number {
  return Math.max(1, program.threads.length - 1);
}

export const KEY_COUNT = 6;
/** Keys of the first namespace come first. */
export const FIRST_SPACE_KEYS = 4;

/** The namespace an operation is on: 0 or 1. */
export function spaceOf(op: Op): number {
  return op.space ?? ((op.key ?? 0) < FIRST_SPACE_KEYS ? 0 : 1);
}
const SPACE_NAMES = ["n", "m"] as const;

/** A key's name in reports: its letter, with the name of the second namespace. */
export const keyName = (key: number): string => ["a", "b", "c", "d", "m:a", "m:b"][key];

/** Unique in its program: which write a value read came from. */
export function writeValue(thread: number, index: number): number {
  return 1 + thread * 16 + index;
}
/** The same for writes of the setup. */
export function setupValue(index: number): number {
  return 100 + index;
}
/** Of a row of a setMany that writes `value` in its first. */
export function rowValue(value: number, row: number): number {
  return value + row * 1000;
}
const CHECK_FACTOR = 0x9e3779b1;
/** The second word of a value, by its first. */
export function checkOf(value: number): number {
  return Math.imul(value, CHECK_FACTOR);
}
/** What configure sets: with it, and no more, a second key of the namespace still fits. */
export const ENTRY_LIMIT = 2;
/** A counter that a plain set wrote: far from what adding ones can reach from another one. */
export const COUNTER_UNIT = 1000;

export function describeOp(op: Op, value: number): string {
  const key = op.key === undefined ? "" : ` ${keyName(op.key)}`;
  switch (op.kind) {
    case "set":
    case "setEvicting":
      return `${op.kind}${key} = ${value}${op.wide ? " (24 bytes)" : ""}${sizeOf(op)}${op.ttl ? " until the tick" : ""}`;
    case "setIfAbsent":
    case "setIfVersion":
      return `${op.kind}${key} = ${value}${sizeOf(op)}`;
    case "touch":
    case "add":
      return `${op.kind}${key}${op.ttl ? " until the tick" : ""}`;
    case "near":
      return `get${key}, kept near`;
    case "getMany":
      return `getMany ${op.keys?.map(keyName).join(", ")}`;
    case "setMany":
      return `setMany ${op.keys?.map((key, row) => `${keyName(key)} = ${rowValue(value, row)}`).join(", ")}`;
    case "adopt":
      return `adopt a slab with ${op.keys?.map((key, row) => `${keyName(key)} = ${rowValue(value, row)}`).join(", ")}`;
    case "clear":
    case "drop":
    case "list":
    case "evictListed":
      return `${op.kind} namespace ${SPACE_NAMES[spaceOf(op)]}`;
    case "drain":
      return `drain the log of thread ${op.log}`;
    case "tick":
      return "the time has come by every clock";
    case "clock":
      return "the time has come by this thread's clock";
    case "sweepDue":
      return "sweep what has expired";
    case "watch":
      return "watch the namespace";
    case "writeRow":
      return `write ${value} into the row, if it is this thread's`;
    case "readRow":
      return "read the row";
    case "takeBlock":
      return "take a block";
    case "giveBlock":
      return "give the block back that was taken last";
    case "takePiece":
      return `take a piece${unitsOf(op)}`;
    case "takeGroupPiece":
      return `take a piece for the group${unitsOf(op)}`;
    case "givePiece":
      return "give the piece back that was taken last";
    case "giveGroupPiece":
      return "give the group's first piece back";
    case "settle":
      return "settle what a dead thread had";
    case "changeAgent":
      return `change the agent to ${value}, if it is this thread's`;
    case "handOverAgent":
      return "hand the agent over";
    case "releaseAgent":
      return "release the agent";
    case "adoptAgent":
      return `adopt the agent by the ${op.wide ? "first" : "last"} handle`;
    case "claimAgent":
      return `claim the agent, if nobody living has it; if it is half changed, change it to ${value}`;
    case "track":
      return `take a record and show ${value} in it`;
    case "untrack":
      return "give back the record taken last";
    case "readRecords":
      return "read all records";
    case "permit":
      return `take a permit${patience(op)}, and give it back`;
    case "look":
      return "read changes";
    case "victim":
      return "evict what was drained last";
    case "configure":
      return `limit to ${ENTRY_LIMIT} entries`;
    case "send":
      return `send ${value}${sizeOf(op)}`;
    case "put":
      return `put ${value}${sizeOf(op)} into the queue${op.ttl ? ", ready at the tick" : ""}`;
    case "take":
      return `take from the queue${op.ttl ? " until the tick" : ""}`;
    case "ack":
    case "extend":
      return `${op.kind} what was taken last`;
    case "nack":
      return `give back what was taken last${op.ttl ? ", ready at the tick" : ""}`;
    case "lock":
    case "read":
    case "write":
      return `${op.kind} ${LOCK_NAMES[op.lock ?? 0]}${patience(op)}`;
    case "lockBoth":
      return `lock ${op.locks?.map((lock) => LOCK_NAMES[lock]).join(", then ")}${patience(op)}`;
    case "openLock":
      return `open or make lock ${LOCK_NAMES[op.lock ?? 0]}`;
    case "dropLock":
      return `drop lock ${LOCK_NAMES[op.lock ?? 0]}`;
    case "channel":
      return "open or make the channel";
    case "dropChannel":
      return "drop the channel";
    case "reap":
      return `reap thread ${op.victim}`;
    default:
      return `${op.kind}${key}`;
  }
}

const LOCK_NAMES = ["k", "l"] as const;

function patience(op: Op): string {
  return op.ttl ? `, for ${op.wide ? "two time-outs" : "one time-out"}` : "";
}

function unitsOf(op: Op): string {
  return op.wide ? " of two units" : "";
}

function sizeOf(op: Op): string {
  return op.large ? ` (${LARGE_BYTES} bytes)` : "";
}

/** Whether any value of the program is large. */
export function hasLarge({ threads, setup }: Program): boolean {
  return threads.some((ops) => ops.some(({ large }) => large)) || setup.some(({ op }) => op.large);
}

export function describeProgram(program: Program): string[] {
  const { settings: s } = program;
  const lines = [
    `program ${program.name}: ${s.buckets} bucket${s.buckets > 1 ? "s" : ""}, ${s.slabs} slabs of 256 bytes, refill ${s.refill}, cache ${s.cacheLimit}, retire ${s.retireLimit}, eviction ${s.evict ? "on" : "off"}${s.logRecords > 0 ? `, access logs of ${s.logRecords} records` : ""}${watches(program) ? `, change logs of ${s.changeBytes} bytes` : ""}`,
  ];
  program.setup.forEach(({ thread, op }, i) => {
    lines.push(`  before   thread ${thread}: ${describeOp(op, setupValue(i))}`);
  });
  program.threads.forEach((ops, thread) => {
    lines.push(
      `  thread ${thread}: ${ops.map((op, i) => describeOp(op, writeValue(thread, i))).join("; ") || "nothing"}`,
    );
  });
  return lines;
}
