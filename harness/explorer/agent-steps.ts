/**
 * What agents' memory is made of, as the explorer's threads use it: blocks of a pool, pieces of an arena, and the word that says who owns an
 * agent. Each operation is the calls that src/agents makes, and what the host does between them is done in no time.
 */
import { layout as L } from "../../src/core/index.js";
import { BlockHistory } from "./block-history.js";
import { NO_EFFECT } from "./history.js";
import { OwnerHistory } from "./owner-history.js";
import { PieceHistory } from "./piece-history.js";
import type { Op, OpKind, Program } from "./program.js";
import type { RunRecord } from "./run-record.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

const KINDS: ReadonlySet<OpKind> = new Set([
  "takeBlock",
  "giveBlock",
  "takePiece",
  "takeGroupPiece",
  "givePiece",
  "giveGroupPiece",
  "settle",
  "changeAgent",
  "handOverAgent",
  "releaseAgent",
  "adoptAgent",
  "claimAgent",
]);
/** Entry of the directory that a piece is of which belongs to a name. */
const GROUP = 1;

export function isOfAgents(kind: OpKind): boolean {
  return KINDS.has(kind);
}

/** Whether its threads use any of it. */
export function hasAgents({ threads }: Program): boolean {
  return threads.some((ops) => ops.some(({ kind }) => isOfAgents(kind)));
}

export class AgentSteps {
  private readonly blocks: BlockHistory;
  private readonly pieces: PieceHistory;
  private readonly owner: OwnerHistory;
  private threads: readonly Thread[] = [];
  private inUse = false;

  constructor(
    private readonly words: Uint32Array,
    private readonly record: RunRecord,
  ) {
    this.blocks = new BlockHistory(words);
    this.pieces = new PieceHistory(words);
    this.owner = new OwnerHistory(words);
  }

  /** Threads that are attached have claims from here on. */
  begin(program: Program, threads: readonly Thread[], attached: number): void {
    this.inUse = hasAgents(program);
    if (!this.inUse) return;
    this.threads = threads;
    this.blocks.reset();
    this.pieces.reset();
    for (const thread of threads) {
      const slot = (thread.slot - T.SLOTS) / L.SLOT_SIZE;
      const incarnation = this.words[(thread.slot + L.S_INCARNATION) >> 2];
      thread.hands.reset(thread.number < attached ? (incarnation << L.CLAIM_SLOT_BITS) | (slot + 1) : 0);
      thread.engine.forgetHints();
    }
    this.owner.reset(threads);
  }

  // ---------------------------------------------------------------- an operation

  start(thread: Thread, op: Op): Thread["calling"] {
    return this.begun(thread, op) ?? "leave";
  }

  private begun(thread: Thread, op: Op): "agents" | null {
    const now = this.record.clock++;
    switch (op.kind) {
      case "takeBlock":
        return this.blocks.take(thread, now);
      case "giveBlock":
        return this.unless(this.blocks.give(thread, now));
      case "takePiece":
        return this.pieces.take(thread, op.wide ? 2 : 1, 0, now);
      case "takeGroupPiece":
        return this.pieces.take(thread, op.wide ? 2 : 1, GROUP, now);
      case "givePiece":
        return this.unless(this.pieces.give(thread, now));
      case "giveGroupPiece":
        return this.pieces.giveOfGroup(thread);
      case "settle":
        return this.settle(thread);
      case "changeAgent":
        return this.unless(this.owner.change(thread));
      case "handOverAgent":
        return this.owner.handOver(thread);
      case "releaseAgent":
        return this.owner.release(thread);
      case "adoptAgent":
        return this.owner.adopt(thread, op.wide === true);
      default:
        return this.owner.claim(thread);
    }
  }

  private unless(begun: { readonly fault: string | null } | null): "agents" | null {
    if (begun === null) return null;
    this.note(begun.fault);
    return "agents";
  }

  private note(fault: string | null): void {
    this.record.broken ??= fault;
  }

  /** The engine has answered: null = the operation goes on, else what it answers. */
  finishCall(thread: Thread, op: Op, result: number): number | null {
    if (thread.calling === "leave") return NO_EFFECT;
    const { hands } = thread;
    const value = thread.values[thread.at];
    const now = this.record.clock++;
    switch (hands.entry) {
      case "takeBlock":
        this.note(this.blocks.taken(thread, result, now));
        return result < 0 ? NO_EFFECT : null;
      case "chargeBlock":
        return 1;
      case "giveBlock":
        this.note(this.blocks.given(thread, result !== 0, now));
        return 1;
      case "takePiece":
        return this.pieces.took(thread, result, now) ? null : NO_EFFECT;
      case "holdPiece":
        this.note(this.pieces.hold(thread, now));
        return 1;
      case "pieceAt":
        return this.finishLook(thread, op, result, now);
      case "givePiece":
        this.note(this.pieces.gave(thread, groupOf(op), result !== 0, now));
        return 1;
      case "settlePieces":
        hands.call("reapBlocks", T.BLOCKS, this.threads[hands.victim].hands.claim, hands.claim);
        return null;
      case "reapBlocks":
        return 1;
      case "beginChange":
        this.owner.begun(thread, value);
        return null;
      case "writeWords":
        this.owner.wrote(thread, value);
        return null;
      case "endChange":
        this.owner.changed(value);
        return 1;
      case "handOver":
        this.note(this.owner.handedOver(thread, result));
        return 1;
      case "swapOwner":
        return this.finishSwap(thread, op, result !== 0);
    }
  }

  private finishLook(thread: Thread, op: Op, record: number, now: number): number | null {
    const fault = this.pieces.found(thread, record, groupOf(op), now);
    if (fault === null) return null;
    if (fault !== "") this.note(fault);
    return NO_EFFECT;
  }

  private finishSwap(thread: Thread, op: Op, swapped: boolean): number | null {
    const fault = this.owner.swapped(thread, swapped, op.kind);
    if (fault === null) return null;
    if (fault !== "") this.note(fault);
    return 1;
  }

  // ---------------------------------------------------------------- deaths and the end

  /** What the dead thread had is settled once its slot was given back, or found given back; false when there is nothing to settle. */
  startSettling(thread: Thread, victim: number): boolean {
    if (!this.inUse) return false;
    const { hands } = thread;
    hands.victim = victim;
    this.blocks.reaping(victim);
    this.pieces.reaping(victim);
    thread.calling = hands.call("settlePieces", T.ARENA, this.threads[victim].hands.claim, hands.claim);
    return true;
  }

  /** Any thread does it that finds somebody dead, as one does that finds no room. No matter whether the slot was given back by then: the dead take nothing more. */
  private settle(thread: Thread): "agents" | null {
    const dead = this.threads.find(({ killed }) => killed);
    return dead !== undefined && this.startSettling(thread, dead.number) ? "agents" : null;
  }

  noteDeath(thread: Thread): void {
    if (this.inUse && thread.busy && thread.calling === "agents")
      this.owner.noteDeath(thread, thread.values[thread.at]);
  }

  /** What is wrong with it, all threads being at rest. */
  fault(): string | null {
    if (!this.inUse) return null;
    const { threads, record } = this;
    const deaths = record.deaths.filter((time) => time !== undefined).length;
    return this.blocks.fault(threads, deaths) ?? this.pieces.fault(threads) ?? this.owner.fault();
  }
}

function groupOf({ kind }: Op): number {
  return kind === "giveGroupPiece" ? GROUP : 0;
}
