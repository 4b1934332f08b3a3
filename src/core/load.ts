/** The engine as the host sees it: its compiled module, its memory, one instance a thread. */

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { EngramError, OutOfMemoryError } from "../errors.js";
import { debugBuild, tellingWhere } from "./debug-build.js";
import type { Geometry } from "./geometry.js";
import * as L from "./layout.js";

/** What the engine exports; see assembly/index.ts for each. */
export interface Engine {
  attach(thread: number): number;
  attachTo(slot: number, thread: number): number;
  detach(): void;
  reap(slot: number): number;
  relinquish(): void;
  time(): number;
  prepare(record: number, version: number, length: number): number;
  prepareSeeded(seed: number, length: number): number;
  get(record: number, version: number, length: number): number;
  getHashed(record: number, version: number, meta: number, hash: number): number;
  getInto(record: number, version: number, length: number, target: number, limit: number): number;
  getIntoHashed(record: number, version: number, meta: number, hash: number, target: number, limit: number): number;
  has(record: number, version: number, length: number): number;
  isPresent(record: number, version: number, id: number, entry: number, generation: number): number;
  noteDropped(values: number): void;
  set(
    record: number,
    version: number,
    length: number,
    value: number,
    valueLength: number,
    expires: number,
    mode: number,
    expected: number,
    generation: number,
  ): number;
  setHashed(record: number, version: number, meta: number, hash: number, value: number, valueLength: number): number;
  add(record: number, version: number, length: number, by: bigint, expires: number): number;
  peek(record: number, version: number, length: number): number;
  touch(record: number, version: number, length: number, expires: number): number;
  removeIf(record: number, version: number, length: number, entry: number, generation: number): number;
  remove(record: number, version: number, length: number): number;
  borrow(record: number, version: number, length: number): number;
  giveBackPin(pin: number): void;
  takeLarge(bytes: number): number;
  dropLarge(address: number, bytes: number): void;
  wouldWrite(
    record: number,
    version: number,
    length: number,
    mode: number,
    expected: number,
    generation: number,
  ): number;
  setLarge(
    record: number,
    version: number,
    length: number,
    address: number,
    bytes: number,
    expires: number,
    mode: number,
    expected: number,
    generation: number,
  ): number;
  hold(record: number, version: number, length: number): number;
  holdListed(entry: number, version: number): number;
  letGo(): void;
  copyLarge(record: number, version: number, length: number, target: number, limit: number): number;
  admits(ring: number, version: number): number;
  sendLarge(ring: number, version: number, address: number, bytes: number): number;
  endReceive(): void;
  getMany(record: number, version: number, n: number, free: number, end: number): number;
  setMany(record: number, version: number, n: number, expires: number, mode: number): number;
  list(id: number, from: number, to: number, target: number, room: number): bigint;
  listOf(record: number, version: number, from: number, to: number, target: number, room: number): bigint;
  readListed(entry: number, version: number): number;
  readListedKey(entry: number, version: number): number;
  sweep(buckets: number): number;
  sweepDue(limit: number): number;
  isDue(): number;
  holdsCleared(): number;
  evict(sizeClass: number): number;
  removeVictim(entry: number, version: number): number;
  evictVictim(entry: number, version: number): number;
  readLog(slot: number, target: number, room: number): number;
  logBacklog(slot: number): number;
  isAlive(entry: number, version: number): number;
  survey(from: number, target: number, room: number): bigint;
  claimEvictor(): number;
  releaseEvictor(): void;
  loadLarge(id: number, length: number, address: number, bytes: number, expires: number): number;
  loadChunks(bytes: number, size: number, epoch: number, tick: number, passed: number): number;
  reserveSlab(index: number, sizeClass: number): void;
  adoptSlab(index: number, sizeClass: number, epoch: number, tick: number, passed: number): number;
  endAdoption(): void;
  resolve(length: number): number;
  createNamespace(length: number, encoding: number, maxEntries: number, maxBytes: bigint): number;
  configureNamespace(record: number, version: number, length: number, maxEntries: number, maxBytes: bigint): number;
  clearNamespace(record: number, version: number, length: number): number;
  dropNamespace(record: number, version: number, length: number): number;
  isCurrentRecord(record: number, version: number): number;
  getSystem(length: number): number;
  setSystem(length: number, valueLength: number, mode: number, expected?: number, generation?: number): number;
  setSystemLarge(
    length: number,
    address: number,
    bytes: number,
    mode: number,
    expected: number,
    generation: number,
  ): number;
  holdSystem(length: number): number;
  systemHash(length: number): number;
  removeSystemIf(length: number, entry: number, version: number): number;
  removeSystem(length: number): number;
  takeBuffer(size: number): number;
  returnBuffer(chunk: number): number;
  makeRing(keyLength: number, capacity: number, kind: number, whenFull: number): number;
  openRing(keyLength: number): number;
  dropRing(keyLength: number): number;
  send(entry: number, version: number, from: number, length: number): number;
  receive(entry: number, version: number, target: number): number;
  measureRing(entry: number, version: number): number;
  leaveRing(entry: number, version: number): void;
  makeQueue(keyLength: number, capacity: number, lease: number, maxAttempts: number, maxBytes: bigint): number;
  putTask(entry: number, version: number, from: number, length: number, delay: number): number;
  putTaskLarge(entry: number, version: number, address: number, bytes: number, delay: number): number;
  admitsTask(entry: number, version: number, bytes: number): number;
  isStillTask(entry: number, version: number, cell: number, low: number, high: number, task: number): number;
  takeTask(entry: number, version: number, target: number, lease: number): number;
  acknowledgeTask(entry: number, version: number, cell: number, low: number, high: number): number;
  giveBackTask(entry: number, version: number, cell: number, low: number, high: number, delay: number): number;
  extendTask(entry: number, version: number, cell: number, low: number, high: number, lease: number): number;
  readLetter(entry: number, version: number, cell: number, target: number): number;
  endLetter(entry: number, version: number, cell: number, again: number): number;
  measureQueue(entry: number, version: number): number;
  makeLock(keyLength: number, kind: number, order: number): number;
  openLock(keyLength: number): number;
  dropLock(keyLength: number): number;
  takeLock(entry: number, version: number, how: number, wait: number): number;
  attemptLock(entry: number, how: number, due: number): number;
  abandonLock(entry: number, how: number): number;
  releaseLock(entry: number, how: number): void;
  mendLock(entry: number): void;
  noteWait(entry: number, target: number): void;
  findDeadlock(target: number): number;
  makeRegion(keyLength: number, bytes: number): number;
  openRegion(keyLength: number): number;
  closeRegion(pin: number): void;
  dropRegion(keyLength: number): number;
  claimRegion(data: number): number;
  beginWatching(first: boolean): number;
  stopWatching(): void;
  settledStamp(): number;
  nextStamp(): number;
  readChanges(target: number, room: number): number;
  listen(listening: number): number;
  nameHash(length: number): number;
  leaveRegion(data: number): number;
  makeResources(at: number, bytes: number): void;
  takeRecord(at: number, claim: number): number;
  showRecord(
    at: number,
    index: number,
    kind: number,
    label: number,
    since: number,
    deadline: number,
    now: number,
    phase: number,
  ): void;
  movePhase(at: number, index: number, now: number, phase: number): void;
  giveRecord(at: number, index: number, claim: number): number;
  readRecord(at: number, index: number, to: number): number;
  reapRecord(at: number, from: number, dead: number, claim: number): number;
  ownerOfRecord(at: number, index: number): number;
  makePermits(at: number, max: number): number;
  takePermit(at: number, claim: number): number;
  givePermit(at: number, index: number, claim: number): number;
  waitForPermit(at: number, claim: number, since: number): void;
  endWaitForPermit(at: number): void;
  promisePermit(at: number, now: number, patience: number): number;
  reapPermits(at: number, dead: number): number;
  hashXx(at: number, length: number, seed: number): number;
  hashFnv(at: number, length: number, seed: number): number;
  hashMurmur(at: number, length: number, seed: number): number;
  benchAllocate(sizeClass: number, n: number): void;
  benchHash(kind: number, at: number, length: number, n: number): number;
  benchNamespace(record: number, version: number, n: number): number;
  slotAddress(): number;
}

