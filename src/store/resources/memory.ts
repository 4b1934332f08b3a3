/** Shared memory of the store's own, which stays where it is for good: a region that nobody drops, so that nobody has to keep it open. */
import { layout, result } from "../../core/index.js";
import { InvalidArgumentError, type OutOfMemoryError } from "../../errors.js";
import type { WorkerConnection } from "../worker.js";

/**
 * Its address; null when there is none and none is to be made.
 *
 * @param bytes null: it is not made
 * @throws what `refuse` says, when it is to be made and there is no memory for it
 */
export function openMemory(
  worker: WorkerConnection,
  key: string,
  bytes: number | null,
  refuse: () => OutOfMemoryError,
): number | null {
  const { engine, out } = worker;
  for (;;) {
    const at = engine.openRegion(worker.putKey(key)) >>> 0;
    if (at !== layout.NOWHERE && at !== layout.NO_PIN) {
      engine.closeRegion(out[result.PIN]);
      return at;
    }
    if (bytes === null) return null;
    if (at === layout.NO_PIN) {
      throw new InvalidArgumentError(
        `this thread has ${layout.REGION_PINS} regions open, the most it can have; close one, so that what it holds can be noted`,
      );
    }
    // made, by us or by another thread: looked for once more
    if (engine.makeRegion(worker.putKey(key), bytes) === layout.NO_MEMORY && worker.sweepDead() === 0) throw refuse();
  }
}
