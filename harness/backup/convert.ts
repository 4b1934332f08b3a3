/** A backup into another form: a fresh backup directory, JSON Lines or MessagePack; and the way back. */
import { readdirSync, statSync } from "node:fs";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { chooseImage, type Loss, SnapshotEntries } from "../../src/backup/index.js";
import { InvalidArgumentError, OutOfMemoryError } from "../../src/errors.js";
import { restore, Store, type StoreOptions } from "../../src/index.js";
import { refuseInputs, writeWhole } from "../../src/write-whole.js";
import { type Counts, formatOf, type InterchangeFormat, load, parse, write } from "./interchange.js";
import { compareWithFile, compareWithStore } from "./read-back.js";

export interface Conversion {
  readonly from: string;
  readonly to: string | null;
  readonly entries: number;
  readonly expired: number;
  readonly takenAt: string | null;
  readonly losses: readonly Loss[];
  readonly refused: readonly string[];
}

export interface ConversionOptions {
  /** Target: a .jsonl or .msgpack file, else a directory. null: a rehearsal. */
  readonly to: string | null;
  readonly partial: boolean;
  readonly capacity: string | undefined;
}

export async function convert(from: string, options: ConversionOptions): Promise<Conversion> {
  if (options.to !== null) refuseSource(from, options.to);
  const source = formatOf(from);
  const target = options.to === null ? null : formatOf(options.to);
  if (source === null && target !== null) return exportEntries(from, options.to as string, target, options.partial);
  const filled = source === null ? await fromBackup(from, options) : await fromRecords(from, source, options);
  try {
    if (options.to !== null) await toTarget(filled.store, options.to, target);
  } finally {
    await filled.store.close();
  }
  const { store: _, ...conversion } = filled;
  return { ...conversion, from, to: options.to };
}

/** Neither what is read nor, for a fresh backup, the directory that a backup which is read lies in. */
function refuseSource(from: string, to: string): void {
  const isFolder = statSync(from, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const files = isFolder ? readdirSync(from).map((name) => join(from, name)) : [];
  const home = formatOf(from) === null && !isFolder ? [dirname(resolve(from))] : [];
  refuseInputs("-o", to, [from, ...files, ...home]);
}

interface Filled extends Omit<Conversion, "from" | "to"> {
  readonly store: Store;
}

async function fromBackup(from: string, { partial, capacity }: ConversionOptions): Promise<Filled> {
  const sizes: StoreOptions = capacity === undefined ? {} : { capacity, maxCapacity: capacity };
  const restored = await restore(from, { partial, store: sizes });
  const { store, entries, expired, takenMs, losses, refused } = restored;
  return { store, entries, expired, takenAt: new Date(takenMs).toISOString(), losses, refused };
}

const LEAST_CAPACITY = 64 * 2 ** 20;
const MOST_CAPACITY = 2 ** 32;

async function fromRecords(from: string, format: InterchangeFormat, { capacity }: ConversionOptions): Promise<Filled> {
  const bytes = await readFile(from).catch((error: Error) => {
    throw new InvalidArgumentError(`${from}: ${error.message}`, { cause: error });
  });
  // an entry takes at most twice its bytes and a header, in a pool of 60 %: four times the file leaves room
  const size = capacity ?? Math.min(MOST_CAPACITY, Math.max(LEAST_CAPACITY, bytes.length * 4));
  const store = await Store.create({ capacity: size, eviction: "none" });
  try {
    const counts = load(store, parse(from, bytes, format));
    return { store, ...counts, takenAt: null, losses: [], refused: [] };
  } catch (error) {
    await store.close();
    if (error instanceof InvalidArgumentError && error.cause instanceof OutOfMemoryError) {
      throw new InvalidArgumentError(`${error.message.split(";")[0]}; try again with a larger --capacity`, {
        cause: error,
      });
    }
    throw error;
  }
}

async function toTarget(store: Store, to: string, format: InterchangeFormat | null): Promise<void> {
  if (format === null) return backUp(store, to);
  const scratch = `${resolve(to)}.backup-${process.pid}`;
  try {
    await backUp(store, scratch);
    await exportEntries(scratch, to, format, false);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** One generation, on the disk, in a directory that holds none yet; read back and compared. */
async function backUp(store: Store, directory: string): Promise<void> {
  const found = await stat(directory).catch(() => null);
  if (found !== null && !found.isDirectory()) {
    throw new InvalidArgumentError(
      `${directory}: is a file; expected a directory, or a name ending in .jsonl or .msgpack`,
    );
  }
  await using backups = await store.backup({ directory, durability: "disk", writing: "positioned" });
  const { file } = await backups.now("full");
  compareWithStore(file, store);
}

async function exportEntries(
  from: string,
  to: string,
  format: InterchangeFormat,
  partial: boolean,
): Promise<Conversion> {
  const { image, refused } = chooseImage(from, partial);
  const snapshot = new SnapshotEntries(image, partial);
  await mkdir(dirname(resolve(to)), { recursive: true });
  const counts = { entries: 0, expired: 0 };
  const now = Date.now();
  const pieces = (into: Counts) => inBatches(write(snapshot, image.header.takenMs, format, now, into));
  let losses: readonly Loss[] = [];
  await writeWhole(to, pieces(counts), (written) => {
    losses = [...snapshot.losses]; // each walk lists them
    compareWithFile(written, pieces({ entries: 0, expired: 0 }));
  });
  const takenAt = new Date(image.header.takenMs).toISOString();
  return { from, to, ...counts, takenAt, losses, refused };
}

const BATCH_BYTES = 1 << 18;

function* inBatches(pieces: Iterable<Uint8Array>): IterableIterator<Buffer> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    batch.push(piece);
    bytes += piece.length;
    if (bytes < BATCH_BYTES) continue;
    yield Buffer.concat(batch);
    batch = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(batch);
}
