/** An operation of a program as a call of the engine, with the arguments that src/store would pass. */
import { layout as L } from "../../src/core/index.js";
import { ADOPTED_CLASS, CUT_EPOCH, slabOf } from "./adoption.js";
import {
  checkOf,
  ENTRY_LIMIT,
  LARGE_BYTES,
  type Op,
  type OpKind,
  type Program,
  REGION_BYTES,
  spaceOf,
} from "./program.js";
import { ROW_BYTES, ROW_FIRST_BYTES } from "./row-history.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

/** Where the window of getMany and setMany holds what: their rows from 0 on, keys, values. */
export const MANY_KEYS = 64;
export const MANY_VALUES = 256;
const MANY_END = 1024;
/** Records a drain takes at most: fewer than may wait. */
const DRAIN_ROOM = 3;
/** Bytes for changes: room for two of a key as short as these. */
export const LOOK_ROOM = L.T_RECORD + L.KEY_MAX + 48;
/** Expired entries that one sweep takes out at most: as many as there may be keys, less one. */
const SWEEP_ROOM = 2;
/** Ticks: more than there ever are. */
const LONG_LEASE = 5;

export interface Place {
  readonly words: Uint32Array;
  readonly buckets: number;
  readonly slabs: number;
  /** What channels are made with. */
  readonly ring: NonNullable<Program["ring"]>;
  readonly threads: readonly Thread[];
  /** What the clock of the schedule shows. */
  readonly now: number;
  /** What locks are made as. */
  readonly locking: "mutex" | "rw";
  /** The thread's stack is being wound up: the call only leads back to where it was, its arguments are ignored. */
  readonly rewinding: boolean;
}

