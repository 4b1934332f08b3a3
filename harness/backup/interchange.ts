/**
 * The entries of a store in two open formats, for people who leave and people who come. Both are a head, then one record an
 * entry: JSON Lines, or MessagePack objects one after another.
 *
 *   head    {"engram": "entries", "version": 1, "takenAt": "2026-…", "namespaces": [{"name", "encoding", "maxEntries", "maxBytes"}]}
 *   entry   {"namespace", "key", "value", "expiresAt"?}    expiresAt in Unix ms
 *
 * In JSON Lines what has no JSON form is base64: `keyBase64` for a key that is not UTF-8, `valueBase64` for bytes, and for
 * a MessagePack value that JSON would change. In MessagePack such keys and values are binary.
 */
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { schemaFault } from "../../reports/schema-faults.js";
import type { BackedUpEntry, BackedUpNamespace, SnapshotEntries } from "../../src/backup/index.js";
import { InvalidArgumentError } from "../../src/store/errors.js";
import { type EncodingName, json, msgpack, readMsgpack, readMsgpackAll, type Store } from "../../src/store/index.js";

export type InterchangeFormat = "jsonl" | "msgpack";

const NAMESPACE = z.object({
  name: z.string().min(1),
  encoding: z.enum(["binary", "string", "json", "msgpack"]),
  maxEntries: z.number().int().min(0).optional(),
  maxBytes: z.number().int().min(0).optional(),
});
const HEAD = z.object({
  engram: z.literal("entries"),
  version: z.literal(1),
  takenAt: z.string().optional(),
  namespaces: z.array(NAMESPACE),
});
const ENTRY = z.object({
  namespace: z.string().min(1),
  key: z.unknown().optional(),
  keyBase64: z.base64().optional(),
  value: z.unknown().optional(),
  valueBase64: z.base64().optional(),
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

/** The file's pieces: head, then entries that have not expired. Counts them in `counts`. */
export function* write(
  snapshot: SnapshotEntries,
  takenMs: number,
  format: InterchangeFormat,
  counts: Counts,
): IterableIterator<Uint8Array> {
  const encode = format === "jsonl" ? toLine : (record: object) => Uint8Array.from(msgpack(record));
  const namespaces = [...snapshot.namespaces.values()].map(({ name, encoding, maxEntries, maxBytes }) => {
    return { name, encoding, maxEntries, maxBytes };
  });
  yield encode({ engram: "entries", version: 1, takenAt: new Date(takenMs).toISOString(), namespaces });
  const now = Date.now();
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
  return {
    namespace: name,
    ...(isUtf8(key) ? { key: Buffer.from(key).toString("utf8") } : { keyBase64: Buffer.from(key).toString("base64") }),
    ...jsonValue(value, encoding),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function jsonValue(value: Uint8Array, encoding: EncodingName): object {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const raw = () => ({ valueBase64: bytes.toString("base64") });
  switch (encoding) {
    case "binary":
      return raw();
    case "string":
      return isUtf8(bytes) ? { value: bytes.toString("utf8") } : raw();
    case "json":
      return { value: JSON.parse(bytes.toString("utf8")) };
    case "msgpack": {
      const decoded = readMsgpack(bytes);
      return survivesJson(decoded) ? { value: decoded } : raw();
    }
  }
}

/** Whether a MessagePack value comes back from JSON as it is: the json codec refuses it otherwise. */
function survivesJson(value: unknown): boolean {
  try {
    json(value);
    return true;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return false;
    throw error;
  }
}

function packedRecord({ key, value, expiresAt }: BackedUpEntry, { name, encoding }: BackedUpNamespace): object {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const decoded = {
    binary: () => bytes,
    string: () => (isUtf8(bytes) ? bytes.toString("utf8") : bytes),
    json: () => JSON.parse(bytes.toString("utf8")),
    msgpack: () => readMsgpack(bytes),
  }[encoding]();
  return {
    namespace: name,
    key: isUtf8(key) ? Buffer.from(key).toString("utf8") : Buffer.from(key),
    value: decoded,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
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
    const text = bytes.toString("utf8", at, end).trim();
    at = end + 1;
    if (text === "") continue;
    const where = `${file}: line ${line}`;
    try {
      yield { record: JSON.parse(text), where };
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw error;
      throw new InvalidArgumentError(`${where}: is no JSON: ${(error as Error).message}`, { cause: error });
    }
  }
}

function* parsePacked(file: string, bytes: Buffer): IterableIterator<Located> {
  const records: Located[] = [];
  try {
    for (const { value: record, start } of readMsgpackAll(bytes))
      records.push({ record, where: `${file}: byte ${start}` });
  } catch (error) {
    throw new InvalidArgumentError(
      `${file}: after ${records.length} objects: is no MessagePack: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  yield* records;
}

/** Writes what `parse` found into a store. Returns how many entries, and how many had expired. */
export function load(store: Store, records: IterableIterator<Located>): Counts {
  const first = records.next();
  if (first.done) throw new InvalidArgumentError("the file is empty; expected a head and entries");
  const head = check(HEAD, first.value, "a head");
  const names = new Map(
    head.namespaces.map(
      ({ name, encoding }) => [name, { encoding, space: store.namespace(name, { encoding }) }] as const,
    ),
  );
  const counts = { entries: 0, expired: 0 };
  const now = Date.now();
  for (const located of { [Symbol.iterator]: () => records }) {
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
    const options = entry.expiresAt === undefined ? undefined : { ttl: entry.expiresAt - now };
    try {
      found.space.set(keyOf(entry), decodedValue(entry, found.encoding) as never, options);
    } catch (error) {
      throw new InvalidArgumentError(`${located.where}: ${(error as Error).message}`, { cause: error });
    }
    counts.entries++;
  }
  for (const { name, maxEntries = 0, maxBytes = 0 } of head.namespaces) {
    if (maxEntries > 0 || maxBytes > 0) names.get(name)?.space.limit({ maxEntries, maxBytes });
  }
  return counts;
}

function check<T>(schema: z.ZodType<T>, { record, where }: Located, what: string): T {
  const result = schema.safeParse(record);
  if (result.success) return result.data;
  throw new InvalidArgumentError(schemaFault(`${where}: is not ${what}`, null, record, result.error));
}

function keyOf({ key, keyBase64 }: Entry): string | Uint8Array {
  if (keyBase64 !== undefined) return Buffer.from(keyBase64, "base64");
  if (typeof key === "string" || key instanceof Uint8Array) return key;
  throw new InvalidArgumentError("it has no key; expected key or keyBase64");
}

function decodedValue(entry: Entry, encoding: EncodingName): unknown {
  if (entry.valueBase64 === undefined) {
    if (!("value" in entry)) throw new InvalidArgumentError("it has no value; expected value or valueBase64");
    return entry.value;
  }
  const bytes = Buffer.from(entry.valueBase64, "base64");
  if (encoding === "binary") return bytes;
  if (encoding === "msgpack") return readMsgpack(bytes);
  throw new InvalidArgumentError(`valueBase64 in a ${encoding} namespace; expected value`);
}
