/**
 * The invariants of the engine, checked over a store that no one writes to: an independent reading of the same bytes, in
 * another language than the engine's, so that the two would have to be wrong alike.
 *
 * Mark and sweep: every chunk of every slab must be in exactly one place: a chain, a worker's cache, retired or deferred
 * list or buffers, a class stack, or a channel. None twice, none nowhere.
 *
 * Memory may be damaged in any way: every list is left at the first chunk that was met before, every count is held against
 * what there can be, and a header that makes no sense is reported instead of followed.
 */
import * as L from "./layout.js";
import { lockAddress } from "./locks.js";
import { slabClass, slabState } from "./slab-state.js";

/** What a check of the whole memory has found. */
export interface Verification {
  /** Whether nothing is violated. */
  readonly ok: boolean;
  /** One sentence a violation, at most `MAX_VIOLATIONS` of them. */
  readonly violations: string[];
  /** Living entries found in the chains. */
  readonly entries: number;
  /** Chunks by size class: in slabs, and of those in chains. */
  readonly chunks: {
    /** Bytes of a chunk. */
    size: number;
    /** In slabs. */
    total: number;
    /** Of those, in chains. */
    linked: number;
  }[];
}

const MAX_VIOLATIONS = 50;
const PLACES = ["nowhere", "a chain", "a cache", "a retired list", "a class stack", "buffers", "a channel"] as const;

/**
 * Checks the memory. Only meaningful while no worker is inside an operation. Repairs what a death left inexact: the counts of
 * namespaces, and the workers' own counts of entries and chunks, which add up to the store's.
 */
export function verifyMemory(buffer: ArrayBufferLike): Verification {
  return new Sweep(buffer).run();
}

class Sweep {
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly pool: number;
  private readonly slabs: number;
  private readonly slabCount: number;
  /** Why nothing else can be looked at, if so. */
  private readonly headerFault: string | null;
  /** Place of each chunk, by (address - pool) / 32. */
  private readonly places: Uint8Array;
  /** By slab: the chunk that has it in its span, 0 = none. */
  private readonly spanOf: Uint32Array;
  private readonly violations: string[] = [];
  private readonly linked = new Array<number>(L.CLASS_COUNT).fill(0);
  /** Chunks by class in caches and class stacks. */
  private readonly free = new Array<number>(L.CLASS_COUNT).fill(0);
  /** Entries that have a ring, wherever they were met: one that was dropped may be in a retired list, and its messages in it. */
  private readonly rings: number[] = [];
  private readonly locks: number[] = [];
  private readonly usage = new Map<number, { entries: number; bytes: number }>();
  private entries = 0;
  private linkedSpanBytes = 0;

  constructor(buffer: ArrayBufferLike) {
    this.words = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.pool = this.at(L.H_POOL);
    this.slabs = this.at(L.H_SLABS);
    this.slabCount = this.at(L.H_SLAB_LIMIT);
    this.headerFault = this.findHeaderFault();
    this.spanOf = new Uint32Array(this.headerFault === null ? this.slabCount : 0);
    this.places = new Uint8Array(this.headerFault === null ? (this.slabCount * L.SLAB_SIZE) / 32 : 0);
  }

  run(): Verification {
    if (this.headerFault !== null) {
      return { ok: false, violations: [this.headerFault], entries: 0, chunks: this.chunksOf([]) };
    }
    this.walkTable();
    this.walkSlots();
    this.walkStacks();
    for (const entry of this.rings) this.walkRing(entry);
    for (const entry of this.locks) this.checkLock(entry);
    const totals = this.sweepSlabs();
    const chunks = this.chunksOf(totals);
    this.compareUsage();
    if (this.violations.length === 0) this.compareCounters(totals);
    return { ok: this.violations.length === 0, violations: this.violations, entries: this.entries, chunks };
  }

  private chunksOf(totals: readonly number[]): Verification["chunks"] {
    return this.linked.map((linked, sizeClass) => ({ size: 32 << sizeClass, total: totals[sizeClass] ?? 0, linked }));
  }

  /** The word, 0 outside the memory. */
  private at(address: number): number {
    return this.words[address >>> 2] ?? 0;
  }

