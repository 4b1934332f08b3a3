/**
 * Recovery (M-009): from a backup file, or the newest whole generation of a directory, to a live store. Table, free lists and
 * namespaces are built anew, so that the new store may be larger, smaller or otherwise different from the one that was
 * backed up. A whole file goes in slab by slab (whole.ts), a damaged one entry by entry.
 */
import { statSync } from "node:fs";
import { describe, flag, KnownOptions, wholeNumber } from "../check.js";
import { layout } from "../core/index.js";
import { AccessDeniedError, CorruptBackupError, InvalidArgumentError } from "../errors.js";
import {
  checkOptions,
  createAlone,
  defaultValues,
  evictionOf,
  grantSpent,
  hashOf,
  type Loaded,
  type Loader,
  loaderOf,
  MAX_TTL_MS,
  type Namespace,
  type Store,
  type StoreMaker,
  type StoreOptions,
} from "../store/index.js";
import { type BackedUpEntry, type BackedUpNamespace, type Loss, SnapshotEntries } from "./entries.js";
import type { BackupHeader } from "./format.js";
import { findGenerations, inspectHeader } from "./generations.js";
import { noteOrigin, originAt } from "./origin.js";
import { type BackupImage, BackupReader, readBackup } from "./read.js";
import { readSteadily, readSteadilyNow } from "./seen.js";
import { WholeBackup } from "./whole.js";

/** How a backup is read, and what the store that comes of it is made with. */
export interface RestoreOptions {
  /** What the new store is made with. Default, for each of its options: as it was in the store that was backed up. */
  store?: StoreOptions;
  /** Keep every intact entry of a damaged file and list what was lost, instead of refusing the file. Default false. */
  partial?: boolean;
  /**
   * How many threads read and load a whole file, 1 to 64. By default one for every 128 MiB, eight and the cores at most. Each of
   * them takes a worker's slot of the new store meanwhile; where none is free, others do its share.
   */
  threads?: number;
}

const OPTIONS = new KnownOptions("restore", ["store", "partial", "threads"]);

/** @typeParam S the class of the store */
export interface Restored<S extends Store = Store> {
  /** The store, open in this thread. */
  readonly store: S;
  /** The file it came from. */
  readonly file: string;
  /** Its number; a later one has a higher. */
  readonly generation: number;
  /** Unix time of the cut, ms: how old the data is. */
  readonly takenMs: number;
  /** Entries that are in the store now. */
  readonly entries: number;
  /** Namespaces that are in the store now. */
  readonly namespaces: number;
  /** Entries whose time to live had ended by now. */
  readonly expired: number;
  /** Channels that existed: messages under way are not backed up. */
  readonly channels: number;
  /** Of those, entries that others had to make room for in a smaller store: evicted again. */
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
 * @param make the object by which this thread uses it
 * @throws CorruptBackupError naming file, byte and expectation when there is no whole generation;
 *   InvalidArgumentError when there is no such file, or an option of the store is out of bounds;
 *   OutOfMemoryError when the new store is too small and does not evict
 */
export async function restoreStore<S extends Store>(
  make: StoreMaker<S>,
  path: string,
  options: RestoreOptions = {},
): Promise<Restored<S>> {
  OPTIONS.check(options);
  wholeNumber("option threads", options.threads, 1, 1, 64);
  flag("option partial", options.partial, false);
  const origin = originAt(path, isDirectory(path));
  const restored = await readSteadily(path, (steady) => restoreNewest(make, path, options, steady));
  noteOrigin(restored.store, origin);
  return restored;
}

async function restoreNewest<S extends Store>(
  make: StoreMaker<S>,
  path: string,
  options: RestoreOptions,
  steady: () => boolean,
): Promise<Restored<S>> {
  const refused: string[] = [];
  const files = candidates(path);
  for (const file of files) {
    const reader = attempt(() => openWhole(file, options.store ?? {}), refused, files.length === 1 && file === path);
    if (reader === null) continue;
    try {
      return { ...(await restoreWhole(make, reader, options)), refused };
    } catch (error) {
      refuse(error, refused);
    } finally {
      reader.close();
    }
  }
  if (options.partial && steady()) return restorePart(make, path, options);
  throw new CorruptBackupError(
    refused.length === 1 ? refused[0] : `${path}: no generation is whole. ${refused.join("; ")}`,
  );
}

/** A file that must be whole, and of a store that can be. */
function openWhole(file: string, asked: StoreOptions): BackupReader {
  const reader = new BackupReader(file);
  try {
    checkStore(file, reader.header, asked);
    return reader;
  } catch (error) {
    reader.close();
    throw error;
  }
}

/**
 * Each field of a header may be possible, and no store have all of them together.
 *
 * @throws CorruptBackupError; InvalidArgumentError when it is what was asked for that does not fit
 */
function checkStore(file: string, header: BackupHeader, asked: StoreOptions = {}): void {
  try {
    checkOptions(optionsFor(header, asked));
  } catch (error) {
    if (Object.keys(asked).length > 0) checkStore(file, header);
    else {
      const what = `its header describes no store that can be: ${(error as Error).message}`;
      throw new CorruptBackupError(`${file}: ${what}`, { cause: error });
    }
    throw error;
  }
}

async function restoreWhole<S extends Store>(
  make: StoreMaker<S>,
  reader: BackupReader,
  options: RestoreOptions,
): Promise<Omit<Restored<S>, "refused">> {
  const { path: file, header } = reader;
  return makeStore(make, header, options, async (store) => {
    const whole = await WholeBackup.read(reader, store, options.threads);
    try {
      const loader = loaderOf(store);
      const snapshot = new SnapshotEntries(whole.directory);
      const oldIds = [...snapshot.namespaces.keys()].every((id) => id < loader.idCount);
      if (oldIds) whole.keepPlaces();
      else whole.emptyPlaces();
      const names = aboutTheFile(file, () => makeNamespaces(store, snapshot, loader));
      const all = oldIds ? snapshot : new SnapshotEntries(readBackup(file));
      const loaded = oldIds ? await whole.load() : putAll(names, all, header);
      return { file, ...loaded, ...aboutTheFile(file, () => finish(store, all, names, loader)), losses: [] };
    } finally {
      await whole.end();
    }
  });
}

/** A name or a limit that no store takes is the file's fault, not that of whoever restores it. */
function aboutTheFile<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InvalidArgumentError || error instanceof AccessDeniedError)) throw error;
    throw new CorruptBackupError(`${file}: ${error.message}`, { cause: error });
  }
}