/** Calls the engine, or, when its stack is being wound up again, calls it once more with what is ignored then. */
export function callEngine(thread: Thread, place: Place): number {
  const { engine, records } = thread;
  const op = thread.ops[thread.at];
  const space = spaceOf(op) * 2;
  const record = records[space];
  const version = records[space + 1];
  switch (thread.calling) {
    case "get":
      return engine.get(record, version, 1);
    case "getMany":
      return engine.getMany(record, version, op.keys?.length ?? 0, MANY_VALUES, MANY_END);
    case "setMany":
      return engine.setMany(record, version, (op.keys?.length ?? 0) - Math.max(0, thread.rowsDone), 0, L.MODE_SET);
    case "has":
      return engine.has(record, version, 1);
    case "set":
      return callSet(thread, op, record, version, L.MODE_SET);
    case "setEvicting":
      return callSet(thread, op, record, version, L.MODE_SET);
    case "setIfAbsent":
      return callSet(thread, op, record, version, L.MODE_IF_ABSENT);
    case "setIfVersion":
      return callSet(thread, op, record, version, L.MODE_IF_VERSION);
    case "delete":
      return engine.remove(record, version, 1);
    case "add":
      return engine.add(record, version, 1, 1n, op.ttl ? 1 : 0);
    case "peek":
      return engine.peek(record, version, 1);
    case "near":
      return callNear(thread, op, record, version, place.words);
    case "touch":
      return engine.touch(record, version, 1, op.ttl ? 1 : 0);
    case "deleteIfVersion":
      return callDeleteIf(thread, op, record, version);
    case "borrow":
      return engine.borrow(record, version, 1);
    case "release":
      if (thread.pin >= 0) engine.giveBackPin(thread.pin);
      return 1;
    case "sweep":
      return engine.sweep(place.buckets);
    case "sweepDue":
      return engine.sweepDue(SWEEP_ROOM);
    case "tick":
      place.words[T.CONTROL_TIME >> 2] = 1;
      return 1;
    case "clock":
      thread.ahead = 1;
      return 1;
    case "candidates":
      return Number(engine.list(L.FIRST_ID, 0, place.buckets, thread.slot + L.S_MANY, 64) >> 32n);
    case "evictFull":
      return engine.removeVictim(thread.victim, thread.victimVersion);
    case "evict":
      return engine.evict(1);
    case "relinquish":
      engine.relinquish();
      return 1;
    case "clear":
      return engine.clearNamespace(record, version, 1);
    case "drop":
      return engine.dropNamespace(record, version, 1);
    case "create":
      return engine.createNamespace(1, 0, 0, 0n);
    case "claim":
      return Number(engine.claimEvictor());
    case "drain":
      return engine.readLog(op.log ?? 0, thread.slot + L.S_MANY, DRAIN_ROOM);
    case "victim":
      return thread.victim === 0 ? 0 : engine.evictVictim(thread.victim, thread.victimVersion);
    case "resolve":
      return engine.resolve(1);
    case "rejoin":
      engine.detach();
      return 1;
    case "attach":
      return engine.attach(thread.number);
    case "list":
    case "evictListed":
      return Number(engine.listOf(record, version, 0, place.buckets, thread.slot + L.S_MANY, 64) >> 32n);
    case "removeListed":
      return callRemove(thread, place.words);
    case "configure":
      return engine.configureNamespace(record, version, 1, ENTRY_LIMIT, 0n);
    case "buffer":
      return engine.takeBuffer(8);
    case "returnBuffer":
      return engine.returnBuffer(thread.buffers[thread.buffers.length - 1] ?? 0);
    case "send":
      return engine.send(thread.ring, thread.ringVersion, thread.slot + L.S_VALUE, 8);
    case "receive":
      return engine.receive(thread.ring, thread.ringVersion, thread.slot + L.S_VALUE);
    case "put":
      return engine.putTask(thread.ring, thread.ringVersion, thread.slot + L.S_VALUE, 8, op.ttl ? 1 : 0);
    case "take":
      return engine.takeTask(thread.ring, thread.ringVersion, thread.slot + L.S_VALUE, op.ttl ? 1 : LONG_LEASE);
    case "ack":
    case "nack":
    case "extend":
      return callSettling(thread, op);
    case "channel":
      return engine.openRing(1);
    case "makeRing":
      return engine.makeRing(1, place.ring.capacity, place.ring.single ? L.RING_SPSC : L.RING_MPSC, 0);
    case "dropChannel":
      return engine.dropRing(1);
    case "takeLarge":
      return engine.takeLarge(LARGE_BYTES);
    case "dropLarge":
      engine.dropLarge(thread.span, LARGE_BYTES);
      return 1;
    case "setLarge":
      return callSetLarge(thread, op, record, version);
    case "hold":
      return engine.hold(record, version, 1);
    case "copyHeld":
      return engine.copyLarge(record, version, 1, thread.slot + L.S_VALUE, MANY_END);
    case "letGo":
      engine.letGo();
      return 1;
    case "sendLarge":
      return engine.sendLarge(thread.ring, thread.ringVersion, thread.span, LARGE_BYTES);
    case "putLarge":
      return engine.putTaskLarge(thread.ring, thread.ringVersion, thread.span, LARGE_BYTES, op.ttl ? 1 : 0);
    case "isStill":
      return callIsStill(thread, place);
    case "endReceive":
      engine.endReceive();
      return 1;
    case "reap":
      return callReap(thread, op.victim ?? 0, place);
    case "adopt":
      return engine.adoptSlab(slabOf(place.slabs, thread.number, thread.at), ADOPTED_CLASS, CUT_EPOCH, 0, 0);
    case "lock":
    case "lockBoth":
    case "read":
    case "write":
    case "takeLock":
    case "attemptLock":
    case "findDeadlock":
    case "abandonLock":
    case "releaseLock":
    case "openLock":
    case "makeLock":
    case "dropLock":
      return callLock(thread, place);
    case "makeRegion":
      return engine.makeRegion(1, REGION_BYTES);
    case "openRegion":
      return engine.openRegion(1);
    case "closeRegion":
      if (thread.region !== 0) engine.closeRegion(thread.regionPin);
      return 1;
    case "dropRegion":
      return engine.dropRegion(1);
    case "watch":
    case "watchKey":
      return engine.beginWatching(thread.interests.length === 1);
    case "look":
    case "lookAgain":
      // nobody reads who does not watch
      return thread.interests.length === 0 ? 0 : engine.readChanges(thread.slot + L.S_MANY, LOOK_ROOM);
    case "listen":
      return engine.listen(place.words[(thread.slot + L.S_OUT + L.O_LISTENING) >> 2]);
    case "writeRow":
      engine.fillRow(T.ROW, ROW_BYTES, thread.values[thread.at], checkOf(thread.values[thread.at]));
      return 1;
    case "readRow":
      return callReadRow(thread);
    case "repairRow":
      return engine.repairRow(T.ROW);
    case "takeBlock":
    case "giveBlock":
    case "takePiece":
    case "takeGroupPiece":
    case "givePiece":
    case "giveGroupPiece":
    case "settle":
    case "changeAgent":
    case "handOverAgent":
    case "releaseAgent":
    case "adoptAgent":
    case "claimAgent":
    case "agents":
      return thread.hands.run(engine);
    case "takeRecord":
    case "showRecord":
    case "giveRecord":
    case "readRecord":
    case "reapRecord":
    case "returnRecord":
      return callRecord(thread, op, place);
    case "takePermit":
    case "waitForPermit":
    case "endWait":
    case "givePermit":
    case "reapPermits":
      return callPermit(thread, op, place);
    case "track":
    case "untrack":
    case "readRecords":
    case "permit":
    case "nothing":
    case "leave":
    case "leaveRow":
    case "snapshot":
    case "inside":
    case "sleep":
      return 1;
  }
}

