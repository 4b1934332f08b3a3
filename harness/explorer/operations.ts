/**
 * Operations between a program and the engine: what goes into a thread's windows before its call, and what its answer means for
 * the history. One operation may be several calls, as it is in src/store: a namespace that was cleared is looked up again.
 */
import { layout as L } from "../../src/core/index.js";
import { chunkOf, fillSlab, rowsOf } from "./adoption.js";
import { type AgentSteps, isOfAgents } from "./agent-steps.js";
import { noteBegun, noteTold, takeInterest } from "./change-streams.js";
import { MANY_KEYS, MANY_VALUES } from "./engine-calls.js";
import { GONE, lifeOf, NO_EFFECT } from "./history.js";
import { isLocking, type LockSteps } from "./locks.js";
import type { PermitSteps } from "./permit-steps.js";
import {
  checkOf,
  FIRST_SPACE_KEYS,
  keyName,
  LARGE_BYTES,
  type Op,
  REGION_BYTES,
  rowValue,
  spaceOf,
} from "./program.js";
import type { RunRecord } from "./run-record.js";
import type { Snapshot } from "./snapshot.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";
import type { TinyStore } from "./tiny-store.js";

/** The fault: a writer of a full namespace that evicts goes on looking until it has found somebody. */
export const FAULT_SEARCH_ON = 42;
/** What a read returns whose bytes are of no write. */
const TORN = -1000;
/** Reads of one look at most. */
const LOOKS = 3;
/** Their negative numbers mean something else than STALE. */
const ANSWERS_OTHERWISE: ReadonlySet<Thread["calling"]> = new Set([
  "send",
  "receive",
  "drain",
  "dropChannel",
  "put",
  "take",
  "putLarge",
  "isStill",
]);

/** The engine's function by which an operation begins, or goes on once its namespace was found again. */
function firstCall(thread: Thread, op: Op): Thread["calling"] {
  if (op.kind === "drain") return "claim";
  if (op.kind === "near" && thread.tokens[(op.key ?? 0) * 3] === 0) return "get"; // it keeps none
  if (!op.large) return op.kind;
  if (thread.span === 0) return "takeLarge";
  return filledCall(op);
}

/** What a span goes with once it is filled. */
function filledCall({ kind }: Op): Thread["calling"] {
  if (kind === "send") return "sendLarge";
  return kind === "put" ? "putLarge" : "setLarge";
}

export class Operations {
  /** Values of keys are counters. */
  counters = false;
  /** Some values are large: a snapshot may be in the way of a run of slabs though one is free. */
  large = false;
  /** Slabs that the pool has. */
  slabs = 0;
  /** Number of the planted fault. */
  fault = 0;
  /** Whoever reaps also takes back records and permits. */
  settles = false;
  threads: readonly Thread[] = [];
  private readonly words: Uint32Array;
  private readonly keyWords: Uint32Array;

  constructor(
    private readonly store: TinyStore,
    private readonly record: RunRecord,
    private readonly locks: LockSteps,
    private readonly agents: AgentSteps,
    private readonly permits: PermitSteps,
  ) {
    this.words = store.words;
    this.keyWords = store.keyWords;
  }

  /** As the host does: reads until there is nothing, listens, reads once more, sleeps. */
  private goOnLooking(thread: Thread, result: number): void {
    if (thread.calling === "listen") {
      thread.bell = result;
      thread.calling = "lookAgain";
      return;
    }
    if (result !== 0) noteTold(this.record.changes, thread, this.words, result);
    if (result !== 0 && (thread.calling === "lookAgain" || ++thread.looks === LOOKS)) {
      this.finish(thread, 1);
    } else if (result === 0 && thread.calling === "look") {
      thread.calling = "listen";
    } else if (result === 0 && this.mustListenAgain(thread)) {
      thread.calling = "listen";
    } else if (result === 0) {
      thread.asleep = true;
      this.finish(thread, 1);
    }
  }

  /** What is there now waits for others, and it listens only for its own. */
  private mustListenAgain(thread: Thread): boolean {
    const listening = this.words[(thread.slot + L.S_LISTENING) >> 2];
    return this.words[(thread.slot + L.S_OUT + L.O_LISTENING) >> 2] === L.LISTENING_HELD && listening === L.LISTENING;
  }

