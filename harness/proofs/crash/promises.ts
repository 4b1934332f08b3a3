/**
 * What the writers of a crash test promise, and whether a backup keeps it. Writer `me` counts its steps n; each is
 *
 *   first-<me> = n, second-<me> = n            in this order: first - 1 <= second <= first
 *   counter-<me> + 1, noted-<me> = n           counter is noted or one more
 *   churn-<me>-<…> = a value that says its key, length and step, of 12 bytes to 9 KB, or of 17 to 200 KB each so many steps; some are deleted
 *
 * What churn holds follows from the steps made: each key's last write or deletion is known. So an entry that is lost, or back
 * from the dead, is noticed as well as one that is wrong; only what the step under way changes may be there or not.
 */
import type { Store } from "../../../src/index.js";

const CHURN_KEYS = 48;
const CHURN_MOST = 9000;
/** Of the values that lie in spans: from what no chunk holds to four slabs. */
const LARGE = { least: 17_000, most: 200_000 };

export interface Writer {
  /** The step to go on with after what the store holds. */
  readonly next: number;
  step(n: number): void;
}

/** @param largeEvery each so many steps writes a large value; 0: none does */
export function writerOf(store: Store, me: number, largeEvery: number): Writer {
  const numbers = store.namespace("numbers", { encoding: "json" });
  const churn = store.namespace("churn");
  const next = Number(numbers.get(`first-${me}`) ?? 0) + 1;
  // the cut may lie within a step: what was not noted yet is taken up here
  numbers.set(`second-${me}`, next - 1);
  numbers.set(`counter-${me}`, next - 1);
  numbers.set(`noted-${me}`, next - 1);
  const churnAt = (n: number) => {
    churn.set(`churn-${me}-${writtenAt(n)}`, churnValue(me, writtenAt(n), n, largeEvery));
    const deleted = deletedAt(n);
    if (deleted !== null) churn.delete(`churn-${me}-${deleted}`);
  };
  if (next > 1) churnAt(next - 1);
  return {
    next,
    step(n) {
      numbers.set(`first-${me}`, n);
      numbers.set(`second-${me}`, n);
      numbers.increment(`counter-${me}`);
      numbers.set(`noted-${me}`, n);
      churnAt(n);
    },
  };
}

/** The keys that a step writes and then deletes. 31 has no divisor in common with the number of keys: each is written once in so many steps. */
function writtenAt(n: number): number {
  return (n * 31) % CHURN_KEYS;
}

function deletedAt(n: number): number | null {
  return n % 7 === 0 ? (n * 17) % CHURN_KEYS : null;
}

/** The step whose value each key holds after step `n`; 0 = none. */
function churnAfter(n: number): number[] {
  const held = new Array<number>(CHURN_KEYS).fill(0);
  for (let step = Math.max(1, n - CHURN_KEYS + 1); step <= n; step++) {
    held[writtenAt(step)] = step;
    const deleted = deletedAt(step);
    if (deleted !== null) held[deleted] = 0;
  }
  return held;
}

function churnLength(n: number, largeEvery: number): number {
  if (largeEvery === 0 || n % largeEvery !== 0) return 12 + ((n * 104_729) % CHURN_MOST);
  return LARGE.least + ((n * 104_729) % (LARGE.most - LARGE.least));
}

function churnValue(me: number, key: number, n: number, largeEvery: number): Buffer {
  const value = Buffer.alloc(churnLength(n, largeEvery), n & 0xff);
  value.writeUInt16LE(me, 0);
  value.writeUInt16LE(key, 2);
  value.writeUInt32LE(value.length, 4);
  value.writeUInt32LE(n, 8);
  return value;
}

/** A backup's entries as text keys and bytes. */
export type Contents = ReadonlyMap<string, Uint8Array>;

/** Each broken promise in a sentence. `atLeast`: the steps each writer had certainly made before the cut. */
export function brokenPromises(
  contents: Contents,
  writers: number,
  largeEvery: number,
  atLeast: readonly number[],
): string[] {
  const broken: string[] = [];
  const number = (name: string) => Number(Buffer.from(contents.get(`numbers/${name}`) ?? "0").toString());
  for (let me = 0; me < writers; me++) {
    const [first, second] = [number(`first-${me}`), number(`second-${me}`)];
    const [counter, noted] = [number(`counter-${me}`), number(`noted-${me}`)];
    if (first - second !== 0 && first - second !== 1) broken.push(`first-${me} is ${first}, second-${me} ${second}`);
    if (counter - noted !== 0 && counter - noted !== 1)
      broken.push(`counter-${me} is ${counter}, noted-${me} ${noted}`);
    if (second - counter !== 0 && second - counter !== 1)
      broken.push(`second-${me} is ${second}, counter-${me} ${counter}`);
    if (noted < (atLeast[me] ?? 0))
      broken.push(`noted-${me} is ${noted}; ${atLeast[me]} steps were made before the backup`);
    broken.push(...brokenChurn(contents, me, second));
  }
  for (const [name, value] of contents) {
    const key = /^churn\/churn-(\d+)-(\d+)$/.exec(name);
    if (key === null) continue;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
    const n = bytes.readUInt32LE(8);
    if (!bytes.equals(churnValue(Number(key[1]), Number(key[2]), n, largeEvery)))
      broken.push(`${name} holds what was never written`);
  }
  return broken;
}

/**
 * A writer that has begun step n has done all of n - 1. Where a life begins, that step is done once more; what the step before it
 * changed stays as it was.
 */
function brokenChurn(contents: Contents, me: number, n: number): string[] {
  const broken: string[] = [];
  const [before, after] = [churnAfter(n - 1), churnAfter(n)];
  // in the middle of step n its value may be there that is deleted at its end
  const between = new Set([0, n]);
  for (let key = 0; key < CHURN_KEYS; key++) {
    const value = contents.get(`churn/churn-${me}-${key}`);
    const held = value === undefined ? 0 : Buffer.from(value.buffer, value.byteOffset, value.length).readUInt32LE(8);
    const changes = key === writtenAt(n) || key === deletedAt(n);
    if (held === before[key] || held === after[key] || (changes && between.has(held))) continue;
    broken.push(`churn-${me}-${key} is of step ${held}; step ${before[key]} wrote it last, and ${n} is under way`);
  }
  return broken;
}
