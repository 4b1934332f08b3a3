/**
 * What coordinator and workers say to each other, and how it is read. Whoever may publish on the servers may publish anything: a message is
 * what its schema says, with nothing beside, or it is refused by name. What could be wrong with a shape that is right (a job that nobody
 * ordered, more hits than requests) is asked by whoever reads it.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { InvalidArgumentError } from "../../../src/errors.js";
import { candidates, type PolicyName, policyNames } from "../../../src/eviction/index.js";

/** Of the messages and of a trace's bytes: what of another format is refused by name. Changed with every change of their meaning. */
export const FORMAT = 1;

/** Results above this are compressed: ten thousand windows are half a megabyte of digits. */
const COMPRESSED_FROM = 1 << 17;
/** Nobody's result is as large; what unpacks to more is no result. */
const MOST_UNPACKED = 1 << 24;
const MOST_WINDOWS = 10_000;
const MOST_DECISIONS = 10_000;
const LONGEST_REASON = 2000;

/** A message that is not what it should be. */
export class InvalidMessageError extends InvalidArgumentError {}

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const format = z.literal(FORMAT);
/** A sweep's name: what its stream and its bucket are called by. */
const sweepId = z.string().regex(/^[0-9a-f]{16}$/);
/** A job of a sweep: the turn in which it was ordered, and its place there. */
const jobId = z.string().regex(/^\d{1,9}-\d{1,9}$/);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const workerName = z.string().regex(/^[\w.:-]{1,64}$/);
const version = z.string().min(1).max(64);
const policy = z.enum(policyNames as readonly [PolicyName, ...PolicyName[]]);
const text = z.string().max(LONGEST_REASON);

/** Of any format: enough to say which one it is, and whose. */
const envelope = z.object({ format: z.number().int(), sweep: sweepId, version });

/** From a coordinator, again and again: there is a sweep, and whoever is of the same version may take its jobs. */
const call = z.strictObject({
  format,
  sweep: sweepId,
  version,
  /** Of the code that decides what a simulation comes to. */
  code: digest,
  /** Who is asked for: the coordinator's host and process. */
  from: text,
  /** A job of whose worker nothing is heard for so long is given to another, ms. */
  patienceMs: count.min(1),
  /** Nothing more is to be done. */
  over: z.boolean(),
});

/** From a worker to a sweep, again and again: who it is, and what it does for it. */
const hello = z.strictObject({
  format,
  worker: workerName,
  threads: count.min(1),
  jobs: z.array(z.strictObject({ job: jobId, replayed: count })).max(4096),
  /** Why it takes no job of this sweep. */
  refuses: text.optional(),
  leaving: z.boolean(),
});

const job = z.strictObject({
  format,
  job: jobId,
  trace: z.strictObject({ digest, bytes: count.min(1) }),
  policy,
  capacity: count.min(1),
  by: z.enum(["objects", "bytes"]),
  seed: count,
  windows: count.max(MOST_WINDOWS),
});

const decision = z.strictObject({
  request: count,
  from: z.enum(candidates),
  to: z.enum(candidates),
  gain: z.number(),
  reason: z.enum(["better", "rolled back"]),
});

const outcome = z.strictObject({
  hits: count,
  misses: count,
  missedBytes: z.number().min(0).nullable(),
  evictions: count,
  milliseconds: z.number().min(0),
  windows: z
    .array(z.strictObject({ hits: count, lookups: count }))
    .max(MOST_WINDOWS)
    .readonly()
    .optional(),
  decisions: z.array(decision).max(MOST_DECISIONS).readonly().optional(),
});

/** A job's end: what it came to, or why it cannot be done. */
const result = z.strictObject({
  format,
  job: jobId,
  worker: workerName,
  /** How often the job had been given out by then, this time included. */
  delivery: count.min(1),
  outcome: outcome.optional(),
  failure: text.optional(),
});

export type Call = z.infer<typeof call>;
export type Hello = z.infer<typeof hello>;
export type Job = z.infer<typeof job>;
export type Result = z.infer<typeof result>;
export type Envelope = z.infer<typeof envelope>;

/** What says of itself that it is a call, of whatever format. @throws InvalidMessageError */
export const readEnvelope = (bytes: Uint8Array): Envelope => read("a call", envelope, bytes);
/** @throws InvalidMessageError */
export const readCall = (bytes: Uint8Array): Call => read("a call", call, bytes);
/** @throws InvalidMessageError */
export const readHello = (bytes: Uint8Array): Hello => read("a worker's message", hello, bytes);
/** @throws InvalidMessageError */
export const readJob = (bytes: Uint8Array): Job => read("a job", job, bytes);

/** @throws InvalidMessageError */
export function readResult(bytes: Uint8Array): Result {
  const told = read("a result", result, bytes);
  if ((told.outcome === undefined) === (told.failure === undefined)) {
    throw new InvalidMessageError("a result: expected an outcome or a failure, one of the two");
  }
  return told;
}

export function write(message: Call | Hello | Job | Result): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(message));
  return bytes.length < COMPRESSED_FROM ? bytes : gzipSync(bytes);
}

function read<T>(what: string, schema: z.ZodType<T>, bytes: Uint8Array): T {
  const { success, data, error } = schema.safeParse(parse(what, bytes));
  if (success) return data;
  const [{ path, message }] = error.issues;
  throw new InvalidMessageError(`${what}: ${path.length === 0 ? "" : `${path.join(".")}: `}${message}`);
}

function parse(what: string, bytes: Uint8Array): unknown {
  try {
    const plain = bytes[0] === 0x1f ? gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED }) : bytes;
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain));
  } catch (cause) {
    throw new InvalidMessageError(`${what}: no JSON in ${bytes.length} bytes`, { cause });
  }
}