  /** An operation starts: its call goes into the history, its key and value into the windows. */
  begin(thread: Thread): void {
    const { record } = this;
    const op = thread.ops[thread.at];
    const value = thread.values[thread.at];
    thread.history = record.length;
    const { clock } = record;
    record.newCall(thread, op, value).invoked = record.clock++;
    if (op.kind === "ack" || op.kind === "nack" || op.kind === "extend") this.noteSettling(thread);
    if (op.kind === "closeRegion" || op.kind === "openRegion") this.checkRegion(thread);
    if (op.kind === "watch" || op.kind === "watchKey") takeInterest(thread, op, this.store);
    if (op.kind === "look") {
      thread.looks = 0;
      thread.asleep = false;
    }
    if (op.kind === "setMany") {
      // a set a row: whoever dies in the middle leaves each of them open
      op.keys?.forEach((key, row) => {
        record.newCall(thread, { kind: "set", key }, rowValue(value, row)).invoked = clock;
      });
    }
    if (op.kind === "adopt") {
      rowsOf(op).forEach((row, i) => {
        record.newCall(thread, row, rowValue(value, i)).invoked = clock;
      });
      fillSlab(this.words, this.slabs, this.keyWords, thread, value);
    }
    thread.busy = true;
    thread.rowsDone = -1;
    thread.calling = isLocking(op.kind) ? this.locks.start(thread, op) : firstCall(thread, op);
    if (op.kind === "writeRow") this.beginRow(thread, value);
    if (isOfAgents(op.kind)) thread.calling = this.agents.start(thread, op);
    if (op.kind === "track") thread.calling = "takeRecord";
    if (op.kind === "untrack") this.beginUntracking(thread);
    if (op.kind === "permit") thread.calling = this.permits.start(thread, op);
    if (op.kind === "readRecords") {
      thread.record = 0;
      thread.calling = "readRecord";
    }
    this.fillWindows(thread, op, value);
  }

  /** Only its owner writes the row; a dead one has another after it, which repairs the row, and writes it the next time. */
  private beginRow(thread: Thread, value: number): void {
    const { row } = this.record;
    thread.calling = row.begin(thread, this.threads[row.owner]);
    if (thread.calling === "writeRow") row.noteWrite(value, this.record.clock++);
  }

  private goOnWithRow(thread: Thread, result: number): void {
    const { record, words } = this;
    const { row } = record;
    if (thread.calling === "repairRow") {
      row.noteRepaired(words, result !== 0, record.clock++);
      this.finish(thread, NO_EFFECT);
      return;
    }
    if (thread.calling === "writeRow") row.noteWritten(record.clock++);
    else
      record.broken ??= row.readFault(
        thread,
        words,
        result !== 0,
        record.calls[thread.history].invoked,
        record.clock++,
      );
    this.finish(thread, 1);
  }

  private beginUntracking(thread: Thread): void {
    const { tracked } = thread;
    thread.calling = tracked.length === 0 ? "nothing" : "giveRecord";
    if (tracked.length === 0) return;
    thread.record = tracked[tracked.length - 1];
    this.record.records.noteLeaving(thread, thread.record, this.record.clock++);
  }

  private goOnWithRecord(thread: Thread, op: Op, result: number): void {
    const { record, words } = this;
    const { records } = record;
    const { invoked } = record.calls[thread.history];
    switch (thread.calling) {
      case "takeRecord":
        if (result < 0) {
          this.finish(thread, NO_EFFECT);
          return;
        }
        thread.record = result;
        records.noteTaken(thread, result, thread.values[thread.at], invoked);
        thread.calling = "showRecord";
        return;
      case "showRecord":
        thread.tracked.push(thread.record);
        records.noteShown(thread, record.clock++);
        this.finish(thread, 1);
        return;
      case "giveRecord":
        if (result !== 1) record.broken = `record ${thread.record} could not be given back by thread ${thread.number}`;
        thread.tracked.pop();
        records.noteLeft(thread, thread.record, record.clock++);
        this.finish(thread, 1);
        return;
      case "readRecord":
        record.broken ??= records.readFault(thread, thread.record, words, result !== 0, invoked, record.clock++);
        if (++thread.record === T.RECORD_COUNT) this.finish(thread, 1);
        return;
      case "reapRecord":
        this.goOnReaping(thread, op, result);
        return;
      default:
        thread.record++;
        thread.calling = "reapRecord";
    }
  }

