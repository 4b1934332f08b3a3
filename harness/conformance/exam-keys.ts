/** Keys and values of an examination: a range for each worker, and one that all of them look at. */
import type { AgentContext, SubjectPlan } from "../subjects/index.js";
import type { ExamPlan } from "./messages.js";

const OWN_KEYS = 24;
const COMMON_KEYS = 8;
/** Of values, bytes: one, a word, a cache line and a bit, a page and a bit. */
export const SIZES = [1, 8, 65, 333, 4099] as const;
const MAX_VALUE = Math.max(...SIZES);

export const BYTES = Uint8Array.from({ length: MAX_VALUE }, (_, i) => 1 + ((i * 31) % 251));

/** What the first worker writes to a common key, bytes. */
export const COMMON_SIZE = 65;

export function namesFor(workers: number): string[] {
  const own = Array.from(
    { length: workers * OWN_KEYS },
    (_, i) => `agent_${Math.floor(i / OWN_KEYS)}/key ${i % OWN_KEYS}`,
  );
  return [...own, ...Array.from({ length: COMMON_KEYS }, (_, i) => `board/ключ ${i}`)];
}

export function ownKeys(worker: number): number[] {
  return Array.from({ length: OWN_KEYS }, (_, i) => worker * OWN_KEYS + i);
}

export function commonKeys(workers: number): number[] {
  return Array.from({ length: COMMON_KEYS }, (_, i) => workers * OWN_KEYS + i);
}

export function planFor({ workers, directory }: ExamPlan): SubjectPlan {
  const names = namesFor(workers);
  const keyBytes = Uint16Array.from(names, (name) => Buffer.byteLength(name));
  return {
    workers,
    keyBytes,
    largestValues: new Int32Array(names.length).fill(MAX_VALUE),
    entries: names.length,
    footprintBytes: keyBytes.reduce((sum, bytes) => sum + bytes, 0) + names.length * MAX_VALUE,
    maxValueBytes: MAX_VALUE,
    maxKeyBytes: Math.max(...keyBytes),
    capacityBytes: null,
    eviction: null,
    directory,
  };
}

export function contextFor({ workers }: ExamPlan, worker: number): AgentContext {
  const values: Array<Uint8Array | undefined> = [];
  for (const size of SIZES) values[size] = BYTES.subarray(0, size);
  return {
    worker,
    workers,
    keys: namesFor(workers),
    namespaces: [{ name: "exam" }],
    namespaceOf: null,
    values,
    maxValueBytes: MAX_VALUE,
  };
}
