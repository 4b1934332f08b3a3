/** The builds of what is written in AssemblyScript: made when they are not there of these very sources. */
import { compileAssembly, compilers, type ModuleRoom, sourcesOf } from "./assembly.js";
import { makeOf } from "./made-of.js";

interface Build {
  readonly room: ModuleRoom;
  /** As the room's asconfig.json names it. */
  readonly target: string;
  /** What it writes; the configuration says the same to the compiler. */
  readonly outputs: readonly string[];
}

const BUILDS = {
  release: { room: "src/core", target: "release", outputs: ["dist/src/core/core.wasm"] },
  private: { room: "src/core", target: "private", outputs: ["dist/src/core/core.private.wasm"] },
  debug: {
    room: "src/core",
    target: "debug",
    outputs: ["dist/debug/core.debug.wasm", "dist/debug/core.debug.wasm.map"],
  },
  "debug-private": {
    room: "src/core",
    target: "debug-private",
    outputs: ["dist/debug/core.debug.private.wasm", "dist/debug/core.debug.private.wasm.map"],
  },
  agents: { room: "src/agents", target: "release", outputs: ["dist/src/agents/agents.wasm"] },
  "agents-private": { room: "src/agents", target: "private", outputs: ["dist/src/agents/agents.private.wasm"] },
} as const satisfies Record<string, Build>;

export type EngineTarget = keyof typeof BUILDS;

export function isEngineTarget(name: string): name is EngineTarget {
  return Object.hasOwn(BUILDS, name);
}

/** @returns whether there was anything to do */
export async function makeEngine(name: EngineTarget): Promise<boolean> {
  const { room, target, outputs }: Build = BUILDS[name];
  const record = room === "src/core" ? `engine-${target}` : name;
  return makeOf({ name: record, sources: sourcesOf(room), settings: compilers(), outputs }, () =>
    compileAssembly(room, target),
  );
}