/** The newest file that can be read at all, entry by entry. */
async function restorePart<S extends Store>(
  make: StoreMaker<S>,
  path: string,
  options: RestoreOptions,
): Promise<Restored<S>> {
  const { image, refused } = chooseImage(path, true);
  checkStore(image.path, image.header, options.store ?? {});
  const snapshot = new SnapshotEntries(image, true);
  const restored = await makeStore(make, image.header, options, async (store) => {
    const loader = loaderOf(store);
    const names = makeNamespaces(store, snapshot, loader);
    const loaded = putAll(names, snapshot, image.header);
    return { file: image.path, ...loaded, ...finish(store, snapshot, names, loader), losses: snapshot.losses };
  });
  return { ...restored, refused };
}

type Filled = Pick<Restored, "file" | "entries" | "namespaces" | "expired" | "channels" | "noRoom" | "losses">;

async function makeStore<S extends Store>(
  make: StoreMaker<S>,
  header: BackupHeader,
  options: RestoreOptions,
  fill: (store: Store) => Promise<Filled>,
): Promise<Omit<Restored<S>, "refused">> {
  const { store, attend } = createAlone(make, optionsFor(header, options.store ?? {}));
  try {
    const filled = await fill(store);
    attend();
    lineages.set(store, header.lineage);
    return { store, generation: header.generation, takenMs: header.takenMs, ...filled };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The files to try, best first. */
function candidates(path: string): string[] {
  return isDirectory(path) ? newestFirst(generationsIn(path)) : [path];
}

function isDirectory(path: string): boolean {
  if (typeof path !== "string" || path === "") {
    throw new InvalidArgumentError(`a backup is ${describe(path)}; expected the path of a file or a directory`);
  }
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === "ENOENT";
    const fault = absent ? "there is no such file or directory" : (error as Error).message;
    throw new InvalidArgumentError(`${path}: ${fault}`, { cause: error });
  }
}

function generationsIn(directory: string): string[] {
  const files = findGenerations(directory);
  if (files.length > 0) return files;
  throw new InvalidArgumentError(`${directory}: no generation-*.engram is in this directory`);
}

/** By what their headers say; those without one come first, so that it is said why they were refused. */
function newestFirst(files: readonly string[]): string[] {
  return files
    .map((file) => ({ file, generation: inspectHeader(file)?.generation ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => b.generation - a.generation)
    .map(({ file }) => file);
}

/**
 * The file itself, or the newest whole one of a directory, in memory; with `partial` a damaged one, if none is whole.
 *
 * @throws as restore
 */
export function chooseImage(path: string, partial: boolean): { image: BackupImage; refused: string[] } {
  return readSteadilyNow(path, (steady) => chooseNewest(path, partial, steady));
}

function chooseNewest(
  path: string,
  partial: boolean,
  steady: () => boolean,
): { image: BackupImage; refused: string[] } {
  if (!isDirectory(path)) return { image: readBackup(path, partial), refused: [] };
  const files = newestFirst(generationsIn(path));
  const refused: string[] = [];
  for (const file of files) {
    const image = attempt(() => readBackup(file), refused);
    if (image !== null) return { image, refused };
  }
  if (partial && steady()) return { image: newestReadable(files, refused), refused };
  throw new CorruptBackupError(`${path}: no generation is whole. ${refused.join("; ")}`);
}

function newestReadable(files: readonly string[], refused: readonly string[]): BackupImage {
  for (const file of files) {
    const image = attempt(() => readBackup(file, true), []);
    if (image !== null) return image;
  }
  throw new CorruptBackupError(`no header is whole. ${refused.join("; ")}`);
}

/**
 * What `read` makes of a file. A file of a directory that cannot even be opened is noted like a corrupt one: an older one may be
 * whole. The one file that was asked for is not.
 */
function attempt<T>(read: () => T, refused: string[], asked = false): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidArgumentError && !asked) refused.push(error.message);
    else refuse(error, refused);
    return null;
  }
}

