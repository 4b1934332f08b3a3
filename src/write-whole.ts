/**
 * Output files appear whole or not at all: written under a temporary name in the same folder, then renamed. A failure leaves what was
 * there before, and no reader ever sees half a file. Nothing here loads more than node's own modules.
 */
import { randomBytes } from "node:crypto";
import { type BigIntStats, createWriteStream, realpathSync, rmSync, statSync, type WriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { InvalidArgumentError } from "./errors.js";
import { cannotBeWritten } from "./not-writable.js";

/**
 * Writes the text or the chunks to `path`, gzipped when it ends in .gz.
 *
 * @param check looks at what was written before it takes its name: when it throws, there is no such file
 * @throws InvalidArgumentError when the path is a folder, or its folder is missing or cannot be written
 */
export async function writeWhole(
  path: string,
  content: string | Iterable<string | Uint8Array>,
  check: (written: string) => void = () => {},
): Promise<void> {
  const target = await stat(path).catch(() => null);
  if (target?.isDirectory()) {
    throw new InvalidArgumentError(`${path}: is a folder; expected the name of a file to write`);
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  // Into a list of its own: a string by itself would go out letter by letter.
  const input = Readable.from(typeof content === "string" ? [content] : content, { objectMode: true });
  const output = createWriteStream(temporary, { flags: "wx" });
  const forget = removeWhenInterrupted(temporary);
  try {
    await (path.endsWith(".gz") ? pipeline(input, createGzip(), output) : pipeline(input, output));
    check(temporary);
    await rename(temporary, path);
  } catch (error) {
    await closed(output); // it may be on its way to being opened, and would be there again
    await rm(temporary, { force: true }).catch(() => {});
    const { code, syscall } = error as NodeJS.ErrnoException;
    // What the content's own maker threw is its own to say.
    if (code === undefined || syscall === undefined || error instanceof InvalidArgumentError) throw error;
    throw cannotBeWritten(path, error);
  } finally {
    forget();
  }
}

/** When the stream, which ends or was destroyed, has let go of its file. */
async function closed(output: WriteStream): Promise<void> {
  output.destroy();
  // not by events.once, which its error would end sooner
  if (!output.closed) await new Promise<void>((done) => output.once("close", () => done()));
}

/**
 * Whether two paths name one file: by any way there, symbolic links and hard ones included. Of a file that is not there yet it is the
 * path that decides, with the links of its folder followed.
 */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map(fileAt);
  if (a !== undefined && b !== undefined) return a.dev === b.dev && a.ino === b.ino;
  return a === undefined && b === undefined && placeOf(one) === placeOf(other);
}

/**
 * Refuses to write over what is read.
 *
 * @param option how the user gave the path, to begin the message with
 * @throws InvalidArgumentError when `path` is one of the inputs
 */
export function refuseInputs(option: string, path: string, inputs: readonly string[]): void {
  const input = inputs.find((one) => isSameFile(one, path));
  if (input === undefined) return;
  const named = input === path ? "is read as well" : `is ${input}, which is read as well`;
  throw new InvalidArgumentError(`${option} ${path}: ${named}, expected the name of another file to write`);
}

function fileAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function placeOf(path: string): string {
  const whole = resolve(path);
  try {
    return join(realpathSync(dirname(whole)), basename(whole));
  } catch {
    return whole;
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
