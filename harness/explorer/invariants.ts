/**
 * The engine's invariants over a tiny store at rest, in a few microseconds: what src/core/verify.ts checks on stores of
 * any size, and that versions only grow. Written apart from it, and compared with it by a test.
 */
import { layout as L, slabClass, slabState } from "../../src/core/index.js";

export interface Shape {
  readonly slabShift: number;
  readonly ids: number;
  readonly idCount: number;
  readonly slabs: number;
  readonly slabCount: number;
  readonly slots: number;
  readonly slotCount: number;
  readonly buckets: number;
  readonly bucketCount: number;
  /** Words that tell where entries expire. */
  readonly expiries: number;
  readonly groups: number;
  readonly groupShift: number;
  readonly pool: number;
  /** How far apart the two sides of a ring write. */
  readonly ringStride: number;
}

const FREE_PLACE = 0;
const REGISTERS: readonly (readonly [number, string])[] = [
  [L.S_HAND_CHUNK, "a chunk"],
  [L.S_HAND_MARK, "an entry to be marked"],
  [L.S_HAND_FREE, "a chunk to be freed"],
  [L.S_HAND_RETIRED, "an adopted chunk"],
  [L.S_HAND_MESSAGE, "a message"],
  [L.S_HAND_ID, "a namespace id"],
  [L.S_HAND_OLD_ID, "a namespace id to be cleared"],
  [L.S_PENDING, "a stack operation"],
  [L.S_WRITE_EPOCH, "a write"],
  [L.S_FILING, "a bucket it puts an entry into"],
  [L.S_HAZARD_CURRENT, "a hazard (current)"],
  [L.S_HAZARD_PREVIOUS, "a hazard (previous)"],
  [L.S_HAZARD_HEAD, "a hazard (head)"],
  [L.S_RING, "a ring it is in"],
  [L.S_REAPER, "a reaper"],
];

export class InvariantCheck {
  private readonly place: Uint8Array;
  /** By slab: the entry that has it in its span, 0 = none. */
  private readonly spanOf: Uint32Array;
  private readonly entriesOfId: Int32Array;
  private readonly bytesOfId: Int32Array;
  private readonly namedIds: Int32Array;
  private violation: string | null = null;

  constructor(
    private readonly words: Uint32Array,
    private readonly shape: Shape,
  ) {
    this.place = new Uint8Array((shape.slabCount << shape.slabShift) >> 5);
    this.spanOf = new Uint32Array(shape.slabCount);
    this.entriesOfId = new Int32Array(shape.idCount);
    this.bytesOfId = new Int32Array(shape.idCount);
    this.namedIds = new Int32Array(shape.idCount);
  }

  /** The first violation found, or null. */
  run(): string | null {
    this.violation = null;
    this.place.fill(FREE_PLACE);
    this.spanOf.fill(0);
    this.entriesOfId.fill(0);
    this.bytesOfId.fill(0);
    this.namedIds.fill(0);
    this.walkChains();
    this.walkSlots();
    this.walkStacks();
    this.sweepSlabs();
    this.compareIds();
    this.checkBackups();
    return this.violation;
  }

  /** All threads are at rest or reaped, so nobody backs up. */
  private checkBackups(): void {
    if (this.words[L.H_SNAPSHOT >> 2] !== 0) this.report("a snapshot is still active");
    if (this.words[L.H_BACKUP >> 2] !== 0) this.report("the backups are still claimed");
    for (let slot = 0; slot < 32; slot++) {
      if (((this.words[L.H_WATCHERS >> 2] >>> slot) & 1) === 0) continue;
      const state =
        slot < this.shape.slotCount ? this.words[(this.shape.slots + slot * L.SLOT_SIZE + L.S_STATE) >> 2] : 0;
      if (state !== L.SLOT_ACTIVE) this.report(`slot ${slot} watches, and nobody has it`);
    }
  }

  private report(sentence: string): void {
    this.violation ??= sentence;
  }