function callLock({ engine, calling, locks }: Thread, { locking }: Place): number {
  const entry = locks.entries[locks.current];
  switch (calling) {
    case "attemptLock":
      return engine.attemptLock(entry, locks.how, locks.due);
    case "findDeadlock":
      return engine.findDeadlock(entry | (locks.how === L.HOW_READ ? L.HELD_READS : 0));
    case "abandonLock":
      return engine.abandonLock(entry, locks.how);
    case "releaseLock":
      engine.releaseLock(entry, locks.how);
      return 1;
    case "openLock":
      return engine.openLock(1);
    case "makeLock":
      return engine.makeLock(1, locking === "rw" ? L.LOCK_RW : L.LOCK_MUTEX, 0);
    case "dropLock":
      return engine.dropLock(1);
    default:
      return engine.takeLock(entry, locks.versions[locks.current], locks.how, L.WAIT_BLOCKED);
  }
}

function callRecord(thread: Thread, op: Op, { threads }: Place): number {
  const { engine, calling, claim, record, slot } = thread;
  const value = thread.values[thread.at];
  switch (calling) {
    case "takeRecord":
      return engine.takeRecord(T.RESOURCES, claim);
    case "showRecord":
      engine.showRecord(T.RESOURCES, record, value, checkOf(value), value, value, 0, L.RESOURCE_HELD);
      return 1;
    case "readRecord":
      return engine.readRecord(T.RESOURCES, record, slot + L.S_MANY);
    case "reapRecord":
      return engine.reapRecord(T.RESOURCES, record, threads[op.victim ?? 0].claim, claim);
    default:
      return engine.giveRecord(T.RESOURCES, record, claim);
  }
}

function callPermit({ engine, calling, claim, permit }: Thread, op: Op, { threads, now }: Place): number {
  switch (calling) {
    case "takePermit":
      return engine.takePermit(T.PERMITS, claim);
    case "waitForPermit":
      engine.waitForPermit(T.PERMITS, claim, now);
      return 1;
    case "endWait":
      engine.endWaitForPermit(T.PERMITS);
      return 1;
    case "reapPermits":
      return engine.reapPermits(T.PERMITS, threads[op.victim ?? 0].claim);
    default:
      return engine.givePermit(T.PERMITS, permit, claim);
  }
}

/** Into the batch window, in two parts. */
function callReadRow({ engine, slot }: Thread): number {
  const to = slot + L.S_MANY;
  const rest = ROW_FIRST_BYTES;
  return engine.copyRow(T.ROW, rest, to, T.ROW + rest, ROW_BYTES - rest, to + rest);
}

