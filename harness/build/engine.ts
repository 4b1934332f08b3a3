/** The engine's builds for the store, each from src/core/asconfig.json: made when they are not there of these very sources. */
import { compileAssembly, compilers, engineSources } from "./assembly.js";
import { makeOf } from "./made-of.js";

/** What each writes; the configuration says the same to the compiler. */
const OUTPUTS = {
  release: ["dist/src/core/core.wasm"],
  private: ["dist/src/core/core.private.wasm"],
  debug: ["dist/debug/core.debug.wasm", "dist/debug/core.debug.wasm.map"],
  "debug-private": ["dist/debug/core.debug.private.wasm", "dist/debug/core.debug.private.wasm.map"],
} as const;

export type EngineTarget = keyof typeof OUTPUTS;

export function isEngineTarget(name: string): name is EngineTarget {
  return Object.hasOwn(OUTPUTS, name);
}

/** @returns whether there was anything to do */
export async function makeEngine(target: EngineTarget): Promise<boolean> {
  return makeOf(
    { name: `engine-${target}`, sources: engineSources(), settings: compilers(), outputs: OUTPUTS[target] },
    () => compileAssembly(target),
  );
}