  /** As the host does once a slot is taken back: records first, one by one, then permits. */
  private goOnReaping(thread: Thread, op: Op, found: number): void {
    const dead = this.threads[op.victim ?? 0];
    if (found >= 0) {
      thread.record = found;
      thread.calling = "returnRecord";
      return;
    }
    this.record.records.noteReaped(dead, this.record.clock++);
    this.permits.noteReaping(dead);
    thread.calling = "reapPermits";
  }

  /** Which delivery the call under way settles. */
  private noteSettling({ deliveries, history }: Thread): void {
    const delivered = deliveries[deliveries.length - 1];
    if (delivered === undefined) return;
    this.record.calls[history].delivery = delivered.call;
    this.record.calls[history].value = delivered.value;
  }

  private fillWindows(thread: Thread, op: Op, value: number): void {
    const { words } = this;
    const key = (thread.slot + L.S_KEY) >> 2;
    const ofSpace = op.kind === "clear" || op.kind === "drop" || op.kind === "configure"; // a listing takes no key
    words[key] = ofSpace ? this.store.nameWord(spaceOf(op)) : this.keyWords[op.key ?? 0];
    if (op.kind === "openLock" || op.kind === "dropLock") words[key] = T.LOCK_NAMES[op.lock ?? 0];
    if (op.kind === "channel" || op.kind === "dropChannel") words[key] = T.RING_NAME;
    words[key + 1] = 0;
    words[key + 2] = 0;
    words[key + 3] = 0;
    const at = (thread.slot + L.S_VALUE) >> 2;
    words[at] = value;
    words[at + 1] = this.counters ? 0 : checkOf(value);
    if (op.kind === "getMany") this.fillPairs(thread, op.keys ?? []);
    if (op.kind === "setMany") this.fillRows(thread, op.keys ?? [], value);
    if (!op.wide) return;
    for (let i = 2; i < 6; i += 2) {
      words[at + i] = words[at];
      words[at + i + 1] = words[at + 1];
    }
  }

  /** Pairs (key offset, key length), then the keys. */
  private fillPairs(thread: Thread, keys: readonly number[]): void {
    const window = (thread.slot + L.S_MANY) >> 2;
    keys.forEach((key, i) => {
      this.words[window + i * 2] = this.putManyKey(window, key, i);
      this.words[window + i * 2 + 1] = 1;
    });
  }

  /** Rows (key offset, key length, value offset, value length) of what is not done yet, then the keys and values. */
  private fillRows(thread: Thread, keys: readonly number[], value: number): void {
    const { words } = this;
    const window = (thread.slot + L.S_MANY) >> 2;
    const done = Math.max(0, thread.rowsDone);
    for (let row = done; row < keys.length; row++) {
      const i = row - done;
      const at = MANY_VALUES + i * 16;
      words.set([this.putManyKey(window, keys[row], i), 1, at, 8], window + i * 4);
      words[window + at / 4] = rowValue(value, row);
      words[window + at / 4 + 1] = checkOf(rowValue(value, row));
    }
  }

  /** A key into the batch window, padded to 16 bytes: its offset. */
  private putManyKey(window: number, key: number, i: number): number {
    const offset = MANY_KEYS + i * 16;
    this.words.fill(0, window + offset / 4, window + offset / 4 + 4);
    this.words[window + offset / 4] = this.keyWords[key];
    return offset;
  }

