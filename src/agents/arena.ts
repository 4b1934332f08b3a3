/**
 * An arena: one memory of at most 4 GiB, reserved whole and touched as it is used. Growing is raising a word that all threads read, so no
 * thread ever has to learn of a new buffer. What it holds are pieces, each with a record of who has it, since when and what for
 * (src/core/assembly/pieces.ts).
 */
import { ArenaWords, layout } from "../core/index.js";
import { ArenaError, ClosedError, ContentionError, InvalidArgumentError } from "../errors.js";
import { formatBytes } from "../units.js";
import type { ArenaMemory } from "./arena-memory.js";
import { instantiateKernels, type Kernels } from "./kernels.js";
import { forgetScratch } from "./scratch.js";

/** Bytes of a unit: pieces are whole ones. */
const UNIT_SHIFT = 10;
export const UNIT = 1 << UNIT_SHIFT;
export const ARENA_LEAST = 1 << 20;
export const ARENA_MOST = 2 ** 32;
const RECORDS_MOST = 65536;
const NAMES_MOST = 16384;
const PURPOSE_BYTES = layout.PIECE_SIZE - layout.PIECE_PURPOSE;
/** So often a search that met another thread's is repeated before it is said that there is no room. */
const TRIES = 1000;

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A piece of an arena, as its record has it. */
export interface PieceRecord {
  readonly arena: number;
  readonly address: number;
  /** What was asked for, and the whole units that it takes. */
  readonly bytes: number;
  readonly taken: number;
  readonly purpose: string;
  /** Claim of the thread that took it. */
  readonly claim: number;
  /** 0: it is that thread's own; else it belongs to a name of the directory. */
  readonly group: number;
  /** Not anybody's yet, or no more. */
  readonly inHand: boolean;
  /** Unix time, ms; 0 while in hand. */
  readonly sinceMs: number;
}

const CLOSED = new Proxy({} as Kernels, {
  get() {
    throw new ClosedError(
      "the agents are closed in this thread; attach to them again, and open there what is used of them",
    );
  },
});

export class Arena {
  readonly number: number;
  readonly memory: WebAssembly.Memory;
  /** This thread's instance over it; once the arena is closed here, what throws ClosedError whatever is asked of it. */
  kernels: Kernels;
  /** The words of its header, and all that it has. */
  readonly header: ArenaWords;
  readonly words: ArenaWords;
  /** The same and everything behind it. */
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** This thread's. */
  readonly claim: number;
  /** In this thread. */
  closed = false;
  /** For pieces that end with this thread. */
  readonly own: ArenaMemory;

  /** @param shared whether other threads reach it */
  constructor(number: number, memory: WebAssembly.Memory, claim: number, shared: boolean) {
    const { buffer } = memory;
    this.number = number;
    this.memory = memory;
    this.claim = claim;
    this.header = ArenaWords.header(buffer);
    this.words = ArenaWords.whole(buffer);
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
    this.kernels = instantiateKernels(memory, shared);
    const arena = this;
    this.own = {
      memory,
      get kernels() {
        return arena.kernels;
      },
      take: (bytes, purpose) => this.take(bytes, purpose, 0),
      give: (address) => void this.give(address, 0),
    };
  }

  /** Writes the header of a memory that holds nothing yet. */
  format(storeId: number): void {
    const size = this.bytes.byteLength;
    const names = this.number === 0 ? Math.min(NAMES_MOST, size >>> 14 || NAMES_MOST) : 0;
    const most = Math.floor(size / UNIT);
    const records = Math.min(RECORDS_MOST, Math.max(64, most >>> 2));
    const table = layout.ARENA_HEADER + names * layout.NAMED_SIZE;
    const states = table + records * layout.PIECE_SIZE;
    const data = Math.ceil((states + most * 4) / UNIT) * UNIT;
    const units = Math.floor((size - data) / UNIT);
    this.kernels.makeArena(0, units, Math.min(units, 1024), UNIT_SHIFT, states, records, table, data);
    this.header.put(layout.A_NAMES, layout.ARENA_HEADER);
    this.header.put(layout.A_NAME_COUNT, names);
    this.header.put(layout.A_STORE, storeId);
    this.header.put(layout.A_MAGIC, layout.ARENA_MAGIC);
  }

  /**
   * Ends this thread's use: whatever was opened here and kept is refused from now on, since what it had may be another's. Everything goes
   * through the kernels, so who calls them pays for no check.
   */
  close(): void {
    this.closed = true;
    this.kernels = CLOSED;
    forgetScratch(this.own);
  }

  /** Whether an arena of this store begins in a memory. */
  static isIn(memory: WebAssembly.Memory, storeId: number): boolean {
    if (memory.buffer.byteLength < ARENA_LEAST) return false;
    return ArenaWords.header(memory.buffer).isArenaOf(storeId);
  }

