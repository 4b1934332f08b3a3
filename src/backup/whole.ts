/**
 * A whole backup into a new store, slab by slab (M-009). A slab is read from the file straight to where it stays in the pool,
 * checked there, and its chunks become entries and free chunks where they lie: nothing is copied in between. Slabs that are
 * mostly free are not worth their place, and those with entries of the store's own (namespaces, grants) change: what belongs to
 * the snapshot in them is copied into chunks that are free. So is everything when the new store has fewer slabs than the old.
 *
 * A large backup is read, checked and linked by several threads, a share of the slabs each. Copies are made last, by this thread
 * alone, and large values after them: each is read from the file into the span that it stays in.
 */
import { availableParallelism } from "node:os";
import { layout } from "../core/index.js";
import { CorruptBackupError } from "../errors.js";
import { type BackupCut, identityOf, type Loaded, type Loader, loaderOf, type Store } from "../store/index.js";
import { isCut } from "./format.js";
import { LoadingThread } from "./loading-thread.js";
import type { BackupImage, BackupReader } from "./read.js";
import { adoptSlabs, type LargeEntry, type LoadedSlab, type Placement, readSlabs, sum } from "./share.js";

/** A thread is worth its start (some 40 ms) from 128 MiB on. */
const SLABS_PER_THREAD = 2048;
const THREADS_MAX = 8;

export class WholeBackup {
  /** The slabs that hold entries of the store's own, as an image of nothing else. */
  readonly directory: BackupImage;
  private readonly reader: BackupReader;
  private readonly loader: Loader;
  private readonly slabs: readonly LoadedSlab[];
  private readonly threads: readonly LoadingThread[];

  private constructor(
    reader: BackupReader,
    loader: Loader,
    slabs: readonly LoadedSlab[],
    threads: readonly LoadingThread[],
  ) {
    this.reader = reader;
    this.loader = loader;
    this.slabs = slabs;
    this.threads = threads;
    this.directory = imageOf(
      reader,
      slabs.filter(({ kind }) => kind === "own"),
    );
  }

  /**
   * Reads all slabs, into the pool of the empty store where they have room.
   *
   * @param threads that take a share, this one among them; by default as many as the size is worth and there are cores
   * @throws CorruptBackupError naming file and byte of the first checksum that does not hold, or of the count when the slabs
   *   hold another number of entries than the backup counted
   */
  static async read(reader: BackupReader, store: Store, threads?: number): Promise<WholeBackup> {
    const loader = loaderOf(store);
    const { slabClasses } = reader;
    const cut = [...slabClasses.keys()].filter((slab) => isCut(slabClasses[slab]));
    const roomy = cut.length <= loader.slabs;
    const placements = cut.map((slab, place) => ({ slab, place: roomy ? place : null }));
    const wanted = threads ?? Math.min(availableParallelism(), THREADS_MAX, Math.floor(cut.length / SLABS_PER_THREAD));
    const helpers: LoadingThread[] = [];
    for (let i = 1; i < wanted && roomy && identityOf(store).shared; i++)
      helpers.push(new LoadingThread(store, reader));
    const [own, ...shares] = split(placements, helpers.length + 1);
    const answers = Promise.all(helpers.map((helper, i) => readBy(helper, shares[i])));
    answers.catch(() => {}); // heard below, unless this thread's own share fails first
    try {
      const slabs = await readSlabs(reader, loader, own);
      const more = await answers;
      // what a thread could not even begin is done here
      for (const [i, answer] of more.entries()) slabs.push(...(answer ?? (await readSlabs(reader, loader, shares[i]))));
      reader.checkCount(slabs.reduce((entries, slab) => entries + slab.entries, 0));
      return new WholeBackup(
        reader,
        loader,
        slabs,
        helpers.filter((_, i) => more[i] !== null),
      );
    } catch (error) {
      await Promise.all(helpers.map((helper) => helper.end()));
      throw error;
    }
  }

