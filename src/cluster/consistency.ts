/**
 * What each consistency level waits for. All reads are of the node's own copy; the levels differ only in what has to have happened before.
 *
 * | level | write | read |
 * |---|---|---|
 * | `eventual` | accepted here, on its way | the copy as it is, with how old it may be |
 * | `bounded_stale` | the same, once no unsent write is older than the window | the copy, if a barrier begun within the window came back; else a barrier first |
 * | `strong` | through the log's quorum | own unsent writes of the key first, then a barrier, then what the log has: linearizable |
 */
import { EngineNotSent, EngineUnknown } from "./engine.js";
import { type ClusterEntry, isGone } from "./entry.js";
import { StaleError, UnavailableError } from "./errors.js";
import type { Replica } from "./replica.js";
import type { Committed, WriteOptions } from "./replica-options.js";

/** All of them, weakest first. */
export const CONSISTENCY_LEVELS = ["eventual", "bounded_stale", "strong"] as const;

/** What a read may miss: "eventual" what is on its way, "bounded_stale" no more than what came within a window, "strong" nothing. */
export type Consistency = (typeof CONSISTENCY_LEVELS)[number];

/** How one call is to be answered. */
export interface Wishes {
  readonly consistency: Consistency;
  /** Of `bounded_stale`, ms. */
  readonly windowMs: number;
  /** After so long it is given up, ms. */
  readonly timeoutMs: number;
}

export interface Reading {
  /** null: absent, deleted or expired. */
  readonly entry: ClusterEntry | null;
  /** The log's number of it; undefined while it is on its way there. 0 when the log has nothing. */
  readonly seq: number | undefined;
  /** At most so old is what was read, ms; Infinity while that is not known. */
  readonly staleMs: number;
}

/** @throws StaleError (`bounded_stale`), UnavailableError (`strong`) when the copy cannot be shown to be as new as that */
export async function readAt(replica: Replica, key: string, wishes: Wishes): Promise<Reading> {
  const { consistency, windowMs, timeoutMs } = wishes;
  if (consistency === "strong") return readStrongly(replica, key, timeoutMs);
  if (consistency === "bounded_stale" && replica.staleMs() > windowMs) {
    try {
      await replica.pass(timeoutMs);
    } catch (cause) {
      if (!isCutOff(cause)) throw cause;
      const staleMs = replica.staleMs();
      throw new StaleError(
        `the copy of "${key}" is older than ${windowMs} ms, or may be (${told(staleMs)}), and the log does not answer: ${(cause as Error).message}; read it as eventual, or try again`,
        staleMs,
        { cause },
      );
    }
  }
  return readHere(replica, key);
}

/** The copy as it is. */
export function readHere(replica: Replica, key: string): Reading {
  const entry = replica.peek(key);
  const version = replica.confirmed(key);
  const pending = entry !== null && entry !== version?.entry && replica.isPending(key);
  return { entry, seq: pending ? undefined : (version?.seq ?? 0), staleMs: replica.staleMs() };
}

async function readStrongly(replica: Replica, key: string, timeoutMs: number): Promise<Reading> {
  const began = replica.elapsed();
  const refuse = (why: string, cause?: unknown) =>
    new UnavailableError(
      `"${key}" cannot be read strongly: ${why} within ${timeoutMs} ms; read it as eventual, or try again`,
      {
        cause,
      },
    );
  if (!(await replica.flush(key, timeoutMs))) throw refuse("an unsent write of this node's did not reach the log");
  try {
    await replica.pass(timeoutMs - (replica.elapsed() - began));
  } catch (cause) {
    if (!isCutOff(cause)) throw cause;
    throw refuse(`the log did not answer (${(cause as Error).message})`, cause);
  }
  const version = replica.confirmed(key);
  const entry = version?.entry ?? null;
  return {
    entry: entry === null || isGone(entry, replica.hybrid.nowMs()) ? null : entry,
    seq: version?.seq ?? 0,
    staleMs: replica.staleMs(),
  };
}

export interface Written {
  readonly entry: ClusterEntry;
  /** Undefined: on its way to the log. */
  readonly seq: number | undefined;
}

/**
 * @param value null deletes
 * @throws UnavailableError when nothing was written; UnknownOutcomeError (`strong`)
 */
export async function writeAt(
  replica: Replica,
  key: string,
  value: Uint8Array | null,
  options: WriteOptions & { readonly attempt?: string },
  wishes: Wishes,
): Promise<Written> {
  const { consistency, windowMs, timeoutMs } = wishes;
  if (consistency === "strong") {
    return (await replica.commit(key, value, { ...options, timeoutMs })) as Committed; // null only where something was expected
  }
  if (consistency === "bounded_stale" && !(await replica.untilSent(windowMs, timeoutMs))) {
    throw new UnavailableError(
      `"${key}" was not written: an earlier write of this node's is unsent for ${Math.round(replica.oldestUnsentMs())} ms, longer than ${windowMs} ms; the log does not take it`,
    );
  }
  return { entry: replica.put(key, value, options), seq: undefined };
}

function isCutOff(error: unknown): boolean {
  return error instanceof EngineNotSent || error instanceof EngineUnknown;
}

function told(staleMs: number): string {
  return Number.isFinite(staleMs) ? `last confirmed ${Math.round(staleMs)} ms ago` : "it was never confirmed";
}
