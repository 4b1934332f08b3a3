/** gzip, any number of members. node:zlib goes on to the next one by itself, and takes zeros for the end whatever follows them: that is looked at here. */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InvalidArgumentError } from "../../../src/errors.js";

/** @throws InvalidArgumentError: damaged, cut off, or something else than zeros behind the last member */
export async function* gunzip(path: string, raw: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let given = 0;
  /** What zlib may not have consumed yet, and where in the file that begins. */
  let latest: Buffer[] = [];
  let latestAt = 0;
  const transform = createGunzip();
  const counted = async function* () {
    for await (const chunk of raw) {
      given += chunk.length;
      latest.push(chunk);
      while (latest.length > 1 && latestAt + latest[0].length <= transform.bytesWritten) {
        latestAt += (latest.shift() as Buffer).length;
      }
      yield chunk;
    }
  };
  const input = Readable.from(counted(), { objectMode: false });
  input.once("error", (error) => transform.destroy(error));
  input.pipe(transform);
  try {
    yield* transform as AsyncIterable<Buffer>;
    const consumed = transform.bytesWritten;
    input.unpipe(transform);
    let at = latestAt;
    for (const chunk of latest) {
      refuseTail(path, chunk.subarray(Math.max(0, consumed - at)), Math.max(at, consumed));
      at += chunk.length;
    }
    latest = [];
    for await (const chunk of input as AsyncIterable<Buffer>) refuseTail(path, chunk, at);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    const what = `${(error as Error).message}) within the first ${given} compressed bytes`;
    throw new InvalidArgumentError(`${path}: damaged gzip data (${what}; expected a whole gzip file`, { cause: error });
  } finally {
    input.unpipe(transform);
    input.destroy();
    transform.destroy();
    await raw.return(undefined);
  }
}

/** Tapes pad with zeros; anything else may be a member that has lost its beginning. */
function refuseTail(path: string, tail: Buffer, at: number): void {
  const garbage = tail.findIndex((byte) => byte !== 0);
  if (garbage < 0) return;
  throw new InvalidArgumentError(
    `${path}: damaged gzip data (byte ${at + garbage}: no member begins here, behind the end of another); expected a whole gzip file`,
  );
}
