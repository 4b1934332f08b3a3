/**
 * The way in for a whole backup: slabs as they were in the store that was backed up, straight to the engine
 * (src/core/assembly/loader.ts). For a store that was just made and that no one else knows yet.
 */
import { chunkSize, IdLine, layout, readNamespaceRecord, result, slabBytes, slabStart } from "../core/index.js";
import { CorruptBackupError, OutOfMemoryError } from "../errors.js";
import { sourceOf, takeFilled } from "./large.js";
import { isLarge } from "./namespace/failure.js";
import type { WorkerConnection } from "./worker.js";

export interface Loaded {
  readonly entries: number;
  readonly expired: number;
}

/** The cut that a backup is of. */
export interface BackupCut {
  readonly epoch: number;
  /** The old store's time then, in its ticks. */
  readonly tick: number;
  /** Ticks from then to the new store's beginning. */
  readonly passed: number;
}

/** An entry of a backup whose value is large. */
export interface LoadedLarge {
  readonly namespaceId: number;
  readonly key: Uint8Array;
  readonly bytes: number;
  /** Slabs of the value. */
  readonly count: number;
  /** Tick of the old store, 0 = never. */
  readonly expires: number;
}

export class Loader {
  private readonly worker: WorkerConnection;
  private readonly ids: number[] = [];

  constructor(worker: WorkerConnection) {
    this.worker = worker;
  }

  /** Namespace ids that the store has: 0 to this, exclusive. */
  get idCount(): number {
    return this.worker.header.idCount;
  }

  /** Slabs that the store has room for. */
  get slabs(): number {
    return this.worker.header.slabMax;
  }

  /** Some slabs of the pool, to read a backup's into. */
  slabsFrom(index: number, count: number): Buffer {
    const { buffer, byteOffset, length } = slabBytes(this.worker.currentBuffer(), this.worker.header, index, count);
    return Buffer.from(buffer as ArrayBuffer, byteOffset, length);
  }

  /** Keeps a slab of an empty store for `adoptSlab`. */
  reserve(index: number, sizeClass: number): void {
    this.worker.engine.reserveSlab(index, sizeClass);
  }

  get createdMs(): number {
    return this.worker.createdMs;
  }

  /** The namespace made next gets this id, if it is free here. */
  ask(id: number): void {
    this.worker.header.nextId = id;
  }

  /** Lets entries of this id in, if the namespace of this name has it: false when it has another. */
  admit(name: string, id: number): boolean {
    const { worker } = this;
    if (worker.engine.resolve(worker.putKey(name)) === layout.MISS) return false;
    const record = readNamespaceRecord(worker.values);
    if (record.id !== id) return false;
    this.lineOf(id).letIn(record.seed);
    this.ids.push(id);
    return true;
  }

  /**
   * Makes entries of a backup's slab that was read into a reserved one.
   *
   * @throws CorruptBackupError when a chunk contradicts itself: `atByte` tells where the slab begins in the file
   */
  adoptSlab(index: number, sizeClass: number, cut: BackupCut, atByte: () => string): Loaded {
    const { engine } = this.worker;
    return this.resultOf(engine.adoptSlab(index, sizeClass, cut.epoch, cut.tick, ticksPassed(cut)), sizeClass, atByte);
  }

  /** All slabs are adopted, by all threads: before anything else is done with the store, and before `copy`. */
  endAdoption(): void {
    this.worker.engine.endAdoption();
  }

  /**
   * Loads a copy of what is in a backup's slab, into chunks that are free.
   *
   * @throws OutOfMemoryError; CorruptBackupError as adopt
   */
  copy(slab: Uint8Array, sizeClass: number, cut: BackupCut, atByte: (offset: number) => string): Loaded {
    const { worker } = this;
    const sum = { entries: 0, expired: 0 };
    for (let at = 0; at < slab.length; at += layout.S_MANY_SIZE) {
      const piece = slab.subarray(at, at + layout.S_MANY_SIZE);
      worker.manyBytes.set(piece);
      const loaded = worker.engine.loadChunks(
        piece.length,
        chunkSize(sizeClass),
        cut.epoch,
        cut.tick,
        ticksPassed(cut),
      );
      const { entries, expired } = this.resultOf(loaded, sizeClass, () => atByte(at));
      sum.entries += entries;
      sum.expired += expired;
    }
    return sum;
  }

