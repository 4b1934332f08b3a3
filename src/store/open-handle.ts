/** The handle by which another thread attaches: whether it is one. */

import { describe } from "../check.js";
import { Header, layout } from "../core/index.js";
import { ClosedError, InvalidArgumentError } from "../errors.js";
import { PLACE_BYTES } from "./sampling/banks.js";
import type { SamplingHandle, StoreHandle } from "./worker.js";

/** What a handle holds. @throws InvalidArgumentError for anything else; ClosedError */
export function openHandle(handle: unknown): {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  sampling: SamplingHandle | null;
} {
  const fault = (what: string) =>
    new InvalidArgumentError(`Store.attach: ${what}; expected the handle of a store (store.handle)`);
  if (handle === null || typeof handle !== "object") throw fault(`the handle is ${describe(handle)}`);
  const { engram, module, memory, sampling } = handle as Partial<StoreHandle>;
  if (engram === undefined) throw fault("the handle has no layout version");
  if (engram !== layout.LAYOUT_VERSION) {
    throw new InvalidArgumentError(
      `Store.attach: the handle has layout version ${describe(engram)}, this engine has ${layout.LAYOUT_VERSION}; use the same engram version in all threads`,
    );
  }
  if (!(module instanceof WebAssembly.Module) || !(memory instanceof WebAssembly.Memory))
    throw fault("the handle holds no module and memory");
  if (memory.buffer.byteLength < layout.HEADER_SIZE) throw fault("its memory is no store's");
  const header = new Header(memory.buffer);
  if (!header.isStore) throw fault("its memory is no store's");
  if (header.closed) throw new ClosedError("the store was closed by the thread that created it");
  return { module, memory, sampling: checkSampling(sampling ?? null, header.slotCount, fault) };
}

function checkSampling(sampling: unknown, slots: number, fault: (what: string) => Error): SamplingHandle | null {
  if (sampling === null) return null;
  const { banks, share, floor } = sampling as Partial<SamplingHandle>;
  if (
    !(banks instanceof SharedArrayBuffer) ||
    banks.byteLength < slots * PLACE_BYTES ||
    typeof share !== "number" ||
    !(share > 0 && share <= 1) ||
    typeof floor !== "number" ||
    !(floor >= 0)
  ) {
    throw fault("its place for samples is none");
  }
  return { banks, share, floor };
}
