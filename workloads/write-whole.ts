/** Output files appear whole or not at all: written under a temporary name in the same folder, then renamed. */
import { createWriteStream, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { InvalidArgumentError } from "../src/store/errors.js";

/** Writes the chunks to `path`, gzipped when it ends in .gz. Throws InvalidArgumentError when the file cannot be written. */
export async function writeWhole(path: string, chunks: Iterable<string | Uint8Array>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const input = Readable.from(chunks, { objectMode: true });
  const output = createWriteStream(temporary);
  const forget = removeWhenInterrupted(temporary);
  try {
    await (path.endsWith(".gz") ? pipeline(input, createGzip(), output) : pipeline(input, output));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof InvalidArgumentError) throw error;
    throw new InvalidArgumentError(
      `${path}: cannot be written (${code}); expected a path in an existing, writable folder`,
      { cause: error },
    );
  } finally {
    forget();
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A signal that ends the process takes the unfinished file with it. Who handles signals otherwise goes on doing so. */
function removeWhenInterrupted(temporary: string): () => void {
  const abandon = (signal: NodeJS.Signals): void => {
    rmSync(temporary, { force: true });
    forget();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const forget = (): void => {
    for (const signal of SIGNALS) process.off(signal, abandon);
  };
  for (const signal of SIGNALS) process.on(signal, abandon);
  return forget;
}