  /** Notes where a chunk was met; false when it is no chunk or was met before. */
  private note(chunk: number, where: string): boolean {
    const { pool, slabShift, slabs, slabCount } = this.shape;
    const offset = chunk - pool;
    if (offset < 0 || offset >= slabCount << slabShift || chunk & 31) {
      this.report(`${where} leads to ${chunk}, which is no chunk`);
      return false;
    }
    const sizeClass = slabClass(this.words[(slabs >> 2) + (offset >> slabShift)]);
    if (sizeClass < 0 || offset & ((32 << sizeClass) - 1)) {
      this.report(`${where} leads to ${chunk}, which is not the start of a chunk`);
      return false;
    }
    if (this.place[offset >> 5] !== FREE_PLACE) {
      this.report(`${where} leads to chunk ${chunk}, which is in another list or chain as well`);
      return false;
    }
    this.place[offset >> 5] = 1;
    this.noteSpan(chunk);
    if (this.words[(chunk + L.E_VALUE_LENGTH) >> 2] & (L.FLAG_RING << 16)) this.noteRing(chunk);
    return true;
  }

  /** The slabs of a chunk that holds a span, wherever the chunk is: nobody else's. */
  private noteSpan(chunk: number): void {
    const { words } = this;
    if ((words[(chunk + L.E_VALUE_LENGTH) >> 2] & (L.FLAG_SPAN << 16)) === 0) return;
    const keyLength = words[(chunk + L.E_META) >> 2] >>> 16;
    const descriptor = (chunk + L.E_KEY + ((keyLength + 15) & ~15)) >> 2;
    const first = words[descriptor + L.D_FIRST / 4];
    for (let i = 0; i < words[descriptor + L.D_COUNT / 4]; i++) {
      if (this.spanOf[first + i] !== 0) this.report(`slab ${first + i} is in the spans of two entries`);
      this.spanOf[first + i] = chunk;
    }
  }

  /** The messages in the ring behind an entry's key, wherever the entry is: a dropped one waits in a retired list. */
  private noteRing(entry: number): void {
    const { words } = this;
    const { ringStride } = this.shape;
    const keyLength = words[(entry + L.E_META) >> 2] >>> 16;
    const ring = entry + Math.ceil((L.E_KEY + ((keyLength + 15) & ~15)) / ringStride) * ringStride;
    const queue = words[(ring + L.R_KIND) >> 2] === L.RING_QUEUE;
    for (let i = 0; i < words[(ring + L.R_CAPACITY) >> 2]; i++) {
      const cell = ring + ringStride * 5 + (queue ? (i << L.Q_CELL_SHIFT) + L.Q_MESSAGE : i * 8);
      const message = words[cell >> 2];
      if (message !== 0 && !this.note(message, "a ring")) return;
    }
  }

  private spanBytes(entry: number): number {
    const { words } = this;
    if ((words[(entry + L.E_VALUE_LENGTH) >> 2] & (L.FLAG_SPAN << 16)) === 0) return 0;
    const keyLength = words[(entry + L.E_META) >> 2] >>> 16;
    return words[(entry + L.E_KEY + ((keyLength + 15) & ~15) + L.D_COUNT) >> 2] << this.shape.slabShift;
  }

  private walkChains(): void {
    const { words, shape } = this;
    for (let bucket = 0; bucket < shape.bucketCount; bucket++) {
      const first = words[(shape.buckets >> 2) + bucket];
      for (let link = first; link !== 0; ) {
        if (!this.note(link, `bucket ${bucket}`)) return;
        const at = link >> 2;
        this.checkEntry(link, bucket, first);
        link = words[at] & ~1;
      }
    }
  }

  /** Both filters must have it, or listings of its namespace pass it over. */
  private checkPresence(entry: number, id: number, bucket: number): void {
    const { words, shape } = this;
    const group = words[(shape.groups >> 2) + (bucket >> shape.groupShift)];
    if (((group >>> (id % 31)) & 1) === 0) this.report(`entry ${entry} of id ${id} is missing in its group's filter`);
    const section = bucket >>> Math.max(0, Math.log2(shape.bucketCount) - 7);
    const word = words[(shape.ids + id * L.ID_STRIDE + L.I_SECTIONS + (section >>> 5) * 4) >> 2];
    if (((word >>> Math.min(section & 31, 30)) & 1) === 0)
      this.report(`entry ${entry} of id ${id} is missing in its section's filter`);
  }