  /** The parts of the memory, as the header has them, must lie in it: all else is read by these addresses. */
  private findHeaderFault(): string | null {
    if (this.at(L.H_MAGIC) !== L.MAGIC) return "the header does not begin as a store's does";
    const buckets = this.at(L.H_BUCKET_MASK) + 1;
    if ((buckets & (buckets - 1)) !== 0) return `the header says there are ${buckets} buckets, no power of two`;
    const parts: [what: string, address: number, count: number, size: number, most: number][] = [
      ["slots", this.at(L.H_SLOTS), this.at(L.H_SLOT_COUNT), L.SLOT_SIZE, L.SLOT_MAX],
      ["namespace ids", this.at(L.H_IDS), this.at(L.H_ID_COUNT), L.ID_STRIDE, 65536],
      ["buckets", this.at(L.H_BUCKETS), buckets, 4, 2 ** 30],
      ["groups of buckets", this.at(L.H_GROUPS), Math.ceil(buckets / 2 ** L.GROUP_SHIFT), 4, 2 ** 30],
      ["slab states", this.slabs, this.slabCount, 4, 65536],
      ["slabs", this.pool, this.slabCount, L.SLAB_SIZE, 65536],
    ];
    for (const [what, address, count, size, most] of parts) {
      if (count > most || address % 4 !== 0 || address < L.HEADER_SIZE || address + count * size > this.bytes.length) {
        return `the header says there are ${count} ${what} at ${address}, which cannot be`;
      }
    }
    return this.pool % 32 === 0 ? null : `the header says the pool begins at ${this.pool}, where no chunk can`;
  }

