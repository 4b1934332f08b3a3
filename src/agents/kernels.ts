/** The kernels as the host sees them: compiled once a thread, an instance for each arena. */
import { compileModule, kernelHost } from "../core/index.js";
import type { ArenaKernels } from "./arena-kernels.js";
import type { MergeKernels } from "./merge-kernels.js";
import type { ReplayKernels } from "./replay-kernels.js";
import type { TableKernels } from "./table-kernels.js";
import type { VectorKernels } from "./vector-kernels.js";

/** What agents.wasm exports; see assembly/index.ts for each. Addresses are bytes from the start of the arena's memory. */
export interface Kernels extends ArenaKernels, VectorKernels, TableKernels, ReplayKernels, MergeKernels {
  readonly ARENA_LAYOUT: { readonly value: number };
}

/** @param shared whether the arena is one that several threads reach: an instance over private memory is another module */
export function instantiateKernels(memory: WebAssembly.Memory, shared: boolean): Kernels {
  const file = new URL(shared ? "agents.wasm" : "agents.private.wasm", import.meta.url);
  const instance = new WebAssembly.Instance(compileModule(file), { env: { memory, abort }, host: kernelHost() });
  return instance.exports as unknown as Kernels;
}

function abort(): never {
  throw new Error("a kernel aborted: this is a fault in Engram");
}
