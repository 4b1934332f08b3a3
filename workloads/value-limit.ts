/** How large a value may be that a scenario writes: what the store cannot hold would only be refused, thousands of times. */

import type { z } from "zod";
import { checkOptions, DEFAULT_VALUE_MAX, type StoreOptions } from "../src/store/index.js";
import type { StreamOperation } from "./operations.js";
import type { role } from "./schema/role.js";

const SEND: readonly StreamOperation[] = ["send", "handOff"];
const WRITE: readonly StreamOperation[] = ["set", "insert", "readModifyWrite", "getOrSet", "append"];
/** Whose keys are set beforehand when the scenario has a preload. */
const READ: readonly StreamOperation[] = ["get", "borrow", "scan", "watch", "delete"];

/** Share of the pool that the buffers may take into which the workers read. */
const BUFFER_SHARE = 1 / 2;
const SLAB = 64 * 1024;
/** What a chunk holds takes no slabs. */
const IN_A_CHUNK = 16_336;

export interface ScenarioValueLimit {
  readonly bytes: number;
  /** The number, and which limit it is: for messages. */
  readonly said: string;
}

/** As a scenario names it: an eviction of any name. */
type Named = { readonly capacity?: number | undefined; readonly eviction?: string | undefined };

/**
 * How large a value or message may be: what the store takes by itself, or, where the scenario names a capacity, a quarter of the pool
 * which that leaves. Each worker reads into a buffer as long as the largest value, and those may take half of the pool.
 *
 * @param workers threads that are attached
 */
export function valueLimit({ capacity, eviction }: Named, workers: number): ScenarioValueLimit {
  const own = {
    bytes: DEFAULT_VALUE_MAX,
    said: `${DEFAULT_VALUE_MAX} bytes, what a store takes that is told no maxValue`,
  };
  const options =
    capacity === undefined
      ? undefined
      : checked({ capacity, maxWorkers: workers, eviction: eviction as StoreOptions["eviction"] });
  if (options === undefined) return own;
  const pool = options.geometry.slabMax * SLAB;
  const quarter = { bytes: options.valueMax, said: `${options.valueMax} bytes, a quarter of the pool of ${pool}` };
  const bytes = Math.max(IN_A_CHUNK, Math.floor((options.geometry.slabMax * BUFFER_SHARE) / workers) * SLAB);
  const said = `${bytes} bytes, for the read buffers of ${workers} workers to take half of the pool of ${pool}`;
  const buffers = { bytes, said };
  return [own, quarter, buffers].reduce((least, one) => (one.bytes < least.bytes ? one : least));
}

/** Why there can be no store of this capacity on so many threads; null: there can. */
export function whyNoStore(capacity: number, workers: number): string | null {
  try {
    checkOptions({ capacity, maxWorkers: workers });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Undefined for a store that there cannot be: its making will say why. An eviction that it does not have is not asked for there either. */
function checked(options: StoreOptions): ReturnType<typeof checkOptions> | undefined {
  for (const one of [options, { ...options, eviction: undefined }]) {
    try {
      return checkOptions(one);
    } catch {}
  }
  return undefined;
}

type Written = Pick<z.output<typeof role>, "mix" | "values">;

/**
 * The sizes of a role that are too large, each by the path to it.
 *
 * @param preloaded whether the role's keys are set beforehand
 */
export function valuesTooLarge(
  { mix = {}, values }: Written,
  { bytes: limit }: ScenarioValueLimit,
  preloaded: boolean,
): Array<Array<string | number>> {
  const does = (names: readonly StreamOperation[]) => names.some((name) => name !== "other" && (mix[name] ?? 0) > 0);
  if (!does(WRITE) && !does(SEND) && !(preloaded && does(READ))) return [];
  return sizesOf(values).flatMap(({ size, path }) => (size > limit ? [["values", ...path]] : []));
}

function sizesOf(values: Written["values"]): Array<{ size: number; path: Array<string | number> }> {
  switch (values.distribution) {
    case "constant":
      return [{ size: values.size, path: ["size"] }];
    case "list":
      return values.sizes.map(({ size }, index) => ({ size, path: ["sizes", index, "size"] }));
    case "trace":
      return values.max === undefined ? [] : [{ size: values.max, path: ["max"] }];
    default:
      return [{ size: values.max, path: ["max"] }];
  }
}