  /** The engine's function has returned: the operation is done, or goes on with another function. */
  finishCall(thread: Thread, result: number): void {
    const op = thread.ops[thread.at];
    if (isLocking(op.kind)) {
      const answer = this.locks.finishCall(thread, op, result);
      if (answer !== null) this.finish(thread, answer);
      return;
    }
    if (thread.calling === "agents" || thread.calling === "leave") {
      const answer = this.agents.finishCall(thread, op, result);
      if (answer !== null) this.finish(thread, answer);
      return;
    }
    if (thread.calling === "reap" && this.agents.startSettling(thread, op.victim ?? 0)) return;
    if (op.kind === "permit") {
      const answer = this.permits.finishCall(thread, result);
      if (answer !== null) this.finish(thread, answer);
      return;
    }
    switch (thread.calling) {
      case "resolve":
        this.finishResolve(thread, op, result);
        return;
      case "create":
        // OK, or someone else was first: look it up
        if (result !== L.OK && result !== L.UNMET) this.finish(thread, NO_EFFECT);
        else this.lookUp(thread, op);
        return;
      case "claim":
        if (result === 0) this.finish(thread, NO_EFFECT);
        else thread.calling = "drain";
        return;
      case "channel":
        this.finishOpening(thread, result !== 0);
        return;
      case "makeRing":
        // made, by this thread or another: opened now, unless there was no room
        if (result === L.NO_MEMORY) this.finish(thread, NO_EFFECT);
        else thread.calling = "channel";
        return;
      case "rejoin":
        thread.calling = "attach";
        return;
      case "list":
      case "evictListed":
        if (result < 0) break;
        this.finishListing(thread, result);
        return;
      case "removeListed":
        this.finishRemoval(thread);
        return;
      case "attach":
        thread.slot = T.SLOTS + result * L.SLOT_SIZE;
        this.words[T.CONTROL_SELF >> 2] = thread.slot;
        this.finish(thread, 1);
        return;
      case "watch":
      case "watchKey":
        noteBegun(this.record.changes, thread, result);
        this.finish(thread, 1);
        return;
      case "look":
      case "lookAgain":
      case "listen":
        this.goOnLooking(thread, result);
        return;
      case "sweepDue":
      case "candidates":
      case "evictFull":
        if (op.kind !== "sweepDue") {
          this.makeRoom(thread, result);
          return;
        }
        this.finish(thread, result);
        return;
      case "set":
      case "setEvicting":
        if (result === L.STALE) break;
        if (result === L.QUOTA) thread.calling = "sweepDue";
        else this.finish(thread, this.answerOf(thread, op, result));
        return;
      case "near":
        // not the present one, or its namespace has changed: read anew
        if (result === 1) this.finish(thread, thread.tokens[(op.key ?? 0) * 3 + 2]);
        else thread.calling = "get";
        return;
      case "setMany":
        if (this.finishRows(thread, op.keys?.length ?? 0, result)) return;
        break;
      case "borrow":
        if (result === L.STALE_RECORD) break;
        this.finishBorrow(thread, result);
        return;
      case "takeLarge":
        this.finishTake(thread, op, result);
        return;
      case "setLarge":
      case "sendLarge":
      case "putLarge":
        if (thread.calling === "setLarge" && result === L.STALE) break;
        this.finishLarge(thread, op, result);
        return;
      case "dropLarge":
        thread.span = 0;
        this.finish(thread, thread.answer);
        return;
      case "get":
        if (result === L.STALE) break;
        // every other one copies in one call, as a read into shared memory does, the rest hold it as a read of a copy does
        if (result === L.LARGE) thread.calling = thread.at % 2 === 0 ? "copyHeld" : "hold";
        else this.finish(thread, this.answerOf(thread, op, result));
        return;
      case "copyHeld":
        if (result === L.STALE) break;
        this.finish(thread, this.answerOf(thread, op, result));
        return;
      case "hold":
        if (result === L.STALE_RECORD) break;
        this.finishHold(thread, op, result);
        return;
      case "letGo":
        this.checkHeld(thread);
        this.finish(thread, thread.answer);
        return;
      case "receive":
        if (result === L.LARGE) this.holdMessage(thread);
        else this.finish(thread, this.answerOf(thread, op, result));
        return;
      case "take":
        if (result === L.LARGE) thread.calling = "isStill";
        else this.finish(thread, this.answerOf(thread, op, result));
        return;
      case "isStill":
        // another's by now: the next one is taken
        if (result === 1) this.finish(thread, this.noteTaken(thread, this.valueOf(thread.copied)));
        else thread.calling = "take";
        return;
      case "endReceive":
        this.finish(thread, thread.answer);
        return;
      case "writeRow":
      case "readRow":
      case "repairRow":
        this.goOnWithRow(thread, result);
        return;
      case "reap":
        if (!this.settles) {
          this.finish(thread, result);
          return;
        }
        thread.record = 0;
        thread.calling = "reapRecord";
        return;
      case "reapPermits":
        this.finish(thread, 1);
        return;
      case "takeRecord":
      case "showRecord":
      case "giveRecord":
      case "readRecord":
      case "reapRecord":
      case "returnRecord":
        this.goOnWithRecord(thread, op, result);
        return;
      case "nothing":
        this.finish(thread, NO_EFFECT);
        return;
      default:
        if (result === L.STALE && !ANSWERS_OTHERWISE.has(thread.calling)) break;
        this.finish(thread, this.answerOf(thread, op, result));
        return;
    }
    // STALE: the namespace was cleared; look it up and start over, as the store does
    this.lookUp(thread, op);
  }

