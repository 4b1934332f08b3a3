/** The calls by which a journal writes: the system's, or a test's that fail when they are told to. */
import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, writeSync } from "node:fs";

export interface JournalFiles {
  /** To be read and written; made when it is missing. */
  open(path: string): number;
  /** At most as many bytes as there are from `offset` on, at `position`. @returns how many it was */
  write(fd: number, bytes: Uint8Array, offset: number, position: number): number;
  truncate(fd: number, bytes: number): void;
  sync(fd: number): Promise<void>;
  syncNow(fd: number): void;
  close(fd: number): void;
}

const MODE = 0o640;

export const SYSTEM_FILES: JournalFiles = {
  open: (path) => {
    try {
      return openSync(path, "r+");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return openSync(path, "wx+", MODE);
    }
  },
  write: (fd, bytes, offset, position) => writeSync(fd, bytes, offset, bytes.length - offset, position),
  truncate: ftruncateSync,
  sync: (fd) =>
    new Promise((resolve, reject) => {
      fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
    }),
  syncNow: fdatasyncSync,
  close: closeSync,
};
