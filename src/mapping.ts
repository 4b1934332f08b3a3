/**
 * mmap-io, if it is there. Where it is missing or does not load, files are read and written at positions instead; the reason is kept, so
 * that it can be said. What was mapped stays so until nothing refers to it any more: there is no unmapping.
 */
import { createRequire } from "node:module";
import { noAddonsBecause } from "./addons.js";

export interface Mapper {
  map(size: number, protection: number, flags: number, fd: number, offset: number): Buffer;
  sync(buffer: Buffer, offset: number, size: number, blocking: boolean, invalidate: boolean): void;
  readonly PROT_READ: number;
  readonly PROT_WRITE: number;
  readonly MAP_SHARED: number;
}

/** The mapper, or why there is none. */
export function loadMapper(): Mapper | string {
  const reason = noAddonsBecause();
  if (reason !== null) return `mmap-io is not loaded: ${reason}`;
  try {
    return createRequire(import.meta.url)("mmap-io") as Mapper;
  } catch (error) {
    return `mmap-io does not load (${(error as Error).message.split("\n")[0]}); npm install mmap-io@npm:@riaskov/mmap-io has it`;
  }
}