  /**
   * What a write does that found its namespace full, as in src/store: what has expired goes, then, where it may evict, one that lives; then
   * it tries again. When there is nobody to go it is refused.
   */
  private makeRoom(thread: Thread, result: number): void {
    const op = thread.ops[thread.at];
    const again = () => {
      thread.calling = op.kind;
      this.fillWindows(thread, op, thread.values[thread.at]);
    };
    if (thread.calling === "sweepDue") {
      if (result > 0) again();
      else if (op.kind === "setEvicting") thread.calling = "candidates";
      else this.finish(thread, NO_EFFECT);
    } else if (thread.calling === "candidates" && result > 0) {
      const window = (thread.slot + L.S_MANY) >> 2;
      thread.victim = this.words[window];
      thread.victimVersion = this.words[window + 1];
      thread.calling = "evictFull";
    } else if (thread.calling === "evictFull") {
      again();
    } else if (this.fault !== FAULT_SEARCH_ON) {
      this.finish(thread, NO_EFFECT);
    }
  }

  private finishOpening(thread: Thread, found: boolean): void {
    if (!found) {
      thread.calling = "makeRing";
      return;
    }
    this.store.noteRing(thread);
    this.record.calls[thread.history].life = lifeOf(thread.ring, thread.ringVersion);
    this.finish(thread, 1);
  }

  /** A span was taken: it is filled, and goes into an entry or a message next. */
  private finishTake(thread: Thread, op: Op, result: number): void {
    if (result === 0) {
      this.finish(thread, NO_EFFECT);
      return;
    }
    thread.span = result;
    const value = thread.values[thread.at];
    const at = result >> 2;
    for (let i = 0; i < LARGE_BYTES / 4; i += 2) {
      this.words[at + i] = value;
      this.words[at + i + 1] = checkOf(value);
    }
    thread.calling = filledCall(op);
  }

  /** What was not published is given back before the operation answers. */
  private finishLarge(thread: Thread, op: Op, result: number): void {
    const answer = this.answerOf(thread, op, result);
    if (result === L.OK) {
      thread.span = 0;
      this.finish(thread, answer);
      return;
    }
    thread.answer = answer;
    thread.calling = "dropLarge";
  }

  /** A value that is held is looked at twice: now, and right before it is let go. */
  private finishHold(thread: Thread, op: Op, address: number): void {
    if (address === L.NOWHERE) {
      this.finish(thread, 0);
      return;
    }
    const value = this.valueAt(address, this.words[(thread.slot + L.S_OUT + L.O_LENGTH) >> 2]);
    if (value !== TORN) this.remember(thread, op, value);
    thread.pinnedAt = address;
    thread.answer = value;
    thread.calling = "letGo";
  }

  /** Letting go was the thread's last access: until then what it held must have been what it was. */
  private checkHeld(thread: Thread): void {
    if (thread.answer !== TORN && this.words[thread.pinnedAt >> 2] !== thread.answer)
      this.record.broken = `the large value that thread ${thread.number} held changed under it`;
  }

  /** A large message is read where it lies, while other threads go on. */
  private holdMessage(thread: Thread): void {
    const { words } = this;
    const out = (thread.slot + L.S_OUT) >> 2;
    thread.answer = this.valueAt(words[out + 4], words[out + 3]);
    thread.calling = "endReceive";
  }

  private lookUp(thread: Thread, op: Op): void {
    thread.calling = "resolve";
    this.words[(thread.slot + L.S_KEY) >> 2] = this.store.nameWord(spaceOf(op));
  }

  /** A namespace that was dropped is made again, unless it was to be dropped or listed; the name is still in the window. */
  private finishResolve(thread: Thread, op: Op, result: number): void {
    if (result < 0 && op.kind === "drop") {
      this.finish(thread, NO_EFFECT);
    } else if (result < 0 && (op.kind === "list" || op.kind === "evictListed")) {
      this.finishListing(thread, 0);
    } else if (result < 0) {
      thread.calling = "create";
    } else {
      this.store.noteRecord(thread, spaceOf(op));
      thread.calling = firstCall(thread, op);
      this.fillWindows(thread, op, thread.values[thread.at]);
    }
  }

