/**
 * A whole backup into a new store, slab by slab (ADR-009). A slab is read from the file straight to where it stays in the pool,
 * checked there, and its chunks become entries and free chunks where they lie: nothing is copied in between. Slabs that are
 * mostly free are not worth their place, and those with entries of the store's own (namespaces, grants) change: what belongs to
 * the snapshot in them is copied into chunks that are free. So is everything when the new store has fewer slabs than the old.
 */
import { layout } from "../core/index.js";
import type { Cut, Loaded, Loader } from "../store/index.js";
import type { BackupImage, BackupReader } from "./read.js";

const TICK_MS = 10;
/** Of the chunks of a slab, at least this share belongs to the snapshot, or they are copied. */
const WORTH_ITS_PLACE = 0.5;

const META = layout.E_META / 4;
const BIRTH = layout.E_BIRTH / 4;
const DEATH = layout.E_DEATH / 4;

interface Seat {
  /** Number of the slab in the file, and of its place in the new store. */
  readonly slab: number;
  readonly place: number;
}

export class WholeBackup {
  /** The slabs that hold entries of the store's own, as an image of nothing else. */
  readonly directory: BackupImage;
  private readonly reader: BackupReader;
  private readonly loader: Loader;
  /** Without an entry of the cut's own epoch, which can be of a key that is there twice; with such an entry. */
  private readonly old: Seat[] = [];
  private readonly young: Seat[] = [];
  private readonly copied: number[] = [];
  private readonly used: Seat[] = [];

  /**
   * Reads all slabs, into the pool of the empty store where they have room.
   *
   * @throws CorruptBackupError naming file and byte of the first checksum that does not hold
   */
  constructor(reader: BackupReader, loader: Loader) {
    this.reader = reader;
    this.loader = loader;
    const own: number[] = [];
    const cut = [...reader.slabClasses.keys()].filter((slab) => reader.slabClasses[slab] !== 0);
    const roomy = cut.length <= loader.slabs;
    const directory: Buffer[] = [];
    for (const [place, slab] of cut.entries()) {
      const bytes = roomy ? loader.slab(place) : reader.slab;
      reader.read(slab, bytes);
      const found = survey(bytes, reader.slabClasses[slab], reader.header.epoch);
      if (found.own > 0) {
        own.push(reader.slabClasses[slab]);
        directory.push(Buffer.from(bytes));
      }
      if (found.live === 0) continue;
      if (!roomy || found.own > 0 || found.live < found.chunks * WORTH_ITS_PLACE) this.copied.push(slab);
      else (found.young > 0 ? this.young : this.old).push({ slab, place });
    }
    this.directory = imageOf(reader, own, directory);
    if (roomy) this.used = cut.map((slab, place) => ({ slab, place }));
  }

  /** Keeps the places of the slabs that stay, and empties the others. Before anything is made in the store. */
  settle(): void {
    const { loader, reader } = this;
    const staying = new Set([...this.old, ...this.young].map(({ place }) => place));
    for (const { slab, place } of this.used) {
      if (staying.has(place)) loader.reserve(place, reader.slabClasses[slab] - 1);
      else loader.slab(place).fill(0);
    }
  }

  /** Empties all places: the store cannot keep the old ids, its entries come one by one. */
  leave(): void {
    for (const { place } of this.used) this.loader.slab(place).fill(0);
  }

  /**
   * Makes entries of it all, once the namespaces are there under their old ids.
   *
   * @throws CorruptBackupError, OutOfMemoryError
   */
  load(): Loaded {
    const { loader, reader } = this;
    const { header, path, slabClasses } = reader;
    // a clock that was set back since does not make entries live longer than they had at the cut
    const shift = Math.floor((Math.max(loader.createdMs, header.takenMs) - header.createdMs) / TICK_MS);
    const cut: Cut = { epoch: header.epoch, shift };
    const where = (slab: number, offset = 0) => `${path}: byte ${reader.byteOf(slab * layout.SLAB_SIZE + offset)}`;
    const sum = { entries: 0, expired: 0 };
    const add = ({ entries, expired }: Loaded) => {
      sum.entries += entries;
      sum.expired += expired;
    };
    for (const seats of [this.old, this.young]) {
      for (const { slab, place } of seats) {
        add(loader.adopt(place, slabClasses[slab] - 1, cut, seats === this.old, () => where(slab)));
      }
    }
    for (const slab of this.copied) {
      reader.read(slab, reader.slab);
      add(loader.copy(reader.slab, slabClasses[slab] - 1, cut, (offset) => where(slab, offset)));
    }
    return sum;
  }
}

/** How many chunks a slab has, how many belong to the snapshot, and of those, how many are of its epoch and how many the store's own. */
function survey(bytes: Buffer, slabClass: number, epoch: number) {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, layout.SLAB_SIZE / 4);
  const step = ((1 << layout.CLASS_MIN_SHIFT) << (slabClass - 1)) / 4;
  let live = 0;
  let young = 0;
  let own = 0;
  for (let chunk = 0; chunk < words.length; chunk += step) {
    const birth = words[chunk + BIRTH];
    if (birth === 0 || birth > epoch) continue;
    const death = words[chunk + DEATH] >>> layout.DEATH_SLOT_BITS;
    if (death !== 0 && death <= epoch) continue;
    live++;
    if (birth === epoch) young++;
    if ((words[chunk + META] & 0xffff) < layout.FIRST_ID) own++;
  }
  return { chunks: words.length / step, live, young, own };
}

function imageOf({ path, header }: BackupReader, classes: readonly number[], slabs: readonly Buffer[]): BackupImage {
  const pool = Buffer.from(new ArrayBuffer(slabs.length * layout.SLAB_SIZE));
  for (const [i, bytes] of slabs.entries()) pool.set(bytes, i * layout.SLAB_SIZE);
  return { path, header, slabClasses: Uint8Array.from(classes), pool, damaged: new Set() };
}
