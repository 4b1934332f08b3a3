/** An arena with nothing but room: for tests of what lies in one. */
import { type ArenaMemory, instantiateKernels } from "#dist/src/agents/index.js";

export function bareMemory(bytes = 64 << 20, shared = true): ArenaMemory {
  const pages = Math.ceil(bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  let next = 4096;
  return {
    memory,
    kernels: instantiateKernels(memory, shared),
    take(size) {
      const address = next;
      next += Math.ceil(size / 64) * 64;
      if (next > memory.buffer.byteLength) throw new RangeError(`no ${size} bytes left of ${bytes}`);
      return address;
    },
    give() {},
  };
}
