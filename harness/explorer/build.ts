/**
 * Builds dist/explore/core.explore.wasm from the engine's sources: compiled with EXPLORE = 1 and the explorer's slab size,
 * instrumented, then asyncified, so that a thread can be paused at any access. The planted fault is an import here, not a
 * build-time constant as in the shipped build, so that one module serves all faults. Not part of the published package.
 *
 *     node dist/harness/explorer/build.js
 */
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAssembly, compilers, makeOf, ROOT, sourcesOf } from "../build/index.js";
import { instrument } from "./instrument.js";
import { EXPLORE_WASM } from "./location.js";
import { GROUP_SHIFT, HELD_MAX, LOCK_ALIGN, REGION_SHIFT, RING_STRIDE, SLAB_SHIFT } from "./tiny-layout.js";

/** What the engine uses; with more, binaryen writes types that Node 20 does not read. */
const FEATURES = ["Atomics", "SIMD128", "BulkMemory", "BulkMemoryOpt", "MutableGlobals", "SignExt"] as const;

interface Binaryen {
  parseText(text: string): {
    setFeatures(features: number): void;
    runPasses(passes: string[]): void;
    optimize(): void;
    validate(): number;
    emitBinary(): Uint8Array;
  };
  setPassArgument(key: string, value: string): void;
  setOptimizeLevel(level: number): void;
  setShrinkLevel(level: number): void;
  setDebugInfo(on: boolean): void;
  Features: Record<(typeof FEATURES)[number], number>;
}

/** Exports of the agents' kernels, and two words as an owner writes them into what is its own. */
const OF_AGENTS = `
export { copyRow, fillRow, repairRow } from "./rows";
export { chargeBlock, forgetHints, giveBlock, makeBlocks, reapBlocks, takeBlock } from "./blocks";
export { givePiece, holdPiece, makeArena, pieceAt, settlePieces, takePiece } from "./pieces";
export { beginChange, endChange, handOver, swapOwner } from "./ownership";
export function writeWords(at: u32, first: u32, second: u32): void {
  store<u32>(at, first);
  store<u32>(at, second, 4);
}
`;

/** The engine's source as the explorer compiles it. */
export function adapt(name: string, source: string): string {
  if (name.endsWith("src/core/layout.ts")) {
    const sizes: [from: string, to: number][] = [
      ["SLAB_SIZE: u32 = 65536;", 1 << SLAB_SHIFT],
      ["SLAB_SHIFT: u32 = 16;", SLAB_SHIFT],
      ["REGION_SHIFT: u32 = 12;", REGION_SHIFT],
      ["GROUP_SHIFT: u32 = 5;", GROUP_SHIFT],
      ["R_STRIDE: u32 = 64;", RING_STRIDE],
      ["K_ALIGN: u32 = 64;", LOCK_ALIGN],
      ["HELD_MAX: u32 = 64;", HELD_MAX],
    ];
    return sizes.reduce((text, [from, to]) => replaceOnce(text, from, from.replace(/\d+;$/, `${to};`)), source);
  }
  // so that the protected read, which a reader comes to after this many failures, is explored as well
  if (name.endsWith("src/core/assembly/read.ts")) {
    return replaceOnce(source, "READ_PATIENCE: u32 = 64;", "READ_PATIENCE: u32 = 2;");
  }
  // a look more is enough to explore what looking does
  if (name.endsWith("src/core/assembly/lock.ts")) return replaceOnce(source, "SPINS: u32 = 100;", "SPINS: u32 = 1;");
  // what only the agents' kernels have of the engine's source
  if (name.endsWith("src/core/assembly/index.ts")) {
    return `${source}${OF_AGENTS}`;
  }
  // what begins where this thread ended its last search would make a schedule depend on the one before it
  if (name.endsWith("src/core/assembly/blocks.ts")) {
    return `${source}\nexport function forgetHints(): void {\n  hint = 0;\n}\n`;
  }
  // so that an arena of a few units has its limit raised, and by more than most pieces need
  if (name.endsWith("src/core/assembly/pieces.ts"))
    return replaceOnce(source, "GROWTH: u32 = 1024;", "GROWTH: u32 = 2;");
  if (name.endsWith("src/core/assembly/rows.ts")) {
    return replaceOnce(source, "ROW_PATIENCE: u32 = 512;", "ROW_PATIENCE: u32 = 2;");
  }
  if (name.endsWith("src/core/assembly/memory.ts")) {
    return `${source}\n// @ts-ignore: decorator\n@global @external("host", "fault") declare const FAULT: i32;\n`;
  }
  return source;
}

function replaceOnce(source: string, from: string, to: string): string {
  if (source.split(from).length !== 2) throw new Error(`the engine changed: expected exactly one "${from}"`);
  return source.replace(from, to);
}

/** Makes it, unless it is there of these very sources. */
export async function buildExplorer(): Promise<void> {
  const output = relative(ROOT, EXPLORE_WASM).replaceAll("\\", "/");
  const own = ["build", "instrument", "tiny-layout"].map((name) => `dist/harness/explorer/${name}.js`);
  await makeOf(
    { name: "engine-explore", sources: [...sourcesOf("src/core"), ...own], settings: compilers(), outputs: [output] },
    async () => new Map([[output, await makeExplorer()]]),
  );
}

async function makeExplorer(): Promise<Uint8Array> {
  const binaryen = ((await import("binaryen" as string)) as { default: Binaryen }).default;
  const written = await compileAssembly("src/core", "explore", { args: ["--textFile", "explore.wat"], adapt });
  const [text] = [...written].filter(([name]) => name.endsWith(".wat")).map(([, contents]) => String(contents));
  const module = binaryen.parseText(instrument(text));
  module.setFeatures(FEATURES.reduce((all, name) => all | binaryen.Features[name], 0));
  binaryen.setDebugInfo(true);
  binaryen.setOptimizeLevel(2);
  binaryen.setShrinkLevel(0);
  binaryen.setPassArgument("asyncify-imports", "host.yieldPoint");
  binaryen.setPassArgument("asyncify-ignore-indirect", "1");
  module.runPasses(["asyncify"]);
  module.optimize();
  if (!module.validate()) throw new Error("the explorer's build of the engine is not a valid module");
  return module.emitBinary();
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await buildExplorer();