  private answerOf(thread: Thread, op: Op, result: number): number {
    const { words } = this;
    switch (op.kind) {
      case "get":
      case "peek":
      case "near": {
        if (result < 0) return 0;
        const value = this.valueAt(thread.slot + L.S_VALUE, result);
        this.remember(thread, op, value);
        return value;
      }
      case "set":
      case "setEvicting":
      case "setIfAbsent":
      case "setIfVersion":
        if (result === L.OK) this.remember(thread, op, thread.values[thread.at]);
        return result === L.NO_MEMORY || result === L.QUOTA ? NO_EFFECT : result;
      case "touch":
        return result === L.NO_MEMORY ? NO_EFFECT : result;
      case "add":
        if (result === L.NO_MEMORY || result === L.NOT_A_COUNTER) return NO_EFFECT;
        return words[(thread.slot + L.S_OUT + L.O_SUM) >> 2];
      case "getMany":
        return this.noteMany(thread, op.keys ?? [], result);
      case "adopt":
        return this.noteAdopted(thread, op, result);
      case "drain":
        return this.noteDrained(thread, op.log ?? 0, result);
      case "clear":
      case "drop":
      case "configure":
        return result === L.OK ? 1 : NO_EFFECT;
      case "buffer":
        if (result !== 0) thread.buffers.push(result);
        return result !== 0 ? 1 : NO_EFFECT;
      case "returnBuffer":
        if (thread.buffers.pop() !== undefined && result === 0) {
          this.record.broken = "a buffer could not be given back";
        }
        return result;
      case "dropChannel": {
        const [entry, version] = words.subarray((thread.slot + L.S_OUT) >> 2);
        if (result !== 0) this.record.calls[thread.history].life = lifeOf(entry, version);
        return result !== 0 ? 1 : NO_EFFECT;
      }
      case "send":
        if (result === L.GONE) return GONE;
        return result === L.OK ? 1 : result === L.FULL ? 0 : NO_EFFECT;
      case "put":
        return result === L.OK ? 1 : result === L.FULL ? 0 : NO_EFFECT;
      case "take":
        return result === L.EMPTY ? 0 : this.noteTaken(thread, this.valueAt(thread.slot + L.S_VALUE, result));
      case "ack":
      case "nack":
        if (thread.deliveries.pop() === undefined) return NO_EFFECT;
        return result;
      case "extend":
        return this.noteExtended(thread, result);
      case "receive":
        if (result === L.GONE) return GONE;
        if (result === L.NOT_YOURS) return NO_EFFECT;
        return result === L.EMPTY ? 0 : this.valueAt(thread.slot + L.S_VALUE, result);
      case "makeRegion":
        return result === L.NO_MEMORY ? NO_EFFECT : result;
      case "openRegion":
        this.noteRegion(thread, result);
        return result > L.NO_PIN ? 1 : 0;
      default:
        return result;
    }
  }

  private noteTaken(thread: Thread, value: number): number {
    const [cell, low, high] = this.words.subarray((thread.slot + L.S_OUT) >> 2);
    thread.deliveries.push({ cell, low, high, value, call: thread.history });
    return value;
  }

  private noteExtended({ slot, deliveries }: Thread, result: number): number {
    const delivered = deliveries[deliveries.length - 1];
    if (delivered === undefined) return NO_EFFECT;
    if (result !== 1) return result;
    delivered.low = this.words[(slot + L.S_OUT + 4) >> 2];
    delivered.high = this.words[(slot + L.S_OUT + 8) >> 2];
    return 1;
  }

  /** A region that was opened must be the one that its entry says, for as long as it is open. */
  private noteRegion(thread: Thread, address: number): void {
    if (address <= L.NO_PIN) return;
    const { words } = this;
    thread.region = address;
    thread.regionPin = words[(thread.slot + L.S_OUT + L.O_PIN) >> 2];
    thread.regionEntry = words[(thread.slot + L.S_OUT + L.O_ENTRY) >> 2];
    thread.regionVersion = words[(thread.slot + L.S_OUT + L.O_VERSION) >> 2];
    if (words[(thread.slot + L.S_OUT + L.O_SIZE) >> 2] !== REGION_BYTES)
      this.record.broken = "a region has another size than it was made with";
    this.checkRegion(thread);
    words.fill(0x01010101, address >> 2, (address + REGION_BYTES) >> 2); // whatever its users write
  }