/** `atomic.fence` as a module of its own, see assembly/memory.ts. Instantiated only where the order is weak. */
const FENCE_MODULE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x07,
  0x09, 0x01, 0x05, 0x66, 0x65, 0x6e, 0x63, 0x65, 0x00, 0x00, 0x0a, 0x07, 0x01, 0x05, 0x00, 0xfe, 0x03, 0x00, 0x0b,
]);

/** x64 keeps loads in order with loads and stores with stores; every other architecture gets its fences. */
export const STRONG_ORDER = process.arch === "x64";

function makeFence(): () => void {
  if (STRONG_ORDER) return () => {};
  const instance = new WebAssembly.Instance(new WebAssembly.Module(FENCE_MODULE));
  return instance.exports.fence as () => void;
}

const modules = new Map<string, WebAssembly.Module>();
/** Of the debug builds among them, the files. */
const debugFiles = new WeakMap<WebAssembly.Module, URL>();

/**
 * Compiles the engine once a thread. `shared: false` is the same source over private memory.
 *
 * @throws InvalidArgumentError when the environment asks for a build that there is not (debug-build.ts)
 */
export function compileEngine(shared: boolean): WebAssembly.Module {
  const debug = debugBuild(shared);
  const module = compileModule(debug ?? new URL(shared ? "core.wasm" : "core.private.wasm", import.meta.url));
  if (debug !== null) debugFiles.set(module, debug);
  return module;
}

