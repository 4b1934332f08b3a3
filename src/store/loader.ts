/**
 * The way in for a whole backup: pieces of slabs as they were in the store that was backed up, straight to the engine
 * (src/core/assembly/loader.ts). For a store that was just made and that no one else knows yet.
 */
import { layout } from "../core/index.js";
import { CorruptBackupError, OutOfMemoryError } from "./errors.js";
import type { WorkerConnection } from "./worker.js";

export interface Loaded {
  readonly entries: number;
  readonly expired: number;
}

export class Loader {
  private readonly worker: WorkerConnection;
  private readonly ids: number[] = [];

  constructor(worker: WorkerConnection) {
    this.worker = worker;
  }

  /** The largest piece `load` takes, bytes. */
  static readonly PIECE = layout.S_MANY_SIZE;

  get createdMs(): number {
    return this.worker.createdMs;
  }

  /** The namespace made next gets this id, if it is free here. */
  ask(id: number): void {
    Atomics.store(this.worker.header, layout.H_NEXT_ID / 4, id);
  }

  /** Lets entries of this id in, if the namespace of this name has it: false when it has another. */
  admit(name: string, id: number): boolean {
    const { worker } = this;
    if (worker.engine.resolve(worker.putKey(name)) === layout.MISS) return false;
    if (worker.values.readUInt32LE(layout.N_ID) !== id) return false;
    const line = this.lineOf(id);
    line[layout.I_LOAD_SEED / 4] = worker.values.readUInt32LE(layout.N_SEED);
    line[layout.I_LOAD / 4] = 1;
    this.ids.push(id);
    return true;
  }

  /**
   * Loads a piece of a slab.
   *
   * @param size bytes of its chunks
   * @param epoch of the snapshot
   * @param shift ticks by which expiries move
   * @throws OutOfMemoryError; CorruptBackupError when a chunk contradicts itself: `atByte` tells where the piece begins
   */
  load(piece: Uint8Array, size: number, epoch: number, shift: number, atByte: () => string): Loaded {
    const { worker } = this;
    worker.manyBytes.set(piece);
    const entries = worker.engine.loadChunks(piece.length, size, epoch, shift >>> 0);
    if (entries >= 0) return { entries, expired: worker.out[1] };
    if (entries === layout.NO_MEMORY) {
      throw new OutOfMemoryError(
        "the backup does not fit: no chunk is left for an entry; restore it into a larger store, or one with eviction",
      );
    }
    throw new CorruptBackupError(`${atByte()}, chunk ${worker.out[0] / size}: an entry longer than its ${size} bytes`);
  }

  /** Nothing is let in any more. */
  end(): void {
    for (const id of this.ids) this.lineOf(id)[layout.I_LOAD / 4] = 0;
  }

  private lineOf(id: number): Uint32Array {
    const at = this.worker.header[layout.H_IDS / 4] + id * layout.ID_STRIDE;
    return new Uint32Array(this.worker.currentBuffer(), at, layout.ID_STRIDE / 4);
  }
}
