/**
 * The door of the engine: the one room that touches raw memory. `layout` and the named views of it for those who read
 * it, `load` for those who run it, `verify` for those who do not trust it.
 */
import "./ambient.js";

export { ArenaWords } from "./arena-words.js";
export * from "./chunks.js";
export { isDebugging } from "./debug-build.js";
export {
  type Geometry,
  type GeometryRequest,
  hasRoom,
  leastPool,
  minimumCapacity,
  planGeometry,
  powerOfTwo,
} from "./geometry.js";
export { DECISION_WORDS, decisionRing, EvictorWords, Header } from "./header.js";
export * as headerWord from "./header-word.js";
export { type SlotHolding, slotHoldings } from "./held-words.js";
export { IdLine, type NamespaceRecordFields, readNamespaceRecord } from "./ids.js";
export * as layout from "./layout.js";
export {
  compileEngine,
  compileModule,
  createMemory,
  type Engine,
  type HeaderSettings,
  instantiateEngine,
  kernelHost,
} from "./load.js";
export { countLocks, type DeadlockRow, LockWords } from "./locks.js";
export * as parking from "./parking.js";
export {
  PERMIT_BYTES,
  PERMITS_MOST,
  PermitWords,
  type ResourceCounter,
  type ResourceRecord,
  ResourceWords,
  readResource,
  resourceBytes,
} from "./resource-words.js";
export * as result from "./result-word.js";
export { slabClass, slabState } from "./slab-state.js";
export { allSlots, Slot, SlotWindows } from "./slots.js";
export { type Verification, verifyMemory } from "./verify.js";
export { type ChangeRecord, changeRecords, WatcherWords } from "./watcher.js";
