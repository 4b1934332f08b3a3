/** Builds of the engine and of the agents' kernels, each made when its sources changed. */
export { compileAssembly, compilers, ROOT, sourcesOf } from "./assembly.js";
export { makeEngine } from "./engine.js";
export { makeOf } from "./made-of.js";
