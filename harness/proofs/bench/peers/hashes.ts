/** Hash functions as contenders. All hash the same bytes, each seeded by its last result, so that none can be hoisted. */
import { crc32 } from "node:zlib";
import xxhash from "xxhash-wasm";
import type { Contender } from "../contender.js";
import { keep } from "../sink.js";
import type { BareEngine } from "./engine.js";

/** Kinds of the engine's benchHash. */
const KINDS = { xxhash32: 0, fnv1a: 1, murmur3: 2 } as const;

export type OwnHash = keyof typeof KINDS;

/** Inside the engine, over bytes that lie there: how the table hashes a key. */
export function ownHash(
  name: OwnHash,
  label: string,
  { engine, scratchAddress }: BareEngine,
  length: number,
): Contender {
  return {
    id: `${name}-${length}`,
    label: `${label}, ${length} bytes`,
    run: (operations) => keep(engine.benchHash(KINDS[name], scratchAddress, length, operations)),
  };
}

/** Called from JavaScript with bytes from outside, as xxhash-wasm is: one call and one copy a hash. */
export function ownHashFromJavaScript({ engine, scratch, scratchAddress }: BareEngine, bytes: Uint8Array): Contender {
  const { length } = bytes;
  return {
    id: `xxhash32-js-${length}`,
    label: `engram xxHash32 from JavaScript, ${length} bytes`,
    run(operations) {
      let hash = 1;
      for (let i = 0; i < operations; i++) {
        scratch.set(bytes);
        hash = engine.hashXx(scratchAddress, length, hash);
      }
      keep(hash);
    },
  };
}

export interface XxhashWasm {
  hash(bytes: Uint8Array, seed: number): number;
  contender(bytes: Uint8Array): Contender;
}

export async function openXxhashWasm(): Promise<XxhashWasm> {
  const { h32Raw } = await xxhash();
  return {
    hash: h32Raw,
    contender: (bytes) => ({
      id: `xxhash-wasm-${bytes.length}`,
      label: `xxhash-wasm h32Raw, ${bytes.length} bytes`,
      run(operations) {
        let hash = 1;
        for (let i = 0; i < operations; i++) hash = h32Raw(bytes, hash);
        keep(hash);
      },
    }),
  };
}

export function zlibCrc32(bytes: Uint8Array): Contender {
  return {
    id: `crc32-${bytes.length}`,
    label: `zlib crc32, ${bytes.length} bytes`,
    run(operations) {
      let hash = 1;
      for (let i = 0; i < operations; i++) hash = crc32(bytes, hash);
      keep(hash);
    },
  };
}