  /**
   * Loads an entry whose value lies in a span: read straight to where it stays, when all entries with small ones are in.
   *
   * @param read reads and checks a slab of the value
   * @throws OutOfMemoryError; what `read` throws
   */
  large(entry: LoadedLarge, cut: BackupCut, read: (slab: number, into: Uint8Array) => void): Loaded {
    const { engine } = this.worker;
    const { namespaceId, key, bytes, count } = entry;
    const isOwn = namespaceId === layout.SYSTEM_ID;
    if (!isOwn && !(namespaceId < this.idCount && this.lineOf(namespaceId).letsIn)) return { entries: 0, expired: 0 };
    const expires = this.expiryHere(entry.expires, cut);
    if (expires < 0) return { entries: 0, expired: 1 };
    const address = engine.takeLarge(bytes) >>> 0;
    if (address === 0) {
      throw new OutOfMemoryError(
        `the backup does not fit: no ${count} slabs lie side by side for a value of ${bytes} bytes; restore it into a larger store`,
      );
    }
    let status: number = layout.UNMET;
    try {
      const span = Buffer.from(this.worker.currentBuffer() as ArrayBuffer, address, slabStart(count));
      for (let slab = 0; slab < count; slab++) {
        read(slab, span.subarray(slabStart(slab), slabStart(slab + 1)));
      }
      const length = this.worker.putKey(key);
      status = isOwn
        ? engine.setSystemLarge(length, address, bytes, layout.MODE_IF_ABSENT, 0, 0)
        : engine.loadLarge(namespaceId, length, address, bytes, expires);
    } finally {
      if (status !== layout.OK) engine.dropLarge(address, bytes);
    }
    if (status === layout.NO_MEMORY) return this.resultOf(status, 0, () => "");
    return { entries: status === layout.OK && !isOwn ? 1 : 0, expired: 0 }; // a cut can have a key twice: either is right
  }

  /**
   * A value of the store's own, as its bytes are (own-value.ts).
   *
   * @throws OutOfMemoryError
   */
  keep(key: Uint8Array, value: Uint8Array): void {
    const { worker } = this;
    const { engine } = worker;
    let status: number = layout.NO_MEMORY;
    if (!isLarge(key.length, value.length)) {
      worker.values.set(value);
      status = engine.setSystem(worker.putKey(key), value.length, layout.MODE_IF_ABSENT);
    } else {
      const address = takeFilled(worker, sourceOf(value, value.length));
      if (address !== 0) {
        status = engine.setSystemLarge(worker.putKey(key), address, value.length, layout.MODE_IF_ABSENT, 0, 0);
        if (status !== layout.OK) engine.dropLarge(address, value.length);
      }
    }
    if (status === layout.NO_MEMORY) this.resultOf(status, 0, () => "");
  }

  /** The tick at which it expires here, 0 = never; -1 when that has come. As in src/core/assembly/loader.ts. */
  private expiryHere(then: number, cut: BackupCut): number {
    if (then === 0) return 0;
    const expires = ((then - cut.tick) | 0) - ticksPassed(cut);
    return expires <= this.worker.tick() ? -1 : expires;
  }

  private resultOf(entries: number, sizeClass: number, atByte: () => string): Loaded {
    const { out } = this.worker;
    if (entries >= 0) return { entries, expired: out[result.EXPIRED] };
    if (entries === layout.NO_MEMORY) {
      throw new OutOfMemoryError(
        "the backup does not fit: no chunk is left for an entry; restore it into a larger store, or one with eviction",
      );
    }
    const size = chunkSize(sizeClass);
    throw new CorruptBackupError(
      `${atByte()}, chunk ${out[result.OFFSET] / size}: an entry longer than its ${size} bytes`,
    );
  }

  /** Nothing is let in any more. */
  end(): void {
    for (const id of this.ids) this.lineOf(id).letNoMoreIn();
  }

  private lineOf(id: number): IdLine {
    return new IdLine(this.worker.currentBuffer(), this.worker.header, id);
  }
}

/** As the engine takes it: longer than any ttl is long enough. */
function ticksPassed({ passed }: BackupCut): number {
  return Math.min(Math.max(0, passed), 2 ** 32 - 1);
}
