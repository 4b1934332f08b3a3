/** A worker's traces: each is fetched once for all its jobs, checked, and forgotten when another has come and nobody uses it. */
import type { SharedTrace } from "../shared-trace.js";
import { sharedFuture } from "../shared-trace.js";
import { InvalidMessageError } from "./messages.js";
import { isGone, pause, type Session } from "./session.js";
import { traceIn } from "./trace-bytes.js";

/** What a job says of its trace, and where that is. */
export interface WantedTrace {
  readonly bucket: string;
  readonly digest: string;
  readonly bytes: number;
}

/** The trace is not there (any more): its jobs are done, or the sweep is over. */
export class TraceGoneError extends Error {}
/** This machine cannot have the trace: it has not the room, or what is there is none. */
export class CannotHoldError extends Error {}

interface Held {
  readonly trace: Promise<SharedTrace>;
  users: number;
}

/** Nothing comes for so long, while there is a connection: it is asked for again, ms. */
const STALLED_MS = 15_000;
const AGAIN_MS = 500;
/** What comes damaged comes from a damaged place. */
const TRIES_AT_DAMAGED = 2;

export class HeldTraces {
  readonly #session: Session;
  readonly #held = new Map<string, Held>();
  #latest = "";

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Does something with a trace.
   *
   * @param future whether it is for a policy that looks ahead
   * @throws TraceGoneError, CannotHoldError, the signal's reason
   */
  async use<T>(wanted: WantedTrace, future: boolean, signal: AbortSignal, work: (trace: SharedTrace) => Promise<T>) {
    const held = this.#hold(wanted, signal);
    held.users++;
    try {
      const trace = await held.trace;
      return await work(future ? withFuture(trace) : trace);
    } catch (error) {
      // Whoever asks next tries anew.
      if (error instanceof TraceGoneError || error instanceof CannotHoldError) this.#held.delete(wanted.digest);
      throw error;
    } finally {
      held.users--;
      this.#forget();
    }
  }

  #hold(wanted: WantedTrace, signal: AbortSignal): Held {
    this.#latest = wanted.digest;
    const known = this.#held.get(wanted.digest);
    if (known !== undefined) return known;
    const trace = this.#fetch(wanted, signal);
    trace.catch(() => {}); // told to whoever uses it
    const held = { trace, users: 0 };
    this.#held.set(wanted.digest, held);
    return held;
  }

  #forget(): void {
    for (const [digest, { users }] of this.#held) {
      if (users === 0 && digest !== this.#latest) this.#held.delete(digest);
    }
  }

  async #fetch(wanted: WantedTrace, signal: AbortSignal): Promise<SharedTrace> {
    for (let damaged = 0; ; ) {
      signal.throwIfAborted();
      this.#session.ended.throwIfAborted();
      try {
        return traceIn(await this.#bytesOf(wanted), wanted.digest);
      } catch (error) {
        if (error instanceof TraceGoneError || error instanceof CannotHoldError) throw error;
        if (isGone(error)) throw new TraceGoneError("the trace is gone", { cause: error });
        if (error instanceof InvalidMessageError && ++damaged === TRIES_AT_DAMAGED) {
          throw new CannotHoldError(error.message, { cause: error });
        }
      }
      await pause(AGAIN_MS, signal); // the servers are away for a moment
    }
  }

  async #bytesOf({ bucket, digest, bytes }: WantedTrace): Promise<Uint8Array> {
    const store = await this.#session.objects.open(bucket, false);
    const found = await store.get(digest).catch((error: Error & { code?: number }) => {
      throw error.code === NO_MESSAGE ? new TraceGoneError("the trace is gone", { cause: error }) : error;
    });
    if (found === null) throw new TraceGoneError("the trace is gone");
    found.error.catch(() => {}); // told by the stream
    const target = room(bytes);
    const reader = found.data.getReader();
    try {
      let at = 0;
      for (;;) {
        const { done, value } = await inTime(reader.read());
        if (done) break;
        if (at + value.length > bytes)
          throw new InvalidMessageError(`a trace of more than the ${bytes} bytes it should have`);
        target.set(value, at);
        at += value.length;
      }
      if (at !== bytes) throw new InvalidMessageError(`a trace of ${at} bytes, expected ${bytes}`);
      return target;
    } finally {
      reader.cancel().catch(() => {});
    }
  }
}

const NO_MESSAGE = 10037;

function room(bytes: number): Uint8Array {
  try {
    return new Uint8Array(new SharedArrayBuffer(bytes));
  } catch (cause) {
    throw new CannotHoldError(`there is no room for a trace of ${bytes} bytes`, { cause });
  }
}

async function inTime<T>(read: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("nothing came")), STALLED_MS);
  });
  try {
    return await Promise.race([read, late]);
  } finally {
    clearTimeout(timer);
  }
}

const withFutures = new WeakMap<SharedTrace, SharedTrace>();

/** The same trace for policies that look ahead; looked ahead once for all of them. */
function withFuture(trace: SharedTrace): SharedTrace {
  const known = withFutures.get(trace);
  if (known !== undefined) return known;
  const made = { ...trace, future: sharedFuture(trace.ids, trace.kinds, trace.distinct) };
  withFutures.set(trace, made);
  return made;
}
