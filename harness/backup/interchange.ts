/**
 * The entries of a store in two open formats, for people who leave and people who come. Both are a head, then one record an
 * entry: JSON Lines, or MessagePack objects one after another.
 *
 *   head    {"engram": "entries", "version": 1, "takenAt": "2026-…",
 *            "namespaces": [{"name", "encoding", "whenFull", "maxEntries", "maxBytes"}],
 *            "grants": [{"agent", "namespace", "permissions"}],
 *            "kept": [{"key", "valueBase64"}]?}               configuration and shared data, as the store has them
 *   entry   {"namespace", "key", "value", "expiresAt"?}    expiresAt in Unix ms
 *
 * Exports of earlier versions have no `whenFull`, no `grants` and no `kept`.
 *
 * A value that its form would change is written as the bytes that the store has, which come back as they are, whatever the
 * encoding: in JSON Lines as `valueBase64` (all of a binary namespace, and MessagePack that JSON would change), in MessagePack as
 * `valueBytes`. A key that is not UTF-8 is `keyBase64`, or binary.
 */
import { constants, isUtf8 } from "node:buffer";
import { z } from "zod";
import { schemaFault } from "../../reports/schema-faults.js";
import type { BackedUpEntry, BackedUpNamespace, SnapshotEntries } from "../../src/backup/index.js";
import { InvalidArgumentError } from "../../src/errors.js";
import {
  type EncodingName,
  grantSpent,
  isKeptKey,
  json,
  loaderOf,
  MAX_TTL_MS,
  msgpack,
  type Namespace,
  PERMISSION_BITS,
  type Permission,
  readMsgpack,
  readMsgpackAll,
  type Store,
} from "../../src/store/index.js";

export type InterchangeFormat = "jsonl" | "msgpack";

const NAMESPACE = z.object({
  name: z.string().min(1),
  encoding: z.enum(["binary", "string", "json", "msgpack"]),
  whenFull: z.enum(["refuse", "evict"]).optional(),
  maxEntries: z.number().int().min(0).optional(),
  maxBytes: z.number().int().min(0).optional(),
});
const GRANT = z.object({
  agent: z.string().min(1),
  namespace: z.string().min(1),
  permissions: z.array(z.enum(Object.keys(PERMISSION_BITS) as [Permission, ...Permission[]])),
  spent: z.literal(true).optional(),
});
const KEPT = z.object({
  key: z.string().refine((key) => isKeptKey(Buffer.from(key)), "expected config:…, shared:… or guarded:…"),
  valueBase64: z.base64(),
});
const HEAD = z.object({
  engram: z.literal("entries"),
  version: z.literal(1),
  takenAt: z.string().optional(),
  namespaces: z.array(NAMESPACE),
  grants: z.array(GRANT).optional(),
  kept: z.array(KEPT).optional(),
});
const ENTRY = z.object({
  namespace: z.string().min(1),
  key: z.unknown().optional(),
  keyBase64: z.base64().optional(),
  value: z.unknown().optional(),
  valueBase64: z.base64().optional(),
  valueBytes: z.instanceof(Uint8Array).optional(),
  expiresAt: z.number().positive().optional(),
});

type Entry = z.infer<typeof ENTRY>;

/** The format a file name asks for; null when it is neither's. */
export function formatOf(path: string): InterchangeFormat | null {
  if (/\.(jsonl|ndjson)$/i.test(path)) return "jsonl";
  return /\.(msgpack|mpk)$/i.test(path) ? "msgpack" : null;
}

// ------------------------------------------------------------------ out

export interface Counts {
  entries: number;
  expired: number;
}

/** The file's pieces: head, then entries that have not expired by `now`, Unix ms. Counts them in `counts`. */
export function* write(
  snapshot: SnapshotEntries,
  takenMs: number,
  format: InterchangeFormat,
  now: number,
  counts: Counts,
): IterableIterator<Uint8Array> {
  const encode = format === "jsonl" ? toLine : (record: object) => Uint8Array.from(msgpack(record));
  const namespaces = [...snapshot.namespaces.values()].map(({ name, encoding, whenFull, maxEntries, maxBytes }) => {
    return { name, encoding, whenFull, maxEntries, maxBytes };
  });
  const { grants } = snapshot;
  const kept = snapshot.kept.map(({ key, value }) => {
    return { key: Buffer.from(key).toString("utf8"), valueBase64: Buffer.from(value).toString("base64") };
  });
  const head = { engram: "entries", version: 1, takenAt: new Date(takenMs).toISOString(), namespaces, grants };
  yield encode(kept.length === 0 ? head : { ...head, kept });
  for (const entry of snapshot) {
    if (entry.expiresAt !== undefined && entry.expiresAt <= now) {
      counts.expired++;
      continue;
    }
    counts.entries++;
    const namespace = snapshot.namespaces.get(entry.namespaceId) as BackedUpNamespace;
    yield encode(format === "jsonl" ? jsonRecord(entry, namespace) : packedRecord(entry, namespace));
  }
}