  private report(sentence: string): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push(sentence);
  }

  /** An entry that expires must be found by whoever looks where the bounds say something does (assembly/expiry.ts). */
  private checkBounds(entry: number, bucket: number, mask: number): void {
    const expires = this.at(entry + L.E_EXPIRES);
    if (expires === 0) return;
    const end = this.at(L.H_BUCKETS) + (mask + 1) * 4;
    const words = Math.ceil(end / L.EXPIRY_SIZE) * L.EXPIRY_SIZE;
    for (const word of [words + (bucket >>> L.EXPIRY_SHIFT) * L.EXPIRY_SIZE, L.H_EXPIRY]) {
      const earliest = this.at(word);
      if (earliest !== 0 && ((expires - earliest) | 0) >= 0) continue;
      this.report(`entry ${entry} expires at tick ${expires}, but the bound at ${word} says ${earliest || "never"}`);
    }
  }

  /** -1: of a slab that is not cut, or whose state makes no sense (sweepSlabs reports that). */
  private classOf(chunk: number): number {
    return slabClass(this.at(this.slabs + Math.floor((chunk - this.pool) / L.SLAB_SIZE) * 4));
  }

  /** Notes where a chunk was met; false when it is no chunk or was met before. */
  private note(chunk: number, place: number, where: string): boolean {
    const offset = chunk - this.pool;
    if (offset < 0 || offset >= this.slabCount * L.SLAB_SIZE || chunk % 32 !== 0) {
      this.report(`${where} leads to ${chunk}, which is outside the pool`);
      return false;
    }
    const sizeClass = this.classOf(chunk);
    if (sizeClass < 0 || offset % (32 << sizeClass) !== 0) {
      this.report(`${where} leads to ${chunk}, which is not the start of a chunk`);
      return false;
    }
    const before = this.places[offset / 32];
    if (before !== 0) {
      this.report(`chunk ${chunk} is in ${PLACES[before]} and again in ${where}`);
      return false;
    }
    this.places[offset / 32] = place;
    if (this.flagsOf(chunk) & L.FLAG_SPAN) this.noteSpan(chunk);
    if (this.flagsOf(chunk) & L.FLAG_RING) this.rings.push(chunk);
    return true;
  }

  private flagsOf(chunk: number): number {
    return (this.at(chunk + L.E_VALUE_LENGTH) >>> 16) & 0xff;
  }

  /** Bytes of the slabs in an entry's span. */
  private spanBytes(chunk: number): number {
    if ((this.flagsOf(chunk) & L.FLAG_SPAN) === 0) return 0;
    return this.at(chunk + L.E_KEY + align16(this.at(chunk + L.E_META) >>> 16) + L.D_COUNT) * L.SLAB_SIZE;
  }

  /** The slabs that a chunk has in its span, wherever the chunk is: in no other span. */
  private noteSpan(chunk: number): void {
    const descriptor = chunk + L.E_KEY + align16(this.at(chunk + L.E_META) >>> 16);
    const first = this.at(descriptor + L.D_FIRST);
    const count = this.at(descriptor + L.D_COUNT);
    if (count === 0 || first + count > this.slabCount) {
      this.report(`chunk ${chunk} has a span of ${count} slabs from ${first} on, of ${this.slabCount} there are`);
      return;
    }
    for (let index = first; index < first + count; index++) {
      if (this.spanOf[index] !== 0) this.report(`slab ${index} is in the spans of ${this.spanOf[index]} and ${chunk}`);
      this.spanOf[index] = chunk;
    }
    const bytes = this.at(descriptor + L.D_BYTES);
    if (bytes > count * L.SLAB_SIZE)
      this.report(`chunk ${chunk} has ${bytes} bytes in a span of ${count} slabs, more than fit`);
  }

  private walkTable(): void {
    const buckets = this.at(L.H_BUCKETS);
    const mask = this.at(L.H_BUCKET_MASK);
    for (let bucket = 0; bucket <= mask; bucket++) {
      let link = this.at(buckets + bucket * 4);
      if (link === 0) continue;
      const keys = new Set<string>();
      while (link !== 0) {
        const entry = (link & ~1) >>> 0;
        if (!this.note(entry, 1, `the chain of bucket ${bucket}`)) break;
        link = this.checkEntry(entry, bucket, mask, keys);
      }
    }
  }

  private checkEntry(entry: number, bucket: number, mask: number, keys: Set<string>): number {
    const next = this.at(entry + L.E_NEXT);
    const meta = this.at(entry + L.E_META);
    const keyLength = meta >>> 16;
    const id = meta & 0xffff;
    const valueLength = this.at(entry + L.E_VALUE_LENGTH) & 0xffff;
    const sizeClass = this.classOf(entry);
    if ((this.at(entry + L.E_HASH) & mask) >>> 0 !== bucket)
      this.report(`entry ${entry} is in bucket ${bucket}, not its own`);
    if (keyLength === 0 || keyLength > L.KEY_MAX || 32 + align16(keyLength) + valueLength > 32 << sizeClass) {
      this.report(
        `entry ${entry} has a key of ${keyLength} and a value of ${valueLength} bytes in a chunk of ${32 << sizeClass}`,
      );
    }
    if (this.at(entry + L.E_BIRTH) === 0) this.report(`entry ${entry} is linked but was never born`);
    if (next & 1) {
      this.report(`entry ${entry} is marked but still linked`);
      return (next & ~1) >>> 0;
    }
    if (this.at(entry + L.E_DEATH) !== 0) this.report(`entry ${entry} is alive and carries a death stamp`);
    const key = `${id}:${Buffer.from(this.bytes.subarray(entry + 32, entry + 32 + keyLength)).toString("latin1")}`;
    if (keys.has(key)) this.report(`a key of namespace id ${id} is reachable twice in bucket ${bucket}`);
    keys.add(key);
    this.checkBounds(entry, bucket, mask);
    if (id >= this.at(L.H_ID_COUNT)) this.report(`entry ${entry} is of namespace id ${id}, which there is not`);
    else this.checkPresence(entry, id, bucket, mask);
    if (this.flagsOf(entry) & L.FLAG_LOCK) this.locks.push(entry);
    this.linked[sizeClass]++;
    this.entries++;
    const usage = this.usage.get(id) ?? { entries: 0, bytes: 0 };
    usage.entries++;
    const spanBytes = this.spanBytes(entry);
    usage.bytes += (32 << sizeClass) + spanBytes;
    this.linkedSpanBytes += spanBytes;
    if (this.flagsOf(entry) & L.FLAG_LARGE && spanBytes === 0)
      this.report(`entry ${entry} has a large value, and no span that holds it`);
    this.usage.set(id, usage);
    return next;
  }

  /** An entry that its group's or its id's filter lacks is one that listings pass over (assembly/presence.ts). */
  private checkPresence(entry: number, id: number, bucket: number, mask: number): void {
    const group = this.at(this.at(L.H_GROUPS) + (bucket >>> L.GROUP_SHIFT) * 4);
    if (((group >>> (id % 31)) & 1) === 0)
      this.report(`entry ${entry} of namespace id ${id} is missing in the filter of its group`);
    const section = bucket >>> Math.max(0, Math.log2(mask + 1) - 7);
    const word = this.at(this.at(L.H_IDS) + id * L.ID_STRIDE + L.I_SECTIONS + (section >>> 5) * 4);
    if (((word >>> Math.min(section & 31, 30)) & 1) === 0)
      this.report(`entry ${entry} of namespace id ${id} is missing in the filter of its section`);
  }

  /**
   * Whoever has a lock or waits for it is a worker whose list of locks says so. A reader's bit may have come after its reader had gone
   * (assembly/rwlock.ts): it is taken out.
   */
  private checkLock(entry: number): void {
    const lock = lockAddress(entry, this.at(entry + L.E_META) >>> 16) / 4;
    const owner = this.words[lock + L.K_OWNER / 4];
    if (owner !== 0 && owner !== L.K_DROPPED && !this.namesLock(owner - 1, entry))
      this.report(`lock ${entry} is held by slot ${owner - 1}, which does not say so`);
    for (let slot = 0; slot < L.SLOT_MAX; slot++) {
      const word = slot >>> 5;
      const bit = 1 << (slot & 31);
      const waits = this.words[lock + L.K_WAITERS / 4 + word] | this.words[lock + L.K_QUEUE / 4 + word];
      if (waits & bit && !this.namesLock(slot, entry))
        this.report(`slot ${slot} waits for lock ${entry}, and does not say so`);
      if (this.words[lock + L.K_READERS / 4 + word] & bit && !this.namesLock(slot, entry))
        Atomics.and(this.words, lock + L.K_READERS / 4 + word, ~bit);
    }
  }

  private namesLock(slot: number, entry: number): boolean {
    if (slot >= this.at(L.H_SLOT_COUNT)) return false;
    const at = this.at(L.H_SLOTS) + slot * L.SLOT_SIZE;
    if (this.at(at + L.S_STATE) !== L.SLOT_ACTIVE) return false;
    for (let i = 0; i < L.HELD_MAX; i++) {
      if ((this.at(at + L.S_HELD + i * 8) & ~L.HELD_BITS) >>> 0 === entry) return true;
    }
    return false;
  }

  private walkSlots(): void {
    const count = this.at(L.H_SLOT_COUNT);
    for (let number = 0; number < count; number++) {
      const slot = this.at(L.H_SLOTS) + number * L.SLOT_SIZE;
      this.walkCaches(slot, number);
      this.walkRetired(slot, number);
      for (let chunk = this.at(slot + L.S_BUFFERS); chunk !== 0; chunk = this.at(chunk + L.E_NEXT)) {
        if (!this.note(chunk, 5, `buffers of slot ${number}`)) break;
      }
      this.checkHands(slot, number);
    }
  }

  private walkCaches(slot: number, number: number): void {
    for (let sizeClass = 0; sizeClass < L.CLASS_COUNT; sizeClass++) {
      const cache = slot + L.S_CACHES + sizeClass * L.CACHE_STRIDE;
      const n = this.at(cache);
      if (n > L.CACHE_CAPACITY) this.report(`slot ${number} caches ${n} chunks of class ${sizeClass}, more than fit`);
      for (let i = 1; i <= Math.min(n, L.CACHE_CAPACITY); i++) {
        const chunk = this.at(cache + i * 4);
        this.free[sizeClass]++;
        if (!this.note(chunk, 2, `the cache of slot ${number}`)) continue;
        this.checkUnborn(chunk);
        if (this.classOf(chunk) !== sizeClass) {
          this.report(`chunk ${chunk} is cached by slot ${number} in class ${sizeClass}, not its own`);
        }
      }
    }
  }

  private walkRetired(slot: number, number: number): void {
    const n = this.at(slot + L.S_RETIRED_COUNT);
    if (n > L.RETIRED_CAPACITY) this.report(`slot ${number} has ${n} retired chunks, more than fit`);
    for (let i = 0; i < Math.min(n, L.RETIRED_CAPACITY); i++) {
      const chunk = this.at(slot + L.S_RETIRED + i * 4);
      if (chunk !== 0) this.note(chunk, 3, `the retired list of slot ${number}`);
    }
    for (let chunk = this.at(slot + L.S_DEFERRED); chunk !== 0; chunk = this.at(chunk + L.E_HASH)) {
      if (!this.note(chunk, 3, `the deferred list of slot ${number}`)) break;
    }
  }

  private checkHands(slot: number, number: number): void {
    const registers: [number, string][] = [
      [L.S_HAND_CHUNK, "a chunk"],
      [L.S_HAND_MARK, "an entry to be marked"],
      [L.S_HAND_FREE, "a chunk to be freed"],
      [L.S_HAND_RETIRED, "an adopted chunk"],
      [L.S_HAND_MESSAGE, "a message"],
      [L.S_PENDING, "a stack operation"],
      [L.S_WRITE_EPOCH, "a write"],
      [L.S_HAZARD_HEAD, "a hazard"],
      [L.S_RING, "a ring it is in"],
    ];
    for (const [register, what] of registers) {
      if (this.at(slot + register) !== 0)
        this.report(`slot ${number} is still holding ${what}: a worker is at work, or died unreaped`);
    }
  }

  /** A backup takes what has a birth for an entry. */
  private checkUnborn(chunk: number): void {
    if (this.at(chunk + L.E_BIRTH) !== 0) this.report(`chunk ${chunk} is free and looks as if it had been born`);
  }

  private walkStacks(): void {
    for (let sizeClass = 0; sizeClass < L.CLASS_COUNT; sizeClass++) {
      let chunk = (this.at(L.H_CLASSES + sizeClass * L.LINE) & ~31) >>> 0;
      for (; chunk !== 0 && this.note(chunk, 4, `the stack of class ${sizeClass}`); chunk = this.at(chunk + L.E_NEXT)) {
        this.free[sizeClass]++;
        this.checkUnborn(chunk);
      }
    }
  }

  /** The ring of a channel or queue lies behind the key of its entry, at the next line. */
  private walkRing(entry: number): void {
    const keyLength = this.at(entry + L.E_META) >>> 16;
    const key = Buffer.from(this.bytes.subarray(entry + L.E_KEY, entry + L.E_KEY + keyLength)).toString();
    const offset = Math.ceil((L.E_KEY + align16(keyLength)) / L.R_STRIDE) * L.R_STRIDE;
    const capacity = this.at(entry + offset + L.R_CAPACITY);
    const queue = this.at(entry + offset + L.R_KIND) === L.RING_QUEUE;
    const cell = queue ? 1 << L.Q_CELL_SHIFT : 8;
    const room = Math.max(0, Math.floor(((32 << this.classOf(entry)) - offset - L.R_CELLS) / cell));
    if (capacity > room) this.report(`${key} has ${capacity} cells in a chunk with room for ${room}`);
    for (let i = 0; i < Math.min(capacity, room); i++) {
      const message = this.at(entry + offset + L.R_CELLS + i * cell + (queue ? L.Q_MESSAGE : 0));
      if (message !== 0) this.note(message, 6, `cell ${i} of ${key}`);
    }
  }

  /** Chunks by class. */
  private sweepSlabs(): number[] {
    const totals = new Array<number>(L.CLASS_COUNT).fill(0);
    for (let index = 0; index < this.slabCount; index++) {
      const state = this.at(this.slabs + index * 4);
      const { sizeClass, span, changing, known } = slabState(state);
      if (!known) this.report(`slab ${index} is of kind ${state & L.SLAB_KIND_MASK}, which there is not`);
      if (changing >= 0) this.report(`slab ${index} is still being changed by slot ${changing}`);
      if (span && this.spanOf[index] === 0) this.report(`slab ${index} leaked: it is of a span that no entry has`);
      if (!span && this.spanOf[index] !== 0)
        this.report(`slab ${index} is in the span of ${this.spanOf[index]}, but is of none`);
      if (sizeClass < 0) continue;
      const size = 32 << sizeClass;
      totals[sizeClass] += L.SLAB_SIZE / size;
      for (let offset = 0; offset < L.SLAB_SIZE; offset += size) {
        const chunk = index * L.SLAB_SIZE + offset;
        if (this.places[chunk / 32] === 0) {
          this.report(`chunk ${this.pool + chunk} of ${size} bytes leaked: it is in no list`);
        }
      }
    }
    return totals;
  }

  /**
   * Each worker counts what it puts in and takes out, the sums are the store's: a death between a deed and its count leaves them
   * off, for as long as the store lives unless they are set right here. Without a death they must agree.
   */
  private compareCounters(totals: readonly number[]): void {
    const slots = this.at(L.H_SLOTS);
    const count = this.at(L.H_SLOT_COUNT);
    const sum = (offset: number) => {
      let all = 0n;
      for (let i = 0; i < count; i++) all += this.counterAt(slots + i * L.SLOT_SIZE + offset);
      return Number(all);
    };
    const counter = (number: number) => L.S_COUNTERS + number * 8;
    const someoneDied = sum(counter(L.C_REAPED)) > 0;
    const compare = (what: string, up: number, down: number, found: number) => {
      const counted = sum(up) - sum(down);
      if (counted === found) return;
      if (!someoneDied) this.report(`the workers count ${counted} ${what}, there are ${found}`);
      else this.addTo(slots + (counted < found ? up : down), Math.abs(found - counted));
    };
    const bytes = this.linked.reduce(
      (all, linked, sizeClass) => all + linked * (32 << sizeClass),
      this.linkedSpanBytes,
    );
    compare("entries", counter(L.C_INSERTED), counter(L.C_REMOVED), this.entries);
    compare("bytes of entries", counter(L.C_BYTES_IN), counter(L.C_BYTES_OUT), bytes);
    totals.forEach((total, sizeClass) => {
      const cache = L.S_CACHES + sizeClass * L.CACHE_STRIDE;
      const used = total - this.free[sizeClass];
      compare(`chunks of ${32 << sizeClass} bytes in use`, cache + L.K_TAKEN, cache + L.K_GIVEN, used);
    });
  }

  /** A u64; they wrap around, so that what one worker gave back of another's is a negative sum. */
  private counterAt(address: number): bigint {
    return BigInt.asIntN(64, (BigInt(this.at(address + 4)) << 32n) | BigInt(this.at(address)));
  }

  private addTo(address: number, by: number): void {
    const value = this.counterAt(address) + BigInt(by);
    this.words[address >>> 2] = Number(value & 0xffffffffn);
    this.words[(address >>> 2) + 1] = Number(BigInt.asUintN(64, value) >> 32n);
  }

  /** A death in the middle of a write leaves the counts of that id inexact, and flagged; here is the time to set them right. */
  private compareUsage(): void {
    const count = this.at(L.H_ID_COUNT);
    for (let id = 0; id < count; id++) {
      const line = this.at(L.H_IDS) + id * L.ID_STRIDE;
      const counted = this.usage.get(id) ?? { entries: 0, bytes: 0 };
      const entries = this.at(line + L.I_ENTRIES);
      const bytes = this.at(line + L.I_BYTES) + this.at(line + L.I_BYTES + 4) * 2 ** 32;
      if (this.at(line + L.I_INEXACT) !== 0) {
        this.words[(line + L.I_ENTRIES) >>> 2] = counted.entries;
        this.words[(line + L.I_BYTES) >>> 2] = counted.bytes % 2 ** 32;
        this.words[(line + L.I_BYTES + 4) >>> 2] = Math.floor(counted.bytes / 2 ** 32);
        this.words[(line + L.I_INEXACT) >>> 2] = 0;
      } else if (entries !== counted.entries || bytes !== counted.bytes) {
        this.report(
          `namespace id ${id} counts ${entries | 0} entries and ${bytes} bytes, its chains hold ${counted.entries} and ${counted.bytes}`,
        );
      }
    }
  }
}

function align16(length: number): number {
  return (length + 15) & ~15;
}
