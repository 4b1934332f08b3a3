/**
 * Reading a backup file that is not trusted: every length is checked against the file's before memory is taken for it, every
 * byte that matters is under a checksum, and the header says how many entries there are. Either the file is whole, or an
 * error says at which byte it is not; a partial reading keeps the regions that are intact and lists the others. Bytes that the
 * file system does not give back are damaged ones.
 */
import { closeSync, fstatSync, openSync, read, readSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { layout } from "../core/index.js";
import { CorruptBackupError, InvalidArgumentError } from "../errors.js";
import { countSlab } from "./chunk.js";
import {
  type BackupHeader,
  decodeHeader,
  type Fault,
  type FileLayout,
  HEADER_BYTES,
  hex,
  isFault,
  layoutOf,
  offsetOf,
  REGION,
  REGIONS_PER_SLAB,
  SPAN_CLASS,
} from "./format.js";

const readInPool = promisify(read);

export interface BackupImage {
  readonly path: string;
  readonly header: BackupHeader;
  /** Size class + 1 of each slab, SPAN_CLASS, or 0 = neither. Of a file that was cut short, of those slabs that it can have. */
  readonly slabClasses: Uint8Array;
  /** The pool: slab after slab, 64 KiB each. */
  readonly pool: Buffer;
  /** Regions whose checksum does not hold: always none unless read with `partial`. */
  readonly damaged: ReadonlySet<number>;
  /** Slabs at the end for which the file is too short: none unless read with `partial`. */
  readonly missing: number;
  /** It has the slabs with entries of the store's own and no others, so no large values. */
  readonly isDirectory?: true;
}

/**
 * The whole of a backup in memory.
 *
 * @param partial keep what is intact of a file whose regions are damaged; header and slab table must be whole even then
 * @throws CorruptBackupError naming file, byte and what was expected; InvalidArgumentError when it cannot be opened
 */
export function readBackup(path: string, partial = false): BackupImage {
  const reader = new BackupReader(path, partial);
  try {
    const { header, slabClasses, damaged, missing } = reader;
    const pool = Buffer.from(new ArrayBuffer(slabClasses.length * layout.SLAB_SIZE));
    for (const slab of reader.slabs()) pool.set(reader.slab, slab * layout.SLAB_SIZE);
    return { path, header, slabClasses, pool, damaged, missing };
  } finally {
    reader.close();
  }
}

/** A file that was opened and checked but for its regions: what another thread needs to read it too. Structured-cloneable. */
export interface OpenBackup {
  readonly path: string;
  readonly fd: number;
  readonly header: BackupHeader;
  readonly slabClasses: Uint8Array;
  readonly checksums: Uint8Array;
}

/** A backup file, slab by slab: as much memory as a slab, however large the file. */
export class BackupReader {
  readonly path: string;
  readonly header: BackupHeader;
  readonly slabClasses: Uint8Array;
  readonly damaged = new Set<number>();
  /** Slabs at the end that a partial reading leaves out: the file ends before their checksums, so nothing of them can be trusted. */
  readonly missing: number;
  /** The slab that `slabs` is at. */
  readonly slab = Buffer.from(new ArrayBuffer(layout.SLAB_SIZE));
  private readonly fd: number;
  private readonly partial: boolean;
  private readonly size: number;
  private readonly places: FileLayout;
  private readonly checksums: DataView;

  /**
   * Opens the file and checks all but its regions, or goes on with one that is open, which stays whoever opened it has to close.
   *
   * @throws as readBackup
   */
  constructor(source: string | OpenBackup, partial = false) {
    const opened = typeof source === "string" ? null : source;
    this.path = opened?.path ?? (source as string);
    this.partial = partial;
    this.fd = opened?.fd ?? open(this.path);
    try {
      this.size = fstatSync(this.fd).size;
      this.header = opened?.header ?? this.readHeader();
      this.places = layoutOf(this.header.slabCapacity);
      if (opened === null) this.checkLength();
      const there = opened?.slabClasses.length ?? this.slabsThere();
      this.missing = this.header.slabCount - there;
      this.slabClasses = opened?.slabClasses ?? this.readSlabTable().subarray(0, there);
      const { buffer, byteOffset, byteLength } = opened?.checksums ?? this.readChecksums();
      this.checksums = new DataView(buffer, byteOffset, byteLength);
    } catch (error) {
      if (opened === null) this.close();
      throw error;
    }
  }

  /** For another thread, as long as this one keeps the file open. */
  get opened(): OpenBackup {
    const { path, fd, header, slabClasses, checksums } = this;
    const table = new Uint8Array(checksums.buffer, checksums.byteOffset, checksums.byteLength);
    return { path, fd, header, slabClasses, checksums: table };
  }

  close(): void {
    closeSync(this.fd);
  }

  /**
   * Reads and checks one slab after the other into `slab`; yields their numbers, and counts entries. A partial reading notes
   * what is damaged.
   */
  *slabs(): IterableIterator<number> {
    let entries = 0;
    for (const [slab, slabClass] of this.slabClasses.entries()) {
      this.read(slab, this.slab);
      entries += countSlab(this.slab, slabClass, this.header.epoch).entries;
      yield slab;
    }
    if (!this.partial) this.checkCount(entries);
  }

  /** All slabs were read and hold so many entries. @throws CorruptBackupError when the backup had counted others */
  checkCount(entries: number): void {
    const { entriesAndOne } = this.header;
    if (entriesAndOne === 0 || entries === entriesAndOne - 1) return;
    throw this.corrupt({
      byte: offsetOf("entriesAndOne"),
      what: `${entriesAndOne - 1} entries were counted when it was written; there are ${entries}`,
    });
  }

  /** Reads one slab and checks it where it is now. */
  read(slab: number, into: Uint8Array): void {
    this.fill(into, this.byteOf(slab * layout.SLAB_SIZE));
    this.check(slab, into);
  }

  /** Reads a run of slabs, in a thread of the pool for such things, and does not check them. */
  async fetch(slab: number, into: Uint8Array): Promise<void> {
    const at = this.byteOf(slab * layout.SLAB_SIZE);
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await readInPool(this.fd, into, done, into.length - done, at + done).catch((error) => {
        throw this.unreadable(at + done, error);
      });
      if (bytesRead === 0) into.fill(0, done);
      done = bytesRead === 0 ? into.length : done + bytesRead;
    }
  }

  /** Checks a slab where it was read to. */
  check(slab: number, into: Uint8Array): void {
    for (let i = 0; i < REGIONS_PER_SLAB; i++) {
      this.checkRegion(slab * REGIONS_PER_SLAB + i, into.subarray(i * REGION, (i + 1) * REGION));
    }
  }

  /** Where a byte of the pool lies in the file. */
  byteOf(poolOffset: number): number {
    return this.places.regions + poolOffset;
  }

  /** For messages: a place in a slab. */
  where(slab: number, offset = 0): string {
    return `${this.path}: byte ${this.byteOf(slab * layout.SLAB_SIZE + offset)}`;
  }

  private checkRegion(region: number, bytes: Uint8Array): void {
    const expected = this.checksums.getUint32(region * 4, true);
    const found = crc32(bytes);
    if (found === expected) return;
    if (!this.partial) {
      throw this.corrupt({
        byte: this.byteOf(region * REGION),
        what: `region ${region} has checksum ${hex(found)}; the table (byte ${this.places.checksums + region * 4}) expects ${hex(expected)}`,
      });
    }
    this.damaged.add(region);
  }

  /** Slabs whose regions and checksums the file is long enough for; its checksums come last. */
  private slabsThere(): number {
    const { slabCount } = this.header;
    if (!this.partial) return slabCount;
    const checksums = Math.max(0, this.size - this.places.checksums);
    return Math.min(slabCount, Math.floor(checksums / (REGIONS_PER_SLAB * 4)));
  }

  private readHeader(): BackupHeader {
    const header = decodeHeader(this.bytes(0, Math.min(HEADER_BYTES, this.size)));
    if (isFault(header)) throw this.corrupt(header);
    return header;
  }

  private checkLength(): void {
    const { length, regions } = this.places;
    if (this.size >= length || (this.partial && this.size > regions)) return;
    throw this.corrupt({
      byte: this.size,
      what: `the file ends; expected ${length} bytes for ${this.header.slabCapacity} slabs`,
    });
  }

  private readSlabTable(): Uint8Array {
    const at = this.places.slabTable;
    const classes = this.bytes(at, this.header.slabCount);
    this.checkPart("slab table", at, crc32(classes), "slabTableChecksum");
    const wrong = classes.findIndex((sizeClass) => sizeClass > layout.CLASS_COUNT && sizeClass !== SPAN_CLASS);
    if (wrong < 0) return classes;
    throw this.corrupt({
      byte: at + wrong,
      what: `slab ${wrong} has size class ${classes[wrong]}; expected 0 to ${layout.CLASS_COUNT}, or ${SPAN_CLASS}`,
    });
  }

  private readChecksums(): Buffer {
    const at = this.places.checksums;
    const table = this.bytes(at, this.slabClasses.length * REGIONS_PER_SLAB * 4);
    if (!this.partial) this.checkPart("checksum table", at, crc32(table), "checksumTableChecksum");
    return table;
  }

  private checkPart(
    part: string,
    at: number,
    computed: number,
    field: "slabTableChecksum" | "checksumTableChecksum",
  ): void {
    const expected = this.header[field];
    if (computed === expected) return;
    throw this.corrupt({
      byte: at,
      what: `the ${part} has checksum ${hex(computed)}; the header (byte ${offsetOf(field)}) expects ${hex(expected)}`,
    });
  }

  private bytes(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.fill(bytes, at);
    return bytes;
  }

  /** A file that ends early leaves zeros, which no checksum but a zero region's fits. */
  private fill(bytes: Uint8Array, at: number): void {
    try {
      fillFrom(this.fd, bytes, at);
    } catch (error) {
      if (!this.partial) throw this.unreadable(at, error);
      this.fillByRegion(bytes, at);
    }
  }

  /** What can be read of it; the rest is zero. */
  private fillByRegion(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; done += REGION) {
      const region = bytes.subarray(done, done + REGION);
      try {
        fillFrom(this.fd, region, at + done);
      } catch {
        region.fill(0);
      }
    }
  }

  private unreadable(at: number, error: unknown): CorruptBackupError {
    const message = `${this.path}: byte ${at}: cannot be read: ${(error as Error).message}`;
    return new CorruptBackupError(message, { cause: error });
  }

  private corrupt({ byte, what }: Fault): CorruptBackupError {
    return new CorruptBackupError(`${this.path}: byte ${byte}: ${what}`);
  }
}

function fillFrom(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    const n = readSync(fd, bytes, done, bytes.length - done, at + done);
    if (n === 0) {
      bytes.fill(0, done);
      return;
    }
    done += n;
  }
}

function open(path: string): number {
  try {
    // before it is opened: to open a pipe is to wait for whoever writes to it
    if (statSync(path).isFile()) return openSync(path, "r");
  } catch (error) {
    throw new InvalidArgumentError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  throw new InvalidArgumentError(`${path}: is no file; expected a backup`);
}
