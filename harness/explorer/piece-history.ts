/** Pieces of the tiny arena, judged: no unit is of two at once, what is free is zero, of those that give a group's piece back one does, and a death loses nothing. */
import { layout as L } from "../../src/core/index.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

const NEVER = Number.POSITIVE_INFINITY;
/** So often a taker asks again that was told that units moved. */
const TRIES = 3;

interface Piece {
  readonly thread: number;
  readonly group: number;
  readonly asked: number;
  readonly began: number;
  /** Its record and units; -1 until the taker has its answer. */
  record: number;
  first: number;
  count: number;
  /** When it was its taker's or the group's; when somebody began to give it back; when it surely was. */
  held: number;
  leaving: number;
  ended: number;
  refused: "" | "units" | "records";
  /** It tried more than once. */
  moved: boolean;
  /** Its taker died, and it goes with it. */
  reaped: boolean;
}

/** One try to give back what a record of the group holds. */
interface Give {
  readonly thread: number;
  readonly record: number;
  /** The record is that of the piece it looked for; where that was freed meanwhile another's may begin. */
  readonly meant: boolean;
  readonly began: number;
  ended: number;
  given: boolean;
}

export class PieceHistory {
  private readonly all: Piece[] = [];
  private readonly gives: Give[] = [];

  constructor(private readonly words: Uint32Array) {}

  reset(): void {
    this.all.length = 0;
    this.gives.length = 0;
  }

  // ---------------------------------------------------------------- taking

  take({ hands, number }: Thread, units: number, group: number, now: number): "agents" {
    hands.use = this.all.length;
    hands.tries = 0;
    this.all.push({
      thread: number,
      group,
      asked: units,
      began: now,
      record: -1,
      first: -1,
      count: 0,
      held: NEVER,
      leaving: NEVER,
      ended: NEVER,
      refused: "",
      moved: false,
      reaped: false,
    });
    return hands.call("takePiece", T.ARENA, units, hands.claim);
  }

  /** @returns whether the operation goes on */
  took({ hands }: Thread, answer: number, now: number): boolean {
    const piece = this.all[hands.use];
    if (answer === L.UNITS_MOVED) piece.moved = true;
    if (answer === L.UNITS_MOVED && ++hands.tries < TRIES) return true;
    if (answer < 0) {
      piece.ended = now;
      piece.leaving = now;
      if (answer !== L.UNITS_MOVED) piece.refused = answer === L.NO_RECORD ? "records" : "units";
      return false;
    }
    piece.record = answer;
    hands.call("holdPiece", T.ARENA, answer, piece.group, piece.asked << T.UNIT_SHIFT, 0, 0);
    return true;
  }

  /** It is its taker's, or the group's. */
  hold({ hands, number }: Thread, now: number): string | null {
    const piece = this.all[hands.use];
    const at = this.recordAt(piece.record);
    piece.first = this.words[at + L.PIECE_FIRST / 4];
    piece.count = this.words[at + L.PIECE_COUNT / 4];
    piece.held = now;
    // somebody who found the record's last piece may be about to give this one
    const awaited = this.gives.some(({ record, ended, given }) => record === piece.record && ended === NEVER && !given);
    if (piece.group !== 0 && awaited) piece.leaving = now;
    if (piece.leaving === NEVER && piece.count !== piece.asked)
      return `thread ${number} asked for ${piece.asked} units, and has ${piece.count}`;
    if (piece.leaving === NEVER) {
      const other = this.all.find((one) => one !== piece && isSurelyThere(one) && overlap(one, piece));
      if (other !== undefined)
        return `units ${piece.first} to ${piece.first + piece.count - 1} are thread ${number}'s, and unit ${other.first} on thread ${other.thread}'s`;
      for (let i = 0; i < this.wordsOf(piece); i++) {
        if (this.words[this.dataOf(piece) + i] !== 0) return `thread ${number} took units that are not zero`;
      }
      this.words.fill(this.markOf(hands.use), this.dataOf(piece), this.dataOf(piece) + this.wordsOf(piece));
    }
    if (piece.group === 0) hands.pieces.push(hands.use);
    return null;
  }

  // ---------------------------------------------------------------- giving

  /** The thread's own, taken last; null when it has none. */
  give({ hands, number }: Thread, now: number): { readonly fault: string | null } | null {
    const at = hands.pieces.pop();
    if (at === undefined) return null;
    const piece = this.all[at];
    hands.use = at;
    piece.leaving = now;
    hands.call("pieceAt", T.ARENA, this.addressOf(piece));
    for (let i = 0; i < this.wordsOf(piece); i++) {
      if (this.words[this.dataOf(piece) + i] !== this.markOf(at))
        return { fault: `what thread ${number} wrote into its piece changed under it` };
    }
    return { fault: null };
  }