function callSet(thread: Thread, op: Op, record: number, version: number, mode: number): number {
  const key = (op.key ?? 0) * 3;
  return thread.engine.set(
    record,
    version,
    1,
    thread.slot + L.S_VALUE,
    op.wide ? 24 : 8,
    op.ttl ? 1 : 0,
    mode,
    thread.tokens[key],
    thread.tokens[key + 1],
  );
}

/** Of what this thread read or wrote last of the key. */
function callNear({ engine, tokens }: Thread, op: Op, record: number, version: number, words: Uint32Array): number {
  const key = (op.key ?? 0) * 3;
  // behind the name, which is padded to 16 bytes; another's by now, if the record is not current
  const id = words[(record + L.E_KEY + 16 + L.N_ID) >> 2];
  return engine.isPresent(record, version, id, tokens[key], tokens[key + 1]);
}

function callDeleteIf(thread: Thread, op: Op, record: number, version: number): number {
  const key = (op.key ?? 0) * 3;
  return thread.engine.removeIf(record, version, 1, thread.tokens[key], thread.tokens[key + 1]);
}

const MODES: Partial<Record<OpKind, number>> = { setIfAbsent: L.MODE_IF_ABSENT, setIfVersion: L.MODE_IF_VERSION };

function callSetLarge(thread: Thread, op: Op, record: number, version: number): number {
  const key = (op.key ?? 0) * 3;
  return thread.engine.setLarge(
    record,
    version,
    1,
    thread.span,
    LARGE_BYTES,
    op.ttl ? 1 : 0,
    MODES[op.kind] ?? L.MODE_SET,
    thread.tokens[key],
    thread.tokens[key + 1],
  );
}

/** The next of what was listed, by the address and version it had then. */
function callRemove(thread: Thread, words: Uint32Array): number {
  const pair = (thread.slot + L.S_MANY + thread.listedAt * 8) >> 2;
  return thread.engine.removeVictim(words[pair], words[pair + 1]);
}

/** Of what was taken last; nothing taken is nothing to settle. */
function callSettling({ engine, ring, ringVersion, deliveries }: Thread, op: Op): number {
  const delivered = deliveries[deliveries.length - 1];
  if (delivered === undefined) return 0;
  const { cell, low, high } = delivered;
  if (op.kind === "ack") return engine.acknowledgeTask(ring, ringVersion, cell, low, high);
  if (op.kind === "nack") return engine.giveBackTask(ring, ringVersion, cell, low, high, op.ttl ? 1 : 0);
  return engine.extendTask(ring, ringVersion, cell, low, high, LONG_LEASE);
}

/** What was found is copied when the thread goes on, so after others may have had their turn; then it asks. */
function callIsStill(thread: Thread, { words, rewinding }: Place): number {
  const out = words.subarray((thread.slot + L.S_OUT) >> 2);
  const [cell, low, high] = out;
  const at = out[L.O_ADDRESS >> 2] >> 2;
  if (!rewinding) thread.copied = words.slice(at, at + (out[L.O_MESSAGE_SIZE >> 2] >> 2));
  return thread.engine.isStillTask(thread.ring, thread.ringVersion, cell, low, high, out[L.O_NUMBER >> 2]);
}

/** As the host does on a thread's exit: the slot is known by the thread's number in it. */
function callReap(thread: Thread, victim: number, { words, rewinding }: Place): number {
  if (rewinding) return thread.engine.reap(0);
  for (let number = 0; number < T.SLOT_COUNT; number++) {
    const slot = (T.SLOTS + number * L.SLOT_SIZE) >> 2;
    if (words[slot + L.S_STATE / 4] !== L.SLOT_ACTIVE || words[slot + L.S_THREAD / 4] !== victim) continue;
    if (number * L.SLOT_SIZE + T.SLOTS !== thread.slot) return thread.engine.reap(number);
  }
  return 0;
}