/** Compiles a module of ours once a thread. @throws EngramError (ENGINE_MISSING) where its file is not */
export function compileModule(file: URL): WebAssembly.Module {
  let module = modules.get(file.href);
  if (module === undefined) {
    module = new WebAssembly.Module(readEngine(file));
    modules.set(file.href, module);
  }
  return module;
}

/** What assembly/memory.ts imports, for modules beside the engine that use it. */
export function kernelHost(): { strongOrder: number; fence: () => void; yieldPoint: () => void; notified: () => void } {
  return { strongOrder: STRONG_ORDER ? 1 : 0, fence: makeFence(), yieldPoint() {}, notified() {} };
}

/** A program that was bundled has the engine's files where the bundle is, or has forgotten them. */
function readEngine(place: URL): Buffer<ArrayBuffer> {
  try {
    return readFileSync(place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const hint = "a bundle needs the store's .wasm files and workers beside it (docs/adapters.md, Bundles)";
    throw new EngramError("ENGINE_MISSING", `the engine ${place.pathname} is not there: ${hint}`, { cause: error });
  }
}

/**
 * @param clock 10 ms ticks since the store was made, by this thread's clock; default: the latest that others have told
 * @param rung called when a change that this thread made is one that this thread watches
 */
export function instantiateEngine(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  clock: () => number = sharedTick(memory),
  rung: () => void = () => {},
): Engine {
  const instance = new WebAssembly.Instance(module, {
    env: { memory, abort: abortEngine },
    host: { ...kernelHost(), changed() {}, clock, rung },
  });
  const debug = debugFiles.get(module);
  return (debug === undefined ? instance.exports : tellingWhere(instance.exports, debug)) as unknown as Engine;
}

function sharedTick(memory: WebAssembly.Memory): () => number {
  const words = new Uint32Array(memory.buffer, 0, L.HEADER_SIZE / 4);
  return () => Atomics.load(words, L.H_TICK / 4);
}

function abortEngine(): never {
  throw new Error("the engine aborted: this is a fault in Engram");
}

export interface HeaderSettings {
  hashKind: number;
  evict: boolean;
  /** What H_EVICTION holds when `evict`; default 1, sampled CLOCK alone. */
  policy?: number;
  /** Entries in namespaces of users at most; default 0, no limit. */
  maxEntries?: number;
  /** Bytes of a value at most; default 0, what fits a chunk. */
  valueMax?: number;
  /** The pool's last slabs, which are for spans; default 0. */
  keptForSpans?: number;
  createdMs: number;
  createdMonotonic: number;
  /** Tests and the explorer set these small, so that rare cases come often. */
  retireLimit?: number;
  refill?: number;
  cacheLimit?: number;
  cacheReturn?: number;
  hashSeed?: number;
}

/** @throws OutOfMemoryError where the machine has no room for so many addresses: nothing is touched yet */
function reserve(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = bytes / 65536;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    const { message } = cause as Error;
    throw new OutOfMemoryError(
      `no memory of ${bytes} bytes can be reserved (${message}); ask for a smaller maxCapacity`,
      {
        cause,
      },
    );
  }
}

