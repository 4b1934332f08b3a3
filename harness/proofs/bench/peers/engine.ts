/** The engine on its own, without the store above it: for the parts that M-004, -006 and -008 put figures on. */
import {
  compileEngine,
  createMemory,
  type Engine,
  instantiateEngine,
  layout,
  planGeometry,
  result,
  SlotWindows,
} from "../../../../src/core/index.js";

export interface BareEngine {
  readonly engine: Engine;
  readonly slotNumber: number;
  readonly memory: WebAssembly.Memory;
  /** Where bytes may be put to be hashed. */
  readonly scratch: Uint8Array;
  readonly scratchAddress: number;
  /** A namespace's directory entry, as the host sees it. */
  readonly record: { readonly entry: number; readonly version: number };
}

const MIB = 2 ** 20;
const NAMESPACE = "bench";

export function openEngine(): BareEngine {
  const geometry = planGeometry({
    capacity: 16 * MIB,
    maxCapacity: 16 * MIB,
    slotCount: 2,
    poolShare: 0.6,
    expectedEntries: null,
    maxNamespaces: 256,
  });
  const settings = { hashKind: layout.HASH_XX, evict: false, createdMs: Date.now(), createdMonotonic: 0 };
  const memory = createMemory(geometry, settings, true);
  const engine = instantiateEngine(compileEngine(true), memory);
  const slotNumber = engine.attach(0);
  if (slotNumber < 0) throw new Error("the engine has no free slot");
  const slot = engine.slotAddress();
  const windows = new SlotWindows(memory.buffer, slot);
  windows.keyBytes.set(new TextEncoder().encode(NAMESPACE));
  if (engine.createNamespace(NAMESPACE.length, 0, 0, 0n) !== layout.OK) throw new Error("the engine made no namespace");
  if (engine.resolve(NAMESPACE.length) < 0) throw new Error("the engine does not find its namespace");
  const scratchAddress = windows.valueAddress;
  return {
    engine,
    slotNumber,
    memory,
    scratch: new Uint8Array(memory.buffer, scratchAddress, 4096),
    scratchAddress,
    record: { entry: windows.out[result.ENTRY], version: windows.out[result.VERSION] },
  };
}
