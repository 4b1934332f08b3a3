import {
  compileEngine,
  createMemory,
  type Engine,
  type HeaderSettings,
  instantiateEngine,
  layout,
  planGeometry,
} from "#dist/src/core/index.js";

/** An engine over a memory of its own, without the store above it: one or more "threads" as instances in this one. */
export interface Rig {
  readonly memory: WebAssembly.Memory;
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  /** One more instance with a slot of its own. */
  join(): Engine;
}

const MIB = 2 ** 20;

export function makeRig(capacity = 4 * MIB, settings: Partial<HeaderSettings> = {}, slotCount = 4): Rig {
  const geometry = planGeometry({
    capacity,
    maxCapacity: capacity,
    slotCount,
    poolShare: 0.6,
    expectedEntries: null,
    maxNamespaces: 16,
  });
  const memory = createMemory(
    geometry,
    { hashKind: layout.HASH_XX, evict: false, createdMs: 0, createdMonotonic: 0, hashSeed: 1, ...settings },
    true,
  );
  const module = compileEngine(true);
  let threads = 0;
  return {
    memory,
    words: new Uint32Array(memory.buffer),
    bytes: new Uint8Array(memory.buffer),
    join() {
      const engine = instantiateEngine(module, memory);
      if (engine.attach(++threads) < 0) throw new Error("no slot is free");
      return engine;
    },
  };
}