  /** Bytes of all its units, of those below the limit, and of those in pieces. */
  get room(): number {
    return this.header.get(layout.A_UNITS) * UNIT;
  }

  get limit(): number {
    return this.header.get(layout.A_LIMIT) * UNIT;
  }

  get used(): number {
    return (this.kernels.unitsTaken(0) >>> 0) * UNIT;
  }

  /**
   * A piece whose bytes all are zero.
   *
   * @param group 0: this thread's own, which ends with it
   * @param settle frees what dead threads had, in case that makes room; called at most once
   * @throws ArenaError
   */
  take(bytes: number, purpose: string, group: number, settle: () => void = () => {}): number {
    return this.hold(this.inHand(bytes, settle), bytes, purpose, group, 0);
  }

  /** The same of this thread's own, charged to a group that it does not belong to. */
  takeCharged(bytes: number, purpose: string, charged: number): number {
    return this.hold(
      this.inHand(bytes, () => {}),
      bytes,
      purpose,
      0,
      charged,
    );
  }

  private inHand(bytes: number, settle: () => void): number {
    const units = this.unitsOf(bytes);
    let record = this.tryTake(units);
    if (record < 0) {
      settle();
      record = this.tryTake(units);
    }
    if (record < 0) throw this.noRoom(bytes, record);
    return record;
  }

  private hold(record: number, bytes: number, purpose: string, group: number, charged: number): number {
    const at = this.kernels.pieceRecord(0, record) >>> 0;
    this.notePurpose(at + layout.PIECE_PURPOSE, purpose);
    this.kernels.holdPiece(0, record, group, bytes, Date.now(), charged);
    return this.kernels.pieceAddress(0, record) >>> 0;
  }

  /** @throws InvalidArgumentError for no bytes; ArenaError when no arena could have so many */
  unitsOf(bytes: number): number {
    if (!Number.isInteger(bytes) || bytes < 1) {
      throw new InvalidArgumentError(`a piece of ${bytes} bytes was asked for; expected a whole number from 1`);
    }
    const units = Math.ceil(bytes / UNIT);
    if (units > ARENA_MOST / UNIT) {
      throw new ArenaError("overflow", `a piece of ${bytes} bytes: an arena's addresses reach 4 GiB`);
    }
    return units;
  }

  private tryTake(units: number): number {
    let record: number = layout.UNITS_MOVED;
    for (let tries = 0; tries < TRIES && record === layout.UNITS_MOVED; tries++) {
      record = this.kernels.takePiece(0, units, this.claim);
    }
    return record;
  }

  private noRoom(bytes: number, answer: number): Error {
    if (answer === layout.UNITS_MOVED) {
      return new ContentionError(
        `arena ${this.number} gave no ${bytes} bytes: other threads took and gave all the time`,
      );
    }
    if (answer === layout.NO_RECORD) {
      const records = this.header.get(layout.A_RECORDS);
      return new ArenaError(
        "exceeds-limit",
        `arena ${this.number} has all of its ${records} pieces out; give some back`,
      );
    }
    const free = this.room - this.used;
    return new ArenaError(
      "exceeds-limit",
      `arena ${this.number} has no ${bytes} bytes side by side (${free} of ${this.room} are free); give something back, or make the agents with a larger arenaBytes or more arenas`,
    );
  }

  /** Cut at whole characters, and the rest zero. */
  private notePurpose(at: number, purpose: string): void {
    const place = this.bytes.subarray(at, at + PURPOSE_BYTES);
    place.fill(0);
    place.set(utf8.encode(purpose).subarray(0, PURPOSE_BYTES));
  }

  /**
   * @returns bytes that became free
   * @throws InvalidArgumentError when no piece of that group begins there
   */
  give(address: number, group: number): number {
    const record = Number.isInteger(address) && address >= 0 ? this.kernels.pieceAt(0, address) : -1;
    const taken = record < 0 ? 0 : this.piece(record).taken;
    if (record < 0 || this.kernels.givePiece(0, record, this.claim, group) === 0) {
      throw new InvalidArgumentError(
        `no piece that may be given back begins at ${address} of arena ${this.number}: it was given back before, or is another's`,
      );
    }
    return taken;
  }

  /** Claims of threads that have pieces which end with them, or have one in hand. */
  holders(): Set<number> {
    const holders = new Set<number>();
    const records = this.header.get(layout.A_RECORDS);
    for (let record = 0; record < records; record++) {
      const at = this.kernels.pieceRecord(0, record) >>> 0;
      const claim = this.view.getUint32(at + layout.PIECE_OWNER, true);
      if (claim === 0) continue;
      const inHand = this.isInHand(at);
      if (inHand || this.view.getUint32(at + layout.PIECE_GROUP, true) === 0) holders.add(claim);
    }
    return holders;
  }

  private isInHand(at: number): boolean {
    return this.view.getUint32(at + layout.PIECE_UPPER, true) >>> layout.PIECE_STATE_SHIFT !== layout.PIECE_HELD;
  }