  /** The oldest piece of the group that nobody surely gave back; null when there is none. */
  giveOfGroup({ hands }: Thread): "agents" | null {
    const at = this.all.findIndex(({ group, held, ended }) => group !== 0 && held < NEVER && ended === NEVER);
    if (at < 0) return null;
    hands.use = at;
    return hands.call("pieceAt", T.ARENA, this.addressOf(this.all[at]));
  }

  /** @returns what is wrong, "" when there is nothing to be given, null when it goes on */
  found({ hands, number }: Thread, record: number, group: number, now: number): string | null {
    if (group === 0) {
      const piece = this.all[hands.use];
      if (record !== piece.record) return `the record of thread ${number}'s own piece is not found`;
    } else {
      if (record < 0) return "";
      hands.tries = this.gives.length;
      const meant = record === this.all[hands.use].record;
      this.gives.push({ thread: number, record, meant, began: now, ended: NEVER, given: false });
      for (const piece of this.all) if (isOfGroup(piece, record) && piece.leaving === NEVER) piece.leaving = now;
    }
    hands.call("givePiece", T.ARENA, record, hands.claim, group);
    return null;
  }

  gave({ hands, number }: Thread, group: number, given: boolean, now: number): string | null {
    if (group === 0) {
      this.all[hands.use].ended = now;
      return given ? null : `thread ${number} could not give its own piece back`;
    }
    const give = this.gives[hands.tries];
    give.ended = now;
    give.given = given;
    if (given) {
      const piece = this.all.find((one) => isOfGroup(one, give.record) && one.ended === NEVER);
      if (piece === undefined) return `a piece of the group was given back by two threads`;
      piece.ended = now;
    }
    return null;
  }

  /** From now on what the dead thread had may be another's. */
  reaping(victim: number): void {
    for (const piece of this.all) {
      if (piece.thread === victim && (piece.group === 0 || piece.held === NEVER)) piece.reaped = true;
    }
  }

  // ---------------------------------------------------------------- the end

  fault(threads: readonly Thread[]): string | null {
    return this.memoryFault() ?? this.ownFault(threads) ?? this.groupFault(threads) ?? this.refusalFault();
  }

  /** What the units and the records say of each other. */
  private memoryFault(): string | null {
    const { words } = this;
    const states = words[(T.ARENA + L.A_STATES) >> 2] >> 2;
    const named = new Uint8Array(T.UNITS);
    for (let record = 0; record < T.RECORDS; record++) {
      const at = this.recordAt(record);
      const count = words[at + L.PIECE_COUNT / 4];
      const first = words[at + L.PIECE_FIRST / 4];
      const owner = words[at + L.PIECE_OWNER / 4];
      if (owner === 0 && count > 0) return `record ${record} is free and names ${count} units`;
      if (owner !== 0 && this.stateOf(record) !== L.PIECE_HELD) return `record ${record} is in hand, and nobody has it`;
      for (let unit = first; unit < first + count; unit++) {
        if (states !== 0 && words[states + unit] !== record + 1)
          return `unit ${unit} is record ${record}'s, and its word is ${words[states + unit]}`;
        named[unit]++;
      }
    }
    for (let unit = 0; unit < T.UNITS; unit++) {
      if (words[states + unit] !== 0 && named[unit] !== 1)
        return `unit ${unit} is lost: its word is ${words[states + unit]}, and ${named[unit]} records name it`;
      if (words[states + unit] !== 0) continue;
      const at = (words[(T.ARENA + L.A_DATA) >> 2] + (unit << T.UNIT_SHIFT)) >> 2;
      for (let i = 0; i < 1 << (T.UNIT_SHIFT - 2); i++) {
        if (words[at + i] !== 0) return `unit ${unit} is free, and not zero`;
      }
    }
    return null;
  }

  /** The living have what they took and did not give back; nothing that the dead had is left. */
  private ownFault(threads: readonly Thread[]): string | null {
    const { words } = this;
    const wanted = new Set<number>();
    for (const piece of this.all) {
      const { thread, group, record, leaving, held } = piece;
      if (group !== 0 || held === NEVER || leaving < NEVER || threads[thread].killed) continue;
      wanted.add(record);
      const at = this.recordAt(record);
      if (
        words[at + L.PIECE_OWNER / 4] !== threads[thread].hands.claim ||
        words[at + L.PIECE_FIRST / 4] !== piece.first
      )
        return `thread ${thread}'s own piece is not there any more`;
    }
    for (let record = 0; record < T.RECORDS; record++) {
      const at = this.recordAt(record);
      const own = words[at + L.PIECE_OWNER / 4] !== 0 && words[at + L.PIECE_GROUP / 4] === 0;
      if (own && !wanted.has(record)) return `record ${record} is a thread's own, and nobody has it`;
    }
    return null;
  }

