/**
 * Recovery (ADR-009): from a backup file, or the newest whole generation of a directory, to a live store. Entries are written
 * into a fresh store one by one, so table, free lists and namespaces come to be as they always do, and the new store may be
 * larger, smaller or otherwise different from the one that was backed up.
 */
import { statSync } from "node:fs";
import { layout } from "../core/index.js";
import { CorruptBackupError, InvalidArgumentError } from "../store/errors.js";
import { type Loader, type Namespace, type Permission, Store, type StoreOptions } from "../store/index.js";
import { type BackedUpEntry, type BackedUpNamespace, type Loss, SnapshotEntries } from "./entries.js";
import { type BackupHeader, layoutOf } from "./format.js";
import { findGenerations } from "./generations.js";
import { type BackupImage, readBackup } from "./read.js";
import { shown } from "./shown.js";

export interface RestoreOptions {
  /** What the new store is made with; what is left out is as it was in the store that was backed up. */
  store?: StoreOptions;
  /** Keep every intact entry of a damaged file and list what was lost, instead of refusing the file. */
  partial?: boolean;
}

export interface Restored {
  readonly store: Store;
  /** The file it came from. */
  readonly file: string;
  readonly generation: number;
  /** Unix time of the cut, ms: how old the data is. */
  readonly takenMs: number;
  readonly entries: number;
  readonly namespaces: number;
  /** Entries whose time to live had ended by now. */
  readonly expired: number;
  /** Channels that existed: messages under way are not backed up. */
  readonly channels: number;
  /** Entries that found no room in a smaller store: evicted or refused. */
  readonly noRoom: number;
  /** What a partial restore could not keep. */
  readonly losses: readonly Loss[];
  /** Newer files that were refused, and why. */
  readonly refused: readonly string[];
}

/** The line of stores that a restored store goes on in: its backups may follow theirs. */
const lineages = new WeakMap<Store, number>();

export function lineageOf(store: Store): number | undefined {
  return lineages.get(store);
}

/**
 * Makes a store from a backup file, or from the newest whole generation in a directory.
 *
 * @throws CorruptBackupError naming file, byte and expectation when there is no whole generation;
 *   InvalidArgumentError when there is no such file, or an option of the store is out of bounds;
 *   OutOfMemoryError when the new store is too small and does not evict
 */
export async function restore(path: string, options: RestoreOptions = {}): Promise<Restored> {
  const partial = options.partial ?? false;
  const { image, refused } = chooseImage(path, partial);
  const entries = new SnapshotEntries(image, partial);
  const store = await Store.create(optionsFor(image.header, options.store ?? {}));
  try {
    const filled = fill(store, entries, image);
    lineages.set(store, image.header.lineage);
    const { generation, takenMs } = image.header;
    return { store, file: image.path, generation, takenMs, ...filled, losses: entries.losses, refused };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The file itself, or the newest whole one of a directory; with `partial` a damaged one, if none is whole. */
export function chooseImage(path: string, partial: boolean): { image: BackupImage; refused: string[] } {
  if (typeof path !== "string" || path === "") {
    throw new InvalidArgumentError(`a backup is ${shown(path)}; expected the path of a file or a directory`);
  }
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new InvalidArgumentError(`${path}: there is no such file or directory`);
  if (!found.isDirectory()) return { image: readBackup(path, partial), refused: [] };
  const files = findGenerations(path);
  if (files.length === 0) throw new InvalidArgumentError(`${path}: no generation-*.engram is in this directory`);
  const { newest, refused } = newestWhole(files);
  if (newest !== null) return { image: newest, refused };
  if (partial) return { image: newestReadable(files, refused), refused };
  throw new CorruptBackupError(`${path}: no generation is whole. ${refused.join("; ")}`);
}

/** The newest of the files that are whole, and why each newer one was refused. */
export function newestWhole(files: readonly string[]): { newest: BackupImage | null; refused: string[] } {
  let newest: BackupImage | null = null;
  const refused: string[] = [];
  for (const file of files) {
    const image = attempt(() => readBackup(file), refused);
    if (image !== null && (newest === null || image.header.generation > newest.header.generation)) newest = image;
  }
  return { newest, refused };
}

function newestReadable(files: readonly string[], refused: readonly string[]): BackupImage {
  const images = files.flatMap((file) => attempt(() => readBackup(file, true), []) ?? []);
  if (images.length === 0) throw new CorruptBackupError(`no header is whole. ${refused.join("; ")}`);
  return images.reduce((best, image) => (image.header.generation > best.header.generation ? image : best));
}

function attempt<T>(read: () => T, refused: string[]): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CorruptBackupError)) throw error;
    refused.push(error.message);
    return null;
  }
}

const HASH_NAMES = ["xxhash32", "fnv1a", "murmur3", "adaptive"] as const;

/** Slots that Store.create adds to the workers' own. */
const EXTRA_SLOTS = 2;

/** The store as it was, as far as the header tells, but for what is asked for. Sizes hang together: one that is given drops the others. */
function optionsFor(header: BackupHeader, asked: StoreOptions): StoreOptions {
  const sized = asked.capacity !== undefined || asked.maxCapacity !== undefined;
  return {
    maxWorkers: Math.max(0, header.slotCount - EXTRA_SLOTS),
    hash: HASH_NAMES[header.hashKind] ?? "xxhash32",
    eviction: header.eviction === 0 ? "none" : "clock",
    ...(sized ? {} : sizesOf(header)),
    ...asked,
  };
}