  private checkRegion(thread: Thread): void {
    if (thread.region === 0) return;
    const header = (thread.region - L.G_DATA) >> 2;
    const holds =
      this.words[header + L.G_ENTRY / 4] === thread.regionEntry &&
      this.words[header + L.G_VERSION / 4] === thread.regionVersion;
    if (!holds) this.record.broken = `the region that thread ${thread.number} has open is another's memory`;
  }

  /** A batch is a read of each of its keys at some moment of it. */
  private noteMany(thread: Thread, keys: readonly number[], done: number): number {
    const { words, record } = this;
    const window = thread.slot + L.S_MANY;
    for (let i = 0; i < done; i++) {
      const pair = (window + i * 8) >> 2;
      const length = words[pair + 1] | 0;
      const value = length < 0 ? 0 : this.valueAt(window + words[pair], length);
      record.addRead(thread, { kind: "get", key: keys[i] }, value, record.clock);
      if (value === TORN) return TORN;
    }
    if (done !== keys.length) record.broken = `getMany did ${done} of ${keys.length} keys, though there was room`;
    return done;
  }

  /**
   * Rows that were not done found the namespace cleared or no memory: they are tried once more in the namespace as it is then.
   * False when they shall be.
   */
  private finishRows(thread: Thread, rows: number, result: number): boolean {
    const again = thread.rowsDone >= 0;
    const done = Math.max(0, thread.rowsDone) + result;
    if (done < rows && !again) {
      thread.rowsDone = done;
      return false;
    }
    const { calls, clock } = this.record;
    for (let row = 0; row < rows; row++) {
      const call = calls[thread.history + 1 + row];
      call.returned = clock;
      call.result = row < done ? 1 : NO_EFFECT;
    }
    this.finish(thread, done);
    return true;
  }

  /** What was adopted has a birth; what was there already has none any more. */
  private noteAdopted(thread: Thread, op: Op, loaded: number): number {
    const { words, record } = this;
    let born = 0;
    rowsOf(op).forEach((_, row) => {
      const isBorn = words[(chunkOf(this.slabs, thread, row) + L.E_BIRTH) >> 2] !== 0;
      if (isBorn) born++;
      const call = record.calls[thread.history + 1 + row];
      call.returned = record.clock;
      call.result = isBorn ? 1 : 0;
    });
    if (born !== loaded) record.broken = `an adoption counted ${loaded} entries and made ${born}`;
    return loaded;
  }

  private noteDrained(thread: Thread, log: number, count: number): number {
    const from = (thread.slot + L.S_MANY) >> 2;
    this.record.drained[log] ??= [];
    if (count > 0) {
      const last = from + ((count - 1) * L.LOG_RECORD_SIZE) / 4;
      thread.victim = (this.words[last + 1] & ~L.LOG_BITS) >>> 0;
      thread.victimVersion = this.words[last + 2];
    }
    this.record.drained[log].push(...this.words.subarray(from, from + (count * L.LOG_RECORD_SIZE) / 4));
    return count;
  }

  /** Who dies while it drains a log may have taken records with it. */
  noteDeath(thread: Thread): void {
    this.record.records.noteDeath(thread, this.record.clock++);
    if (thread.busy && thread.calling === "drain") this.record.lostTo.add(thread.ops[thread.at].log ?? 0);
  }

  /** What was listed is handed out, or evicted one by one. */
  private finishListing(thread: Thread, count: number): void {
    if (thread.calling === "evictListed" && count > 0) {
      thread.listed = count;
      thread.listedAt = 0;
      thread.calling = "removeListed";
    } else {
      this.finish(thread, thread.ops[thread.at].kind === "list" ? this.noteListed(thread, count) : 0);
    }
  }

  private finishRemoval(thread: Thread): void {
    if (++thread.listedAt === thread.listed) this.finish(thread, thread.listed);
  }

  /** A listing is a look at each key at some moment of it, unless what it listed has changed since and cannot be named. */
  private noteListed(thread: Thread, count: number): number {
    const { words, record } = this;
    const present = new Set<number>();
    for (let i = 0; i < count; i++) {
      const pair = (thread.slot + L.S_MANY + i * 8) >> 2;
      if (words[(words[pair] + L.E_VERSION) >> 2] !== words[pair + 1]) return count;
      present.add(this.keyWords.indexOf(words[(words[pair] + L.E_KEY) >> 2]));
    }
    for (let key = 0; key < FIRST_SPACE_KEYS; key++) {
      record.addRead(thread, { kind: "has", key }, present.has(key) ? 1 : 0, record.clock);
    }
    return count;
  }

