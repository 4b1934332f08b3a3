/**
 * Reading a backup file that is not trusted: every length is checked before it is used and every byte that matters is
 * under a checksum. Either the file is whole, or an error says at which byte it is not; a partial reading keeps the
 * regions that are intact and lists the others.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { layout } from "../core/index.js";
import { CorruptBackupError, InvalidArgumentError } from "../store/errors.js";
import {
  type BackupHeader,
  decodeHeader,
  type Fault,
  HEADER_BYTES,
  hex,
  isFault,
  layoutOf,
  offsetOf,
  REGION,
  REGIONS_PER_SLAB,
} from "./format.js";

export interface BackupImage {
  readonly path: string;
  readonly header: BackupHeader;
  /** Size class + 1 of each slab; 0 = not cut. */
  readonly slabClasses: Uint8Array;
  /** The pool: slab after slab, 64 KiB each. */
  readonly pool: Buffer;
  /** Regions whose checksum does not hold: always none unless read with `partial`. */
  readonly damaged: ReadonlySet<number>;
}

/**
 * @param partial keep what is intact of a file whose regions are damaged; header and slab table must be whole even then
 * @throws CorruptBackupError naming file, byte and what was expected; InvalidArgumentError when it cannot be opened
 */
export function readBackup(path: string, partial = false): BackupImage {
  const fd = open(path);
  try {
    return new Reader(path, fd, partial).read();
  } finally {
    closeSync(fd);
  }
}

function open(path: string): number {
  try {
    const fd = openSync(path, "r");
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (error) {
    throw new InvalidArgumentError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  throw new InvalidArgumentError(`${path}: is no file; expected a backup`);
}

class Reader {
  private readonly path: string;
  private readonly fd: number;
  private readonly partial: boolean;
  private readonly size: number;

  constructor(path: string, fd: number, partial: boolean) {
    this.path = path;
    this.fd = fd;
    this.partial = partial;
    this.size = fstatSync(fd).size;
  }

  read(): BackupImage {
    const header = decodeHeader(this.bytes(0, Math.min(HEADER_BYTES, this.size)));
    if (isFault(header)) throw this.corrupt(header);
    const places = layoutOf(header.slabCapacity);
    if (this.size < places.length && !(this.partial && this.size > places.regions)) {
      throw this.corrupt({
        byte: this.size,
        what: `the file ends; expected ${places.length} bytes for ${header.slabCapacity} slabs`,
      });
    }
    const slabClasses = this.bytes(places.slabTable, header.slabCount);
    this.checkSlabTable(slabClasses, header, places.slabTable);
    const pool = this.pool(places.regions, header.slabCount * layout.SLAB_SIZE);
    const damaged = this.checkRegions(header, pool, places.regions, places.checksums);
    return { path: this.path, header, slabClasses, pool, damaged };
  }

  private checkSlabTable(slabClasses: Buffer, header: BackupHeader, at: number): void {
    const computed = crc32(slabClasses);
    if (computed !== header.slabTableChecksum) {
      throw this.corrupt({
        byte: at,
        what: `the slab table has checksum ${hex(computed)}; the header (byte ${offsetOf("slabTableChecksum")}) expects ${hex(header.slabTableChecksum)}`,
      });
    }
    const wrong = slabClasses.findIndex((sizeClass) => sizeClass > layout.CLASS_COUNT);
    if (wrong >= 0) {
      throw this.corrupt({
        byte: at + wrong,
        what: `slab ${wrong} has size class ${slabClasses[wrong]}; expected 0 to ${layout.CLASS_COUNT}`,
      });
    }
  }

  private checkRegions(header: BackupHeader, pool: Buffer, regionsAt: number, tableAt: number): Set<number> {
    const damaged = new Set<number>();
    const count = header.slabCount * REGIONS_PER_SLAB;
    const table = this.bytes(tableAt, count * 4);
    const computed = crc32(table);
    if (computed !== header.checksumTableChecksum && !this.partial) {
      throw this.corrupt({
        byte: tableAt,
        what: `the checksum table has checksum ${hex(computed)}; the header (byte ${offsetOf("checksumTableChecksum")}) expects ${hex(header.checksumTableChecksum)}`,
      });
    }
    for (let region = 0, at = 0; region < count; region++, at += REGION) {
      const expected = table.readUInt32LE(region * 4);
      const found = crc32(pool.subarray(at, at + REGION));
      if (found === expected) continue;
      if (!this.partial) {
        throw this.corrupt({
          byte: regionsAt + at,
          what: `region ${region} has checksum ${hex(found)}; the table (byte ${tableAt + region * 4}) expects ${hex(expected)}`,
        });
      }
      damaged.add(region);
    }
    return damaged;
  }

  /** Aligned, so that words can be read from it. A file that ends early leaves zeros, which no checksum but a zero region's fits. */
  private pool(at: number, length: number): Buffer {
    const pool = Buffer.from(new ArrayBuffer(length));
    this.fill(pool, at);
    return pool;
  }

  private bytes(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.fill(bytes, at);
    return bytes;
  }

  private fill(bytes: Buffer, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const n = readSync(this.fd, bytes, done, bytes.length - done, at + done);
      if (n === 0) return;
      done += n;
    }
  }

  private corrupt({ byte, what }: Fault): CorruptBackupError {
    return new CorruptBackupError(`${this.path}: byte ${byte}: ${what}`);
  }
}