/** A corrupt file is noted; anything else is not about the file. */
function refuse(error: unknown, refused: string[]): void {
  if (!(error instanceof CorruptBackupError)) throw error;
  refused.push(error.message);
}

/** Slots that Store.create adds to the workers' own. */

/** The store as it was, as far as the header tells, but for what is asked for. Sizes hang together: one that is given drops the others. */
function optionsFor(header: BackupHeader, given: StoreOptions): StoreOptions {
  // what is undefined is left out
  const asked: StoreOptions = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const sized = asked.capacity !== undefined || asked.maxCapacity !== undefined;
  return {
    maxWorkers: Math.max(0, header.slotCount - layout.EXTRA_SLOTS),
    hash: hashOf(header.hashKind),
    ...evictionAsItWas(header, asked),
    ...valuesAsTheyWere(header),
    ...(sized ? {} : sizesOf(header)),
    ...asked,
  };
}

/** The policy as it was, with its limit, which means nothing to another one. */
function evictionAsItWas({ eviction, maxEntries }: BackupHeader, asked: StoreOptions): StoreOptions {
  if (asked.eviction !== undefined) return {};
  const name = evictionOf(eviction);
  return name === "none" || name === "clock" || maxEntries === 0 ? { eviction: name } : { eviction: name, maxEntries };
}

/** The limit of values, unless it was the one that a store has by itself. */
function valuesAsTheyWere({ valueMax, keptForSpans, slabMax }: BackupHeader): StoreOptions {
  const own = defaultValues(slabMax);
  if (valueMax === 0 || (valueMax === own.valueMax && keptForSpans === own.keptForSpans)) return {};
  return { maxValue: valueMax };
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

/** The namespaces, under their old ids where the store has those. */
function makeNamespaces(store: Store, snapshot: SnapshotEntries, loader: Loader): Map<number, Namespace> {
  const names = new Map<number, Namespace>();
  for (const [id, { name, encoding, whenFull }] of snapshot.namespaces) {
    if (id < loader.idCount) loader.ask(id);
    names.set(id, store.namespace(name, { encoding, whenFull }) as Namespace);
    loader.admit(name, id);
  }
  return names;
}

/** What comes when all entries are in. */
function finish(store: Store, snapshot: SnapshotEntries, names: Map<number, Namespace>, loader: Loader) {
  loader.end();
  limitAll(names, snapshot.namespaces);
  for (const { key, value } of snapshot.kept) loader.keep(key, value);
  const channels = fillSystem(store, snapshot);
  return { namespaces: names.size, channels, noRoom: store.stats().operations.evictions };
}

/** One by one: where a file is damaged, or the new store has fewer ids. */
function putAll(names: Map<number, Namespace>, snapshot: SnapshotEntries, header: BackupHeader): Loaded {
  const sum = { entries: 0, expired: 0 };
  for (const entry of snapshot) {
    const now = Math.max(Date.now(), header.takenMs); // each at its time: to load many takes a while
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
  // an expiry is rounded up to its tick, so what was left of the longest ttl may be a little more than is accepted
  const ttl = entry.expiresAt === undefined ? undefined : Math.min(entry.expiresAt - now, MAX_TTL_MS);
  namespace.setEncoded(entry.key, entry.value, ttl);
}

/** Limits come last: what is there stays, even above a limit that was lowered later. */
function limitAll(names: Map<number, Namespace>, namespaces: Map<number, BackedUpNamespace>): void {
  for (const [id, { maxEntries, maxBytes }] of namespaces) {
    if (maxEntries !== 0 || maxBytes !== 0) names.get(id)?.limit({ maxEntries, maxBytes });
  }
}

/** Grants are given again; channels lie in chunks of their own, which no backup keeps. Returns how many there were. */
function fillSystem(store: Store, { grants, channels }: SnapshotEntries): number {
  for (const { agent, namespace, permissions, spent } of grants) {
    if (spent) grantSpent(store, agent, namespace, [...permissions]);
    else store.grant(agent, namespace, [...permissions]);
  }
  return channels.length;
}