function sizesOf(header: BackupHeader): StoreOptions {
  const wholeBytes = header.pool + header.slabMax * layout.SLAB_SIZE + layout.GUARD_SIZE;
  const maxCapacity = Math.min(2 ** 32, Math.max(header.capacity, wholeBytes));
  const share = ((header.slabMax + 0.5) * layout.SLAB_SIZE) / maxCapacity;
  return {
    capacity: header.capacity,
    maxCapacity,
    poolShare: Math.min(0.9, Math.max(0.1, share)),
    expectedEntries: header.bucketCount,
    maxNamespaces: Math.min(65534, Math.max(1, header.idCount - layout.FIRST_ID)),
  };
}

type Filled = Pick<Restored, "entries" | "namespaces" | "expired" | "channels" | "noRoom">;

function fill(store: Store, snapshot: SnapshotEntries, image: BackupImage): Filled {
  const { header } = image;
  const loader = store.loader();
  const names = new Map<number, Namespace>();
  let inPlace = image.damaged.size === 0;
  for (const [id, { name, encoding }] of snapshot.namespaces) {
    loader.ask(id);
    names.set(id, store.namespace(name, { encoding }) as Namespace);
    inPlace &&= loader.admit(name, id);
  }
  const { entries, expired } = inPlace ? load(loader, image) : putAll(names, snapshot, header);
  loader.end();
  limitAll(names, snapshot.namespaces);
  const channels = fillSystem(store, snapshot);
  const noRoom = store.stats().operations.evictions;
  return { entries: entries - noRoom, namespaces: names.size, expired, channels, noRoom };
}

const TICK_MS = 10;

/** Slab by slab through the engine: the way for whole files, where every namespace got its old id. */
function load(loader: Loader, { path, header, slabClasses, pool }: BackupImage): Loaded {
  // a clock that was set back since does not make entries live longer than they had at the cut
  const shift = Math.floor((Math.max(loader.createdMs, header.takenMs) - header.createdMs) / TICK_MS);
  const { regions } = layoutOf(header.slabCapacity);
  const sum = { entries: 0, expired: 0 };
  for (let slab = 0; slab < header.slabCount; slab++) {
    if (slabClasses[slab] === 0) continue;
    const size = (1 << (layout.CLASS_MIN_SHIFT - 1)) << slabClasses[slab];
    const end = (slab + 1) * layout.SLAB_SIZE;
    for (let at = slab * layout.SLAB_SIZE; at < end; at += layout.S_MANY_SIZE) {
      const where = () => `${path}: byte ${regions + at}`;
      const piece = pool.subarray(at, at + layout.S_MANY_SIZE);
      const { entries, expired } = loader.load(piece, size, header.epoch, shift, where);
      sum.entries += entries;
      sum.expired += expired;
    }
  }
  return sum;
}

interface Loaded {
  entries: number;
  expired: number;
}

/** One by one: where a file is damaged, or the new store has fewer ids. */
function putAll(names: Map<number, Namespace>, snapshot: SnapshotEntries, header: BackupHeader): Loaded {
  const now = Math.max(Date.now(), header.takenMs);
  const sum = { entries: 0, expired: 0 };
  for (const entry of snapshot) {
    if (entry.expiresAt !== undefined && entry.expiresAt <= now) {
      sum.expired++;
      continue;
    }
    put(names.get(entry.namespaceId) as Namespace, entry, now);
    sum.entries++;
  }
  return sum;
}

function put(namespace: Namespace, entry: BackedUpEntry, now: number): void {
  namespace.setEncoded(entry.key, entry.value, entry.expiresAt === undefined ? undefined : entry.expiresAt - now);
}

/** Limits come last: what is there stays, even above a limit that was lowered later. */
function limitAll(names: Map<number, Namespace>, namespaces: Map<number, BackedUpNamespace>): void {
  for (const [id, { maxEntries, maxBytes }] of namespaces) {
    if (maxEntries !== 0 || maxBytes !== 0) names.get(id)?.limit({ maxEntries, maxBytes });
  }
}

const BITS: readonly [number, Permission][] = [
  [1, "read"],
  [2, "write"],
  [4, "delete"],
  [8, "admin"],
];

/** Grants are given again; channels lie in chunks of their own, which no backup keeps. Returns how many there were. */
function fillSystem(store: Store, snapshot: SnapshotEntries): number {
  let channels = 0;
  for (const { key, value } of snapshot.system) {
    const text = Buffer.from(key).toString("utf8");
    if (text.startsWith("channel:")) {
      channels++;
      continue;
    }
    const grant = /^grant:(\d+):/.exec(text);
    if (grant === null) continue;
    const rest = text.slice(grant[0].length);
    const agent = rest.slice(0, Number(grant[1]));
    const permissions = BITS.flatMap(([bit, name]) => (value[0] & bit ? [name] : []));
    store.grant(agent, rest.slice(agent.length + 1), permissions);
  }
  return channels;
}