  private checkEntry(entry: number, bucket: number, first: number): void {
    const { words, shape } = this;
    const at = entry >> 2;
    const meta = words[at + L.E_META / 4];
    const id = meta & 0xffff;
    const keyLength = meta >>> 16;
    const sizeClass = slabClass(words[(shape.slabs >> 2) + ((entry - shape.pool) >> shape.slabShift)]);
    if (words[at] & 1) {
      this.report(`entry ${entry} is marked but still linked`);
      return;
    }
    if (words[at + L.E_DEATH / 4] !== 0) this.report(`entry ${entry} is alive and carries a death stamp`);
    if (words[at + L.E_BIRTH / 4] === 0) this.report(`entry ${entry} is linked but was never born`);
    if ((words[at + L.E_HASH / 4] & (shape.bucketCount - 1)) >>> 0 !== bucket)
      this.report(`entry ${entry} is in bucket ${bucket}, not its own`);
    const valueLength = words[at + L.E_VALUE_LENGTH / 4] & 0xffff;
    if (keyLength === 0 || keyLength > L.KEY_MAX || 32 + ((keyLength + 15) & ~15) + valueLength > 32 << sizeClass)
      this.report(`entry ${entry} has a key of ${keyLength} and a value of ${valueLength} bytes`);
    this.checkBound(entry, "the group's", shape.expiries + (bucket >> L.EXPIRY_SHIFT) * L.EXPIRY_SIZE);
    this.checkBound(entry, "the store's", L.H_EXPIRY);
    for (let other = first; other !== entry; other = words[other >> 2] & ~1) {
      if (words[(other + L.E_META) >> 2] === meta && this.sameKey(other, entry, keyLength))
        this.report(`the key of entry ${entry} is reachable twice in bucket ${bucket}`);
    }
    if (id >= shape.idCount) {
      this.report(`entry ${entry} is of namespace id ${id}, which there is not`);
      return;
    }
    this.checkPresence(entry, id, bucket);
    this.entriesOfId[id]++;
    this.bytesOfId[id] += (32 << sizeClass) + this.spanBytes(entry);
    if (id === L.DIRECTORY_ID) this.namedIds[words[(entry + L.E_KEY + ((keyLength + 15) & ~15) + L.N_ID) >> 2]]++;
  }

  /** No bound says later than what is there. */
  private checkBound(entry: number, whose: string, word: number): void {
    const expires = this.words[(entry + L.E_EXPIRES) >> 2];
    const earliest = this.words[word >> 2];
    if (expires !== 0 && (earliest === 0 || ((expires - earliest) | 0) < 0))
      this.report(`entry ${entry} expires at tick ${expires}, and ${whose} bound says ${earliest || "never"}`);
  }

  private sameKey(a: number, b: number, length: number): boolean {
    for (let i = 0; i < length; i += 4) {
      if (this.words[(a + L.E_KEY + i) >> 2] !== this.words[(b + L.E_KEY + i) >> 2]) return false;
    }
    return true;
  }