/** Makes the memory and writes its header; all else is zero, which every structure takes for empty. */
export function createMemory(geometry: Geometry, settings: HeaderSettings, shared: boolean): WebAssembly.Memory {
  const memory = reserve(geometry.maxCapacity, shared);
  const words = new Uint32Array(memory.buffer, 0, L.HEADER_SIZE / 4);
  const put = (offset: number, value: number) => {
    words[offset / 4] = value;
  };
  put(L.H_LAYOUT, L.LAYOUT_VERSION);
  put(L.H_SLOTS, geometry.slots);
  put(L.H_SLOT_COUNT, geometry.slotCount);
  put(L.H_IDS, geometry.ids);
  put(L.H_ID_COUNT, geometry.idCount);
  put(L.H_CAPACITY, geometry.capacity);
  put(L.H_SLABS, geometry.slabs);
  put(L.H_SLAB_MAX, geometry.slabMax);
  put(L.H_DIRTY, geometry.dirty);
  put(L.H_GROUPS, geometry.groups);
  put(L.H_BUCKETS, geometry.buckets);
  put(L.H_BUCKET_MASK, geometry.bucketCount - 1);
  put(L.H_POOL, geometry.pool);
  const random = randomBytes(8);
  put(L.H_HASH_SEED, settings.hashSeed ?? random.readUInt32LE(0));
  put(L.H_STORE_ID, random.readUInt32LE(4));
  put(L.H_HASH_KIND, settings.hashKind);
  put(L.H_RETIRE_LIMIT, settings.retireLimit ?? 64);
  put(L.H_REFILL, settings.refill ?? 16);
  put(L.H_CACHE_LIMIT, settings.cacheLimit ?? 48);
  put(L.H_CACHE_RETURN, settings.cacheReturn ?? 32);
  put(L.H_EVICTION, settings.evict ? (settings.policy ?? 1) : 0);
  put(L.H_CHANGES, geometry.changes);
  put(L.H_CHANGE_BYTES, geometry.changeBytes);
  put(L.H_LOG, geometry.logs);
  put(L.H_LOG_RECORDS, geometry.logRecords);
  put(L.H_MAX_ENTRIES, settings.maxEntries ?? 0);
  put(L.H_VALUE_MAX, settings.valueMax ?? 0);
  put(L.H_CUT_MAX, geometry.slabMax - (settings.keptForSpans ?? 0));
  const floats = new Float64Array(memory.buffer, 0, L.HEADER_SIZE / 8);
  floats[L.H_CREATED_MS / 8] = settings.createdMs;
  floats[L.H_CREATED_MONOTONIC / 8] = settings.createdMonotonic;
  put(L.H_EPOCH, 1);
  put(L.H_SLAB_LIMIT, geometry.slabLimit);
  put(L.H_NEXT_ID, L.FIRST_ID);
  const idWords = new Uint32Array(memory.buffer, geometry.ids, (L.FIRST_ID * L.ID_STRIDE) / 4);
  idWords[L.I_STATE / 4] = L.ID_USED;
  idWords[(L.ID_STRIDE + L.I_STATE) / 4] = L.ID_USED;
  put(L.H_MAGIC, L.MAGIC);
  return memory;
}
