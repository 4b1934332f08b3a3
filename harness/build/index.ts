/** Builds of the engine, each made when its sources changed. */
export { compileAssembly, compilers, engineSources, ROOT } from "./assembly.js";
export { makeEngine } from "./engine.js";
export { makeOf } from "./made-of.js";