  /** Each of the group's pieces is there, or one thread gave it back, or died while it did. */
  private groupFault(threads: readonly Thread[]): string | null {
    for (let record = 0; record < T.RECORDS; record++) {
      const gives = this.gives.filter((one) => one.record === record);
      const pieces = this.all.filter((piece) => isOfGroup(piece, record));
      // whoever died in the middle of holding it may have given it to the group
      const perhaps = this.all.filter(
        (one) => one.group !== 0 && one.record === record && one.held === NEVER && threads[one.thread].killed,
      );
      const open = gives.filter(({ ended }) => ended === NEVER).length;
      const given = gives.filter((one) => one.given).length;
      const at = this.recordAt(record);
      const there = this.words[at + L.PIECE_OWNER / 4] !== 0 && this.words[at + L.PIECE_GROUP / 4] !== 0 ? 1 : 0;
      const least = pieces.length - given - open;
      const most = pieces.length + perhaps.length - given;
      if (there < least || there > most)
        return `of ${pieces.length} pieces of the group in record ${record} ${given} were given back, and ${there} are there`;
      for (const { thread, ended, given, meant } of gives) {
        if (given || !meant || ended === NEVER) continue;
        const other = gives.some(
          (one) => one.thread !== thread && one.began < ended && (one.given || one.ended === NEVER),
        );
        if (!other) return `thread ${thread} found a piece of the group, and nobody gave it back`;
      }
    }
    return null;
  }

  /** Whoever was refused: at some moment of it there was no such room, or others were about to take some. */
  private refusalFault(): string | null {
    for (const { thread, began, ended, asked, refused } of this.all) {
      if (refused === "") continue;
      // one that is refused in the end has a record meanwhile
      const passing = this.all.some((one) => one.began < ended && one.ended > began && one.moved);
      if (refused === "records" && (passing || this.all.some((one) => isRefusedWithin(one, began, ended)))) continue;
      const moments = [began, ...this.all.map((one) => one.began).filter((time) => time > began && time < ended)];
      const full = moments.some((time) => (refused === "units" ? this.mayBeFull(time, asked) : this.mayHaveNone(time)));
      if (!full) return `thread ${thread} was told that there are no ${refused}, and at each moment of it there were`;
    }
    return null;
  }

  private at(time: number): Piece[] {
    return this.all.filter(({ began, ended, refused }) => began <= time && ended >= time && refused === "");
  }

  private mayHaveNone(time: number): boolean {
    return this.at(time).length >= T.RECORDS;
  }

  private mayBeFull(time: number, units: number): boolean {
    const out = this.at(time);
    const underWay = this.all.some((one) => one.began <= time && one.ended >= time && one.held > time && one.asked > 1);
    if (underWay || out.some(({ record }) => record < 0)) return true;
    let run = 0;
    for (let unit = 0; unit < T.UNITS; unit++) {
      run = out.some(({ first, count }) => unit >= first && unit < first + count) ? 0 : run + 1;
      if (run === units) return false;
    }
    return true;
  }

  // ---------------------------------------------------------------- where things lie

  private stateOf(record: number): number {
    return this.words[this.recordAt(record) + L.PIECE_UPPER / 4] >>> L.PIECE_STATE_SHIFT;
  }

  private recordAt(record: number): number {
    return (this.words[(T.ARENA + L.A_TABLE) >> 2] + record * L.PIECE_SIZE) >> 2;
  }

  private addressOf({ first }: Piece): number {
    return this.words[(T.ARENA + L.A_DATA) >> 2] + (first << T.UNIT_SHIFT);
  }

  private dataOf(piece: Piece): number {
    return this.addressOf(piece) >> 2;
  }

  private wordsOf({ count }: Piece): number {
    return count << (T.UNIT_SHIFT - 2);
  }

  private markOf(use: number): number {
    return 0x2000 + use;
  }
}

function isOfGroup(piece: Piece, record: number): boolean {
  return piece.group !== 0 && piece.record === record && piece.held < NEVER;
}

function isSurelyThere({ held, leaving, reaped }: Piece): boolean {
  return held < NEVER && leaving === NEVER && !reaped;
}

function isRefusedWithin(piece: Piece, began: number, ended: number): boolean {
  return piece.refused === "units" && piece.began < ended && piece.ended > began;
}

function overlap(a: Piece, b: Piece): boolean {
  return a.first < b.first + b.count && b.first < a.first + a.count;
}
