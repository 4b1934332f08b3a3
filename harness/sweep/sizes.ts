import { InvalidArgumentError } from "../../src/errors.js";
import type { By } from "../../src/eviction/index.js";
import { unitBytes } from "../../src/units.js";
import type { NumberColumn } from "../../workloads/index.js";

/** One cache size as asked for: an amount of objects or bytes, or a share of a trace's working set. */
export type CacheSize =
  | { readonly text: string; readonly by: By; readonly amount: number }
  | { readonly text: string; readonly by: By; readonly percent: Percent };

/** A percentage held exactly: `numerator` / `denominator` of the working set. */
interface Percent {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What a trace touches in all: distinct ids, and the bytes of each at its first request (null: the trace has no sizes). */
export interface Footprint {
  readonly objects: number;
  readonly bytes: number | null;
}

const EXPECTED = "a number of objects such as 1000, a share of the working set such as 1%, or bytes such as 64MiB";

/**
 * Reads a comma-separated list of sizes: `1000` is objects, `64MiB` is bytes (B, kB to TB by thousands, KiB to TiB by 1024),
 * `1%` a share of the working set. Shares count objects, whatever stands beside them. With `by` "bytes" plain
 * numbers and shares are bytes; with "objects", an item in bytes is refused.
 *
 * @throws InvalidArgumentError naming the item and what was expected
 */
export function parseSizes(list: string, by?: By): CacheSize[] {
  const items = list.split(",").map((item) => item.trim());
  return items.map((item) => parseSize(item, by ?? "objects", by === "objects"));
}

/** @param plainBy what plain numbers and shares count */
function parseSize(item: string, plainBy: By, refuseBytes: boolean): CacheSize {
  if (item === "") throw new InvalidArgumentError(`--size: an item is empty, expected ${EXPECTED}`);
  if (/^\d+$/.test(item)) return { text: item, by: plainBy, amount: checkedAmount(item, Number(item)) };

  const share = /^(\d+)(?:\.(\d+))?%$/.exec(item);
  if (share) return { text: item, by: plainBy, percent: parsePercent(item, share[1], share[2] ?? "") };

  const bytes = /^(\d+(?:\.\d+)?) ?([kmgt]?i?b)$/i.exec(item);
  const unit = bytes ? unitBytes(bytes[2]) : undefined;
  if (bytes && unit !== undefined) {
    if (refuseBytes) {
      throw new InvalidArgumentError(`--size ${item}: bytes do not go with --by objects, expected objects or a share`);
    }
    return { text: item, by: "bytes", amount: checkedAmount(item, Math.floor(Number(bytes[1]) * unit)) };
  }
  throw new InvalidArgumentError(`--size ${item}: expected ${EXPECTED}`);
}

function checkedAmount(item: string, amount: number): number {
  if (amount < 1) throw new InvalidArgumentError(`--size ${item}: a cache holds at least 1, expected ${EXPECTED}`);
  if (!Number.isSafeInteger(amount)) {
    throw new InvalidArgumentError(`--size ${item}: too large, expected at most ${Number.MAX_SAFE_INTEGER}`);
  }
  return amount;
}

function parsePercent(item: string, whole: string, fraction: string): Percent {
  const numerator = BigInt(whole + fraction);
  const denominator = 100n * 10n ** BigInt(fraction.length);
  if (numerator === 0n || numerator > denominator) {
    throw new InvalidArgumentError(`--size ${item}: expected a share above 0% and up to 100% of the working set`);
  }
  return { numerator, denominator };
}

/**
 * The capacity a size means for a trace, rounded down, at least 1.
 *
 * @throws InvalidArgumentError when it is in bytes and the trace has no sizes
 */
export function capacityOf(size: CacheSize, traceName: string, footprint: Footprint): number {
  if (size.by === "bytes" && footprint.bytes === null) {
    throw new InvalidArgumentError(
      `${traceName}: no object sizes in this trace, so --size ${size.text} cannot count bytes; expected objects or a share by objects`,
    );
  }
  if ("amount" in size) return size.amount;
  const workingSet = size.by === "bytes" ? (footprint.bytes as number) : footprint.objects;
  return Math.max(1, Number((BigInt(workingSet) * size.percent.numerator) / size.percent.denominator));
}

/** Adds up a trace's distinct ids and their bytes. O(requests). */
export function footprintOf(trace: { distinct: number; ids: Uint32Array; sizes: NumberColumn | null }): Footprint {
  if (trace.sizes === null) return { objects: trace.distinct, bytes: null };
  let bytes = 0;
  // Ids are dense in order of first appearance: an id not below the count so far is new.
  let seen = 0;
  for (let position = 0; position < trace.ids.length && seen < trace.distinct; position++) {
    if (trace.ids[position] < seen) continue;
    bytes += trace.sizes[position];
    seen++;
  }
  return { objects: trace.distinct, bytes };
}
