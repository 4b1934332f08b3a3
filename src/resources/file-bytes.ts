/** The bytes of a file of records: mapped into memory, or read and written at positions where that is not to be had. */
import { constants as bufferConstants } from "node:buffer";
import { fdatasyncSync, fstatSync, readSync, writeSync } from "node:fs";
import { CorruptFileError } from "../errors.js";
import { loadMapper, type Mapper } from "../mapping.js";

/** A file mapped whole. Reading past its end raises a signal that ends the process: whoever reads checks the length first. */
export interface MappedBytes {
  readonly view: DataView;
  readonly whole: Buffer;
  readonly mapper: Mapper;
}

let mapper: Mapper | string | undefined;

/** @returns the mapping, or why there is none */
export function mapFile(fd: number, bytes: number, writable: boolean): MappedBytes | string {
  mapper ??= loadMapper();
  if (typeof mapper === "string") return mapper;
  if (bytes > bufferConstants.MAX_LENGTH) {
    return `a file of ${bytes} bytes is more than Node ${process.versions.node} maps at once (${bufferConstants.MAX_LENGTH})`;
  }
  try {
    const protection = mapper.PROT_READ | (writable ? mapper.PROT_WRITE : 0);
    const whole = mapper.map(bytes, protection, mapper.MAP_SHARED, fd, 0);
    return { view: new DataView(whole.buffer, whole.byteOffset, whole.length), whole, mapper };
  } catch (error) {
    return `it cannot be mapped (${(error as Error).message.split("\n")[0]})`;
  }
}

/** @throws CorruptFileError when the file has become shorter than it was, which nothing stops another process from doing */
export function checkLength(path: string, fd: number, bytes: number): void {
  const { size } = fstatSync(fd);
  if (size < bytes) {
    throw new CorruptFileError(`${path}: was cut to ${size} bytes while it was open; expected ${bytes}`);
  }
}

/** Reads exactly so many bytes. @throws CorruptFileError when the file ends before */
export function readAt(path: string, fd: number, at: number, into: Buffer): Buffer {
  for (let done = 0; done < into.length; ) {
    const read = readSync(fd, into, done, into.length - done, at + done);
    if (read === 0) {
      throw new CorruptFileError(
        `${path}: ends before byte ${at + done}; expected ${into.length} bytes from byte ${at} on`,
      );
    }
    done += read;
  }
  return into;
}

export function writeAt(fd: number, at: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  }
}

/** What was written is on the disk when this returns. */
export function flush(fd: number, mapped: MappedBytes | null): void {
  if (mapped !== null) mapped.mapper.sync(mapped.whole, 0, mapped.whole.length, true, false);
  fdatasyncSync(fd);
}
