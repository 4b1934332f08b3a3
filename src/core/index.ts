/**
 * The door of the engine: the one room that touches raw memory. `layout` for those who read it, `load` for those who run
 * it, `verify` for those who do not trust it.
 */
import "./ambient.js";

export { type Geometry, type GeometryRequest, hasRoom, minimumCapacity, planGeometry, powerOfTwo } from "./geometry.js";
export * as layout from "./layout.js";
export { compileEngine, createMemory, type Engine, type HeaderSettings, instantiateEngine } from "./load.js";
export { slabClass, slabState } from "./slab-state.js";
export { type Verification, verifyMemory } from "./verify.js";
