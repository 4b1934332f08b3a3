/** One simulated thread: an instance of the engine, its operations, and where it is in them. */
import type { Engine } from "../../src/core/index.js";
import type { Interest } from "./change-events.js";
import { type AgentCalls, Hands } from "./hands.js";
import { LockState } from "./lock-state.js";
import { KEY_COUNT, type Op, type OpKind } from "./program.js";
import type { Snapshot } from "./snapshot.js";
import * as T from "./tiny-layout.js";

/** The engine with what asyncify adds: `data` is where a stack is saved. */
export interface ExploreEngine extends Engine, AgentCalls, T.AgentMakers {
  /** Where a thread begins its next search for a block. */
  forgetHints(): void;
  // of rows.ts, which the shipped engine has no use for
  fillRow(row: number, bytes: number, first: number, second: number): void;
  repairRow(row: number): number;
  copyRow(row: number, bytes: number, to: number, more: number, moreBytes: number, moreTo: number): number;
  asyncify_start_unwind(data: number): void;
  asyncify_stop_unwind(): void;
  asyncify_start_rewind(data: number): void;
  asyncify_stop_rewind(): void;
}

/** How the engine knows a delivery, and which call of the history it was. */
export interface Delivered {
  readonly cell: number;
  low: number;
  high: number;
  readonly value: number;
  readonly call: number;
}

/** The engine's functions that an operation may be made of besides the one that it is named for. */
export type Calling =
  | OpKind
  | "resolve"
  | "candidates"
  | "evictFull"
  | "create"
  | "claim"
  | "attach"
  | "removeListed"
  | "makeRing"
  | "listen"
  | "lookAgain"
  | "takeLarge"
  | "setLarge"
  | "sendLarge"
  | "putLarge"
  | "isStill"
  | "dropLarge"
  | "hold"
  | "copyHeld"
  | "letGo"
  | "endReceive"
  | "makeLock"
  | "takeLock"
  | "attemptLock"
  | "findDeadlock"
  | "abandonLock"
  | "releaseLock"
  | "inside"
  | "sleep"
  | "repairRow"
  | "leaveRow"
  | "agents"
  | "leave"
  | "takeRecord"
  | "showRecord"
  | "giveRecord"
  | "readRecord"
  | "nothing"
  | "reapRecord"
  | "returnRecord"
  | "takePermit"
  | "waitForPermit"
  | "endWait"
  | "givePermit"
  | "reapPermits";

export class Thread {
  engine!: ExploreEngine;
  readonly stack: number;
  ops: readonly Op[] = [];
  values: readonly number[] = [];
  /** Index of the operation under way, or next. */
  at = 0;
  /** The engine's function under way, by OpKind, or "resolve". */
  calling: Calling = "get";
  busy = false;
  paused = false;
  killed = false;
  enabled = true;
  slot = 0;
  /** By namespace: address and version of its directory entry as last seen. */
  readonly records = new Int32Array(4);
  history = 0;
  /** evictListed: how many were listed, and which of them is removed next. */
  listed = 0;
  listedAt = 0;
  /** By key: address, generation and value of what this thread read or wrote last. */
  readonly tokens = new Int32Array(KEY_COUNT * 3);
  /** Buffers lent to this thread. */
  readonly buffers: number[] = [];
  /** Address and version of the entry of the last record drained; 0 = none. */
  victim = 0;
  victimVersion = 0;
  /** setMany: rows written, before the namespace was looked up again; -1 = it was not. */
  rowsDone = -1;
  /** What this thread's own clock shows beyond the time that all of them show. */
  ahead = 0;
  /** The span in hand, 0 = none; and what the operation answers once that is given back, or what it holds let go. */
  span = 0;
  answer = 0;
  /** The large message that was found, as it was copied. */
  copied = new Uint32Array(0);
  pin = -1;
  pinnedAt = 0;
  pinnedValue = 0;
  /** The region this thread has open: its bytes, the place that keeps it, whose memory it is. 0 = none. */
  region = 0;
  regionPin = 0;
  regionEntry = 0;
  regionVersion = 0;
  /** The channel this thread has opened: its entry, in which life. */
  ring = 0;
  ringVersion = 0;
  /** Deliveries from the queue that this thread has not settled: the last one is what it settles next. */
  readonly deliveries: Delivered[] = [];
  /** What this thread wants to know of, since when. */
  readonly interests: Interest[] = [];
  /** look: reads so far. */
  looks = 0;
  /** The bell when it began to listen, and whether it sleeps on that. */
  bell = 0;
  asleep = false;
  readonly locks = new LockState();
  readonly hands = new Hands();
  /** What its slot's claim is, until the slot is reaped. */
  claim = 0;
  /** Records of the table that it has; the one in hand, that it reads, or that its reaping has come to. */
  readonly tracked: number[] = [];
  record = 0;
  /** The permit that it has, and whether it is its own: from the answer that it has one to the call that gives it back, or takes it from the dead. */
  permit = -1;
  inPermit = false;
  snapshot: Snapshot | null = null;
  /** When the snapshot's cut was there. */
  cutAt = 0;
  /** Waits for another thread, which only a backup ever does. */
  blocked = false;

  constructor(readonly number: number) {
    this.stack = T.STACKS + number * T.STACK_SIZE;
  }
}
