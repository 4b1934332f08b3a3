/** Bytes of the shared memory that a thread has to itself until it gives them back: what `store.buffer()` hands out. */

import { describe } from "../check.js";
import { layout } from "../core/index.js";
import { InvalidArgumentError, OutOfMemoryError } from "./errors.js";
import type { WorkerConnection } from "./worker.js";

/** Bytes of a buffer at most. */
const LENGTH_MAX = layout.CHUNK_MAX - layout.E_KEY;

export class Buffers {
  private readonly worker: WorkerConnection;
  /** Chunks of the buffers that are out. */
  private readonly lent = new WeakMap<Uint8Array, number>();
  private readonly abandoned: FinalizationRegistry<number>;

  constructor(worker: WorkerConnection) {
    this.worker = worker;
    this.abandoned = new FinalizationRegistry((chunk) => {
      if (!worker.closed) worker.engine.returnBuffer(chunk);
    });
  }

  /** @throws InvalidArgumentError, OutOfMemoryError */
  take(length: number): Uint8Array {
    const { worker } = this;
    if (!Number.isInteger(length) || length < 1 || length > LENGTH_MAX) {
      throw new InvalidArgumentError(
        `buffer length is ${describe(length)}; expected a whole number from 1 to ${LENGTH_MAX}`,
      );
    }
    const chunk = worker.engine.takeBuffer(length) >>> 0;
    if (chunk === 0) throw new OutOfMemoryError(`no chunk is free for a buffer of ${length} bytes`);
    const view = new Uint8Array(worker.currentBuffer(), chunk + layout.E_KEY, length);
    this.abandoned.register(view, chunk, view);
    this.lent.set(view, chunk);
    return view;
  }

  /** @throws InvalidArgumentError for anything but a view that is out */
  giveBack(buffer: Uint8Array): void {
    const chunk = this.lent.get(buffer);
    if (chunk === undefined) throw new InvalidArgumentError("returnBuffer takes a view that came from buffer(), once");
    this.lent.delete(buffer);
    this.abandoned.unregister(buffer);
    this.worker.engine.returnBuffer(chunk);
  }
}