function toLine(record: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

function jsonRecord({ key, value, expiresAt }: BackedUpEntry, { name, encoding }: BackedUpNamespace): object {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const decoded = encoding === "binary" ? undefined : decodedExactly(bytes, encoding);
  const inJson = decoded !== undefined && (encoding !== "msgpack" || survivesJson(decoded.value, bytes));
  return {
    namespace: name,
    ...(isUtf8(key) ? { key: Buffer.from(key).toString("utf8") } : { keyBase64: Buffer.from(key).toString("base64") }),
    ...(inJson ? decoded : { valueBase64: bytes.toString("base64") }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function packedRecord({ key, value, expiresAt }: BackedUpEntry, { name, encoding }: BackedUpNamespace): object {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  return {
    namespace: name,
    key: isUtf8(key) ? Buffer.from(key).toString("utf8") : Buffer.from(key),
    ...(decodedExactly(bytes, encoding) ?? { valueBytes: bytes }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** The value that the bytes stand for; undefined when it would be written as other bytes, or they stand for none. */
function decodedExactly(bytes: Buffer, encoding: EncodingName): { value: unknown } | undefined {
  try {
    const value = decode(bytes, encoding);
    return bytes.equals(encode(value, encoding)) ? { value } : undefined;
  } catch {
    return undefined;
  }
}

function decode(bytes: Buffer, encoding: EncodingName): unknown {
  switch (encoding) {
    case "binary":
      return bytes;
    case "string":
      return bytes.toString("utf8");
    case "json":
      return JSON.parse(bytes.toString("utf8"));
    case "msgpack":
      return readMsgpack(bytes);
  }
}

function encode(value: unknown, encoding: EncodingName): Uint8Array {
  switch (encoding) {
    case "binary":
      return value as Uint8Array;
    case "string":
      return Buffer.from(value as string);
    case "json":
      return json(value);
    case "msgpack":
      return Uint8Array.from(msgpack(value));
  }
}

/** Whether a MessagePack value comes back from JSON as it is: the json codec refuses it otherwise. */
function survivesJson(value: unknown, bytes: Buffer): boolean {
  try {
    return bytes.equals(msgpack(JSON.parse(Buffer.from(json(value)).toString("utf8"))));
  } catch (error) {
    if (error instanceof InvalidArgumentError) return false;
    throw error;
  }
}

// ------------------------------------------------------------------ in

/** A record and where in its file it begins, as a message says it. */
export interface Located {
  readonly record: unknown;
  readonly where: string;
}

/** Lines of a text, or objects of a MessagePack file. @throws InvalidArgumentError naming file and line or byte */
export function* parse(file: string, bytes: Buffer, format: InterchangeFormat): IterableIterator<Located> {
  if (format === "jsonl") yield* parseLines(file, bytes);
  else yield* parsePacked(file, bytes);
}

function* parseLines(file: string, bytes: Buffer): IterableIterator<Located> {
  let line = 1;
  for (let at = 0; at < bytes.length; line++) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    const where = `${file}: line ${line}`;
    if (end - at > constants.MAX_STRING_LENGTH) {
      throw new InvalidArgumentError(`${where}: has ${end - at} bytes; expected a record`);
    }
    const text = bytes.toString("utf8", at, end).trim();
    at = end + 1;
    if (text === "") continue;
    try {
      yield { record: JSON.parse(text), where };
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw error;
      throw new InvalidArgumentError(`${where}: is no JSON: ${(error as Error).message}`, { cause: error });
    }
  }
}

function* parsePacked(file: string, bytes: Buffer): IterableIterator<Located> {
  const objects = readMsgpackAll(bytes);
  for (let read = 0; ; read++) {
    let next: ReturnType<typeof objects.next>;
    try {
      next = objects.next();
    } catch (error) {
      throw new InvalidArgumentError(`${file}: after ${read} objects: is no MessagePack: ${(error as Error).message}`, {
        cause: error,
      });
    }
    if (next.done) return;
    yield { record: next.value.value, where: `${file}: byte ${next.value.start}` };
  }
}

/** Writes what `parse` found into a store. Returns how many entries, and how many had expired. */
export function load(store: Store, records: IterableIterator<Located>): Counts {
  const first = records.next();
  if (first.done) throw new InvalidArgumentError("the file is empty; expected a head and entries");
  const head = check(HEAD, first.value, "a head");
  const names = new Map<string, { encoding: EncodingName; space: Namespace }>();
  atHead(first.value, () => {
    for (const { name, encoding, whenFull } of head.namespaces) {
      names.set(name, { encoding, space: store.namespace(name, { encoding, whenFull }) as Namespace });
    }
    for (const { agent, namespace, permissions, spent } of head.grants ?? []) {
      if (spent) grantSpent(store, agent, namespace, permissions);
      else store.grant(agent, namespace, permissions);
    }
    for (const { key, valueBase64 } of head.kept ?? []) {
      loaderOf(store).keep(Buffer.from(key), Buffer.from(valueBase64, "base64"));
    }
  });
  const counts = { entries: 0, expired: 0 };
  for (const located of { [Symbol.iterator]: () => records }) {
    const now = Date.now(); // each at its time: to load many takes a while
    const entry = check(ENTRY, located, "an entry");
    const found = names.get(entry.namespace);
    if (found === undefined) {
      throw new InvalidArgumentError(
        `${located.where}: namespace ${JSON.stringify(entry.namespace)} is not in the head`,
      );
    }
    if (entry.expiresAt !== undefined && entry.expiresAt <= now) {
      counts.expired++;
      continue;
    }
    const ttl = entry.expiresAt === undefined ? undefined : ttlUntil(entry.expiresAt, now);
    try {
      const bytes = storedBytes(entry, found.encoding);
      if (bytes !== undefined) found.space.setEncoded(keyOf(entry), bytes, ttl);
      else found.space.set(keyOf(entry), plainValue(entry) as never, ttl === undefined ? undefined : { ttl });
    } catch (error) {
      throw new InvalidArgumentError(`${located.where}: ${(error as Error).message}`, { cause: error });
    }
    counts.entries++;
  }
  atHead(first.value, () => {
    for (const { name, maxEntries = 0, maxBytes = 0 } of head.namespaces) {
      if (maxEntries > 0 || maxBytes > 0) names.get(name)?.space.limit({ maxEntries, maxBytes });
    }
  });
  return counts;
}

/** What a store does not take of a head is named with its place. */
function atHead({ where }: Located, make: () => void): void {
  try {
    make();
  } catch (error) {
    throw new InvalidArgumentError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

/** An expiry is rounded up to a tick of 10 ms, twice on its way here, so the longest ttl may come back as a little more than is accepted. */
const ROUNDING_MS = 20;

function ttlUntil(expiresAt: number, now: number): number {
  const ttl = expiresAt - now;
  return ttl > MAX_TTL_MS && ttl <= MAX_TTL_MS + ROUNDING_MS ? MAX_TTL_MS : ttl;
}

function check<T>(schema: z.ZodType<T>, { record, where }: Located, what: string): T {
  const result = schema.safeParse(record);
  if (result.success) return result.data;
  throw new InvalidArgumentError(schemaFault(`${where}: is not ${what}`, null, record, result.error));
}

function keyOf({ key, keyBase64 }: Entry): Uint8Array {
  if (keyBase64 !== undefined) return Buffer.from(keyBase64, "base64");
  if (typeof key === "string") return Buffer.from(key);
  if (key instanceof Uint8Array) return key;
  throw new InvalidArgumentError("it has no key; expected key or keyBase64");
}

/** The bytes that the store had, if the record gives them. */
function storedBytes(entry: Entry, encoding: EncodingName): Uint8Array | undefined {
  if (entry.valueBase64 !== undefined) return Buffer.from(entry.valueBase64, "base64");
  if (entry.valueBytes !== undefined) return entry.valueBytes;
  // as earlier exports have text that is not UTF-8
  return encoding === "string" && entry.value instanceof Uint8Array ? entry.value : undefined;
}

function plainValue(entry: Entry): unknown {
  if ("value" in entry) return entry.value;
  throw new InvalidArgumentError("it has no value; expected value, valueBase64 or valueBytes");
}