  private walkSlots(): void {
    const { words, shape } = this;
    for (let number = 0; number < shape.slotCount; number++) {
      const slot = (shape.slots + number * L.SLOT_SIZE) >> 2;
      for (let sizeClass = 0; sizeClass < L.CLASS_COUNT; sizeClass++) {
        const cache = slot + (L.S_CACHES + sizeClass * L.CACHE_STRIDE) / 4;
        for (let i = words[cache]; i > 0; i--) {
          if (this.note(words[cache + i], "a cache")) this.checkClass(words[cache + i], sizeClass, "cached");
        }
      }
      const retired = words[slot + L.S_RETIRED_COUNT / 4];
      for (let i = 0; i < retired; i++) {
        const chunk = words[slot + L.S_RETIRED / 4 + i];
        if (chunk !== 0) this.note(chunk, "a retired list");
      }
      for (let chunk = words[slot + L.S_DEFERRED / 4]; chunk !== 0; chunk = words[(chunk + L.E_HASH) >> 2]) {
        if (!this.note(chunk, "a deferred list")) break;
      }
      for (let chunk = words[slot + L.S_BUFFERS / 4]; chunk !== 0; chunk = words[chunk >> 2]) {
        if (!this.note(chunk, "buffers")) break;
      }
      for (const [register, what] of REGISTERS) {
        if (words[slot + register / 4] !== 0) this.report(`slot ${number} still holds ${what}`);
      }
    }
  }

  private checkClass(chunk: number, sizeClass: number, where: string): void {
    const { words, shape } = this;
    if (words[(chunk + L.E_BIRTH) >> 2] !== 0) this.report(`chunk ${chunk} is free and looks as if it had been born`);
    const own = slabClass(words[(shape.slabs >> 2) + ((chunk - shape.pool) >> shape.slabShift)]);
    if (own !== sizeClass) this.report(`chunk ${chunk} of class ${own} is ${where} in class ${sizeClass}`);
  }

  private walkStacks(): void {
    for (let sizeClass = 0; sizeClass < L.CLASS_COUNT; sizeClass++) {
      let chunk = this.words[(L.H_CLASSES + sizeClass * L.LINE) >> 2] & ~31;
      while (chunk !== 0 && this.note(chunk, "a class stack")) {
        this.checkClass(chunk, sizeClass, "stacked");
        chunk = this.words[chunk >> 2];
      }
    }
  }

  private sweepSlabs(): void {
    const { words, shape } = this;
    for (let index = 0; index < shape.slabCount; index++) {
      const state = words[(shape.slabs >> 2) + index];
      const { sizeClass, span, changing } = slabState(state);
      if (changing >= 0) this.report(`slab ${index} is still being changed by slot ${changing}`);
      if (span && this.spanOf[index] === 0) this.report(`slab ${index} leaked: it is of a span that no entry has`);
      if (!span && this.spanOf[index] !== 0)
        this.report(`slab ${index} is not of a span, though entry ${this.spanOf[index]} has it`);
      if (sizeClass < 0) continue;
      const size = 32 << sizeClass;
      for (let offset = index << shape.slabShift; offset < (index + 1) << shape.slabShift; offset += size) {
        if (this.place[offset >> 5] === FREE_PLACE) this.report(`chunk ${shape.pool + offset} of ${size} bytes leaked`);
      }
    }
  }

  private compareIds(): void {
    const { words, shape } = this;
    for (let id = 0; id < shape.idCount; id++) {
      const line = (shape.ids + id * L.ID_STRIDE) >> 2;
      const entries = words[line + L.I_ENTRIES / 4] | 0;
      const bytes = words[line + L.I_BYTES / 4] | 0;
      if (words[line + L.I_INEXACT / 4] === 0 && (entries !== this.entriesOfId[id] || bytes !== this.bytesOfId[id])) {
        this.report(
          `id ${id} counts ${entries} entries and ${bytes} bytes; its chains hold ${this.entriesOfId[id]} and ${this.bytesOfId[id]}`,
        );
      }
      if (id < L.FIRST_ID) continue;
      const state = words[line + L.I_STATE / 4] & 0xffff; // the taker with it: at rest there is none
      if (this.namedIds[id] > 1) this.report(`id ${id} belongs to ${this.namedIds[id]} namespaces`);
      if (this.namedIds[id] === 1 && state !== L.ID_USED) this.report(`id ${id} is in the directory, but not in use`);
      if (this.namedIds[id] === 0 && state === L.ID_USED) this.report(`id ${id} is in use by no namespace: leaked`);
      if (state === L.ID_FREE && this.entriesOfId[id] !== 0) this.report(`id ${id} is free, but has entries`);
    }
  }
}
