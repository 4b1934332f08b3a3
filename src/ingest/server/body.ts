/** The body of a request: at most so many bytes, packed and unpacked, and of all requests together no more than there is memory for. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { BadBodyError } from "../errors.js";

const unzip = promisify(gunzip);

/** A packed body may become so many times the limit of one that is not: text of metrics packs by about ten. */
const UNPACKED = 10;
/** What comes after a refusal is read and thrown away, so that the sender hears of it; but not for ever. */
const DISCARDED = 16;

/** The sender went away. */
export class AbortedError extends Error {}

/** Memory for bodies is used up. */
export class NoMemoryError extends Error {}

/** Bytes of bodies under way, of one thread. */
export class BodyBudget {
  private used = 0;

  constructor(private readonly max: number) {}

  take(bytes: number): boolean {
    if (this.used + bytes > this.max) return false;
    this.used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.used -= bytes;
  }
}

/**
 * Reads it as text.
 *
 * @param max bytes
 * @throws BadBodyError when it is too large, packed in a way that is not known, or no UTF-8; AbortedError; NoMemoryError
 */
export async function readBody(request: IncomingMessage, max: number, budget: BodyBudget): Promise<string> {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "x-gzip") {
    throw new BadBodyError(`content-encoding ${JSON.stringify(encoding.slice(0, 40))}: expected gzip or none`, 415);
  }
  if (Number(request.headers["content-length"] ?? 0) > max) throw tooLarge(max);
  const { bytes, taken } = await collect(request, max, budget);
  try {
    const whole = encoding === "identity" ? bytes : await unpack(bytes, max * UNPACKED);
    if (!isUtf8(whole)) throw new BadBodyError("the body is no UTF-8");
    return whole.toString("utf8");
  } finally {
    budget.give(taken);
  }
}

function collect(request: IncomingMessage, max: number, budget: BodyBudget): Promise<{ bytes: Buffer; taken: number }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let stopped = false;
    const stop = (error: Error) => {
      if (stopped) return; // refused before its sender went away: its bytes are given back once
      stopped = true;
      request.off("data", onData).off("end", onEnd);
      budget.give(size);
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      if (!budget.take(chunk.length)) stop(new NoMemoryError());
      else {
        chunks.push(chunk);
        size += chunk.length;
        if (size > max) stop(tooLarge(max));
      }
    };
    const onEnd = () => resolve({ bytes: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size), taken: size });
    request.on("data", onData).once("end", onEnd);
    request.once("close", () => {
      if (!request.complete) stop(new AbortedError());
    });
    request.on("error", () => {}); // told by close
  });
}

async function unpack(bytes: Buffer, max: number): Promise<Buffer> {
  try {
    return await unzip(bytes, { maxOutputLength: max });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(max, "unpacked ");
    throw new BadBodyError(`the body is no gzip: ${(error as Error).message}`);
  }
}

/** Reads what is left of a refused body and keeps nothing of it. */
export function discard(request: IncomingMessage, max: number): void {
  if (request.complete) return;
  let left = max * DISCARDED;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.on("error", () => {});
  request.resume();
}

function tooLarge(max: number, how = ""): BadBodyError {
  return new BadBodyError(`the body has more than ${max} ${how}bytes: send it in parts`, 413);
}