  /** Pieces of this thread's own that are charged to a group. */
  giveBackChargedTo(group: number): void {
    const records = this.header.get(layout.A_RECORDS);
    for (let record = 0; record < records; record++) {
      const at = this.kernels.pieceRecord(0, record) >>> 0;
      if (this.view.getUint32(at + layout.PIECE_OWNER, true) !== this.claim >>> 0) continue;
      if (this.view.getUint32(at + layout.PIECE_GROUP, true) !== 0 || this.isInHand(at)) continue;
      if (this.view.getUint32(at + layout.PIECE_CHARGED, true) === group)
        this.kernels.givePiece(0, record, this.claim, 0);
    }
  }

  /** Every piece there is, in no order. */
  *pieces(): Generator<PieceRecord> {
    const records = this.header.get(layout.A_RECORDS);
    for (let record = 0; record < records; record++) {
      const piece = this.piece(record);
      if (piece.claim !== 0) yield piece;
    }
  }

  private piece(record: number): PieceRecord {
    const at = this.kernels.pieceRecord(0, record) >>> 0;
    const inHand = this.isInHand(at);
    const purpose = this.bytes.slice(at + layout.PIECE_PURPOSE, at + layout.PIECE_SIZE);
    return {
      arena: this.number,
      address: this.kernels.pieceAddress(0, record) >>> 0,
      bytes: this.view.getUint32(at + layout.PIECE_BYTES, true),
      taken: this.view.getUint32(at + layout.PIECE_COUNT, true) * UNIT,
      purpose: inHand ? "" : text.decode(purpose).replace(/[\0\ufffd]+$/, ""),
      claim: this.view.getUint32(at + layout.PIECE_OWNER, true),
      group: this.view.getUint32(at + layout.PIECE_GROUP, true),
      inHand,
      sinceMs: inHand ? 0 : this.view.getFloat64(at + layout.PIECE_SINCE, true),
    };
  }

  /** What the units and the records say of each other, when no thread takes or gives. */
  violations(): string[] {
    const found: string[] = [];
    const states = new Uint32Array(
      this.memory.buffer,
      this.header.get(layout.A_STATES),
      this.header.get(layout.A_LIMIT),
    );
    const records = this.header.get(layout.A_RECORDS);
    const named = new Uint32Array(states.length);
    for (let record = 0; record < records; record++) {
      const at = this.kernels.pieceRecord(0, record) >>> 0;
      const first = this.view.getUint32(at + layout.PIECE_FIRST, true);
      const count = this.view.getUint32(at + layout.PIECE_COUNT, true);
      if (this.view.getUint32(at + layout.PIECE_OWNER, true) === 0 && count > 0) {
        found.push(`arena ${this.number}: record ${record} is free and names ${count} units`);
      }
      for (let unit = first; unit < first + count && unit < named.length; unit++) {
        if (states[unit] === record + 1) named[unit]++;
        else found.push(`arena ${this.number}: unit ${unit} is record ${record}'s, and its word is ${states[unit]}`);
      }
    }
    for (let unit = 0; unit < states.length; unit++) {
      if (states[unit] !== 0 && named[unit] !== 1) {
        found.push(`arena ${this.number}: unit ${unit} has the word ${states[unit]}, whose record does not name it`);
      }
    }
    return found;
  }

  /** A line of text with what it is made of, then a bar of it: `#` taken, `+` partly, `.` free, ` ` beyond the limit. */
  picture(width: number): string {
    const units = this.header.get(layout.A_UNITS);
    const limit = this.header.get(layout.A_LIMIT);
    const states = new Uint32Array(this.memory.buffer, this.header.get(layout.A_STATES), limit);
    const cells = Array.from({ length: width }, (_, cell) => {
      const from = Math.floor((units / width) * cell);
      const to = Math.max(from + 1, Math.floor((units / width) * (cell + 1)));
      if (from >= limit) return " ";
      const part = states.subarray(from, Math.min(to, limit));
      const taken = part.reduce((sum, word) => sum + (word === 0 ? 0 : 1), 0);
      return taken === 0 ? "." : taken === part.length ? "#" : "+";
    });
    const data = this.header.get(layout.A_DATA);
    const head = `arena ${this.number}: ${formatBytes(this.bytes.byteLength)}, ${formatBytes(data)} of them records, ${formatBytes(this.used)} in pieces, ${formatBytes(this.limit)} up to the limit`;
    return `${head}\n+${"-".repeat(width)}+\n|${cells.join("")}|\n+${"-".repeat(width)}+`;
  }
}

/** @throws ArenaError where the machine has no room for so many addresses: nothing is touched yet */
export function reserveArena(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(bytes / 65536);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    const { message } = cause as Error;
    throw new ArenaError("growth-failed", `no arena of ${bytes} bytes can be reserved (${message}); ask for less`, {
      cause,
    });
  }
}
