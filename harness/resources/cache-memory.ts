/** What a cache's entries take of the heap. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ResourceUse } from "../../reports/results.js";
import { Cache } from "../../src/resources/index.js";

const ENTRIES = 20_000;
const KEY_BYTES = 16;

/** Keys and values of one byte a character, over what the heap grew by when they were in the cache. */
export function memoryOf(valueBytes: number): NonNullable<ResourceUse["cache"]>["memory"][number] {
  const collect = collector();
  const cache = new Cache<string, string>({ policy: "lru", maxEntries: ENTRIES });
  cache.set("first", "1"); // its tables are there
  cache.clear();
  const before = heap(collect);
  for (let i = 0; i < ENTRIES; i++) {
    const number = String(i).padStart(KEY_BYTES, "k");
    cache.set(flat(number), flat(number.padEnd(valueBytes, "v")));
  }
  const bytes = heap(collect) - before;
  if (cache.size !== ENTRIES) throw new Error(`of ${ENTRIES} entries ${cache.size} are in the cache`);
  return { valueBytes, entries: ENTRIES, bytes, efficiency: (ENTRIES * (KEY_BYTES + valueBytes)) / bytes };
}

/** A text of its own, and no view of the pieces that it was put together from. */
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function heap(collect: () => void): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function collector(): () => void {
  if (globalThis.gc !== undefined) return () => globalThis.gc?.();
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