  private remember(thread: Thread, op: Op, value: number): void {
    const key = (op.key ?? 0) * 3;
    thread.tokens[key] = this.words[(thread.slot + L.S_OUT + L.O_ENTRY) >> 2];
    thread.tokens[key + 1] = this.words[(thread.slot + L.S_OUT + L.O_VERSION) >> 2];
    thread.tokens[key + 2] = value;
  }

  /** The value that the bytes at the address are, or TORN if no write of this program wrote them. */
  private valueAt(address: number, length: number): number {
    return this.valueOf(this.words, address >> 2, length);
  }

  private valueOf(words: Uint32Array, at = 0, length = words.length * 4): number {
    const value = words[at];
    if (this.counters) return length === 8 && words[at + 1] === 0 ? value : TORN;
    if (length !== 8 && length !== 24 && length !== LARGE_BYTES) return TORN;
    for (let i = 0; i < length >> 2; i += 2) {
      if (words[at + i] !== value || words[at + i + 1] !== checkOf(value) >>> 0) return TORN;
    }
    return value;
  }

  private finishBorrow(thread: Thread, address: number): void {
    if (address <= 2) {
      this.finish(thread, 0);
      return;
    }
    thread.pin = this.words[(thread.slot + L.S_OUT + L.O_PIN) >> 2];
    thread.pinnedAt = address;
    thread.pinnedValue = this.valueAt(address, this.words[(thread.slot + L.S_OUT + L.O_LENGTH) >> 2]);
    this.finish(thread, thread.pinnedValue);
  }

  private finish(thread: Thread, result: number): void {
    const { record } = this;
    const call = record.calls[thread.history];
    call.result = result;
    call.returned = record.clock++;
    // told by nobody before a thread acts on it, so others may come to know of it at any time
    if (call.kind === "clock") call.returned = Number.POSITIVE_INFINITY;
    if (result === TORN) {
      record.broken = `thread ${thread.number} read bytes that no write wrote (${call.kind} ${keyName(call.key)})`;
    }
    if (call.kind === "release") this.checkBorrowed(thread);
    if (call.kind === "closeRegion") this.endRegion(thread);
    thread.busy = false;
    thread.at++;
  }

  private endRegion(thread: Thread): void {
    thread.region = 0;
  }

  private checkBorrowed(thread: Thread): void {
    if (thread.pin < 0) return;
    if (this.words[thread.pinnedAt >> 2] !== thread.pinnedValue) {
      this.record.broken = `the value that thread ${thread.number} had borrowed changed under it`;
    }
    thread.pin = -1;
  }

  /** What the backup has of each key is a read of it, made between the backup's start and its cut. */
  finishSnapshot(thread: Thread, snapshot: Snapshot): void {
    const { record, keyWords } = this;
    thread.snapshot = null;
    this.finish(thread, snapshot.valid ? 1 : NO_EFFECT);
    if (!snapshot.valid) {
      // whoever takes a snapshot away is short of memory: no slab is left to be cut then
      const slabLeft = this.words[(T.SLABS >> 2) + this.slabs - 1] === 0 && !this.large;
      if (snapshot.claimed && slabLeft)
        record.broken = `the snapshot of thread ${thread.number} was taken away, and nobody was short of memory`;
      return;
    }
    record.broken ??= snapshot.gap();
    const { file } = snapshot;
    const absent = new Set(Array.from({ length: FIRST_SPACE_KEYS }, (_, key) => key));
    for (const entry of snapshot.entries()) {
      const meta = file[(entry + L.E_META) >> 2];
      const key = keyWords.indexOf(file[(entry + L.E_KEY) >> 2]);
      if ((meta & 0xffff) < L.FIRST_ID || key < 0) continue;
      // a key can be there twice: inserted in the epoch, by a write that had found it absent, after a delete of the next
      // epoch. Either is then a right one, and whoever restores has to take one.
      const value = snapshot.valueOf(entry);
      if (value === null) record.broken ??= `the backup of thread ${thread.number} has a torn value of ${keyName(key)}`;
      else record.addRead(thread, { kind: "get", key }, value, thread.cutAt);
      absent.delete(key);
    }
    for (const key of absent) record.addRead(thread, { kind: "get", key }, 0, thread.cutAt);
  }
}