  /** Keeps the places of the slabs that stay, and empties the others. Before anything is made in the store. */
  keepPlaces(): void {
    const { loader, reader } = this;
    for (const { slab, place, kind } of this.slabs) {
      if (place === null) continue;
      if (kind === "full") loader.reserve(place, reader.slabClasses[slab] - 1);
      else loader.slabsFrom(place, 1).fill(0);
    }
  }

  /** Empties all places: the store cannot keep the old ids, its entries come one by one. */
  emptyPlaces(): void {
    for (const { place } of this.slabs) if (place !== null) this.loader.slabsFrom(place, 1).fill(0);
  }

  /**
   * Makes entries of it all, once the namespaces are there under their old ids.
   *
   * @throws CorruptBackupError, OutOfMemoryError
   */
  async load(): Promise<Loaded> {
    const { loader, reader } = this;
    const { header } = reader;
    // a clock that was set back since does not make entries live longer than they had at the cut
    const passed = Math.floor((Math.max(loader.createdMs, header.takenMs) - header.takenMs) / layout.TICK_MS);
    const cut: BackupCut = { epoch: header.epoch, tick: header.tick, passed };
    const adopted = await this.adoptAll(cut);
    loader.endAdoption();
    const copied = this.copied().map((slab) => this.copy(slab, cut));
    return sum([
      adopted,
      ...copied,
      ...this.slabs.flatMap(({ large }) => large.map((entry) => this.loadLarge(entry, cut))),
    ]);
  }

  private loadLarge(entry: LargeEntry, cut: BackupCut): Loaded {
    const { reader } = this;
    return this.loader.large(entry, cut, (slab, into) => reader.read(entry.first + slab, into));
  }

  /** Ends the threads. */
  async end(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.end()));
  }

  private async adoptAll(cut: BackupCut): Promise<Loaded> {
    const placements = this.slabs.filter(({ kind, place }) => kind === "full" && place !== null);
    const [own, ...shares] = split(placements, this.threads.length + 1);
    const answers = Promise.all(this.threads.map((thread, i) => thread.adoptSlabs(shares[i], cut)));
    answers.catch(() => {}); // heard below, unless this thread's own share fails first
    const here = adoptSlabs(this.reader, this.loader, own, cut);
    return sum([here, ...(await answers)]);
  }

  private copied(): number[] {
    return this.slabs
      .filter(({ kind, place }) => kind !== "free" && (kind !== "full" || place === null))
      .map(({ slab }) => slab);
  }

  private copy(slab: number, cut: BackupCut): Loaded {
    const { reader, loader } = this;
    reader.read(slab, reader.slab);
    return loader.copy(reader.slab, reader.slabClasses[slab] - 1, cut, (offset) => reader.where(slab, offset));
  }
}

/** Null when the thread could not do it for want of something, so that this one has to; a corrupt file is as corrupt here. */
async function readBy(helper: LoadingThread, placements: readonly Placement[]): Promise<LoadedSlab[] | null> {
  try {
    return await helper.readSlabs(placements);
  } catch (error) {
    await helper.end();
    if (error instanceof CorruptBackupError) throw error;
    return null;
  }
}

/** So many runs of neighbours, of nearly the same length. */
function split<T>(items: readonly T[], parts: number): T[][] {
  return Array.from({ length: parts }, (_, i) =>
    items.slice(Math.floor((i * items.length) / parts), Math.floor(((i + 1) * items.length) / parts)),
  );
}

function imageOf({ path, header, slabClasses }: BackupReader, own: readonly LoadedSlab[]): BackupImage {
  const pool = Buffer.from(new ArrayBuffer(own.length * layout.SLAB_SIZE));
  for (const [i, { bytes }] of own.entries()) pool.set(bytes as Uint8Array, i * layout.SLAB_SIZE);
  const classes = Uint8Array.from(own, ({ slab }) => slabClasses[slab]);
  return { path, header, slabClasses: classes, pool, damaged: new Set(), missing: 0, isDirectory: true };
}
