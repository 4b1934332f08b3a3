/**
 * jsonl: an object a line, of which `--columns id=request.uri,time=ts,size=bytes` says by path where each field is; a number in a path is a place in an
 * array. Without it, usual names are looked for in the first objects. Times are numbers, or ISO 8601; operations are names, or HTTP methods.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import type { ColumnField } from "../columns.js";
import type { TraceFormat } from "../format.js";
import { headLines } from "../head.js";
import { fillRequest, unitsOf } from "./fields-of-lines.js";
import { logRequests } from "./log-lines.js";

/** In the order they are looked for. */
const USUAL: Readonly<Record<ColumnField, readonly string[]>> = {
  id: ["key", "id", "request_uri", "uri", "url", "path", "object", "request.uri", "request.url", "req.url"],
  time: ["time", "timestamp", "ts", "@timestamp", "time_iso8601", "msec", "date"],
  size: ["size", "bytes", "body_bytes_sent", "bytes_sent", "value_size", "length", "response.bytes"],
  op: ["op", "operation", "command", "cmd", "method", "request_method", "request.method", "req.method"],
  ttl: ["ttl"],
  count: [],
};
const FIELDS: readonly ColumnField[] = ["id", "time", "size", "op", "ttl"];

export const jsonLines: TraceFormat = {
  name: "jsonl",
  description: "a JSON object a line; --columns id=PATH,time=PATH,… says where its fields are",
  endings: [".jsonl", ".ndjson"],
  looksLike: (head) =>
    objectsIn(head).length > 0 && headLines(head).every((line) => line === "" || line.startsWith("{")),
  read(source, { columns, reading, ...units }) {
    const sample = objectsIn(source.head);
    const paths = new Map<ColumnField, readonly string[]>();
    if (columns === undefined) {
      for (const field of FIELDS) {
        const found = USUAL[field].find((name) =>
          sample.some((object) => valueAt(object, name.split(".")) !== undefined),
        );
        if (found !== undefined) paths.set(field, found.split("."));
      }
      if (!paths.has("id")) {
        throw new InvalidArgumentError(
          `${source.path}: none of ${USUAL.id.join(", ")} is in its objects; expected --columns id=PATH, such as id=request.uri,time=ts`,
        );
      }
    } else {
      if (columns.fields.has("count") || columns.header !== undefined || columns.delimiter !== undefined) {
        throw new InvalidArgumentError(
          `${source.path}: --columns count=, header= and delimiter= go with csv, and this is read as jsonl`,
        );
      }
      for (const [field, path] of columns.fields) paths.set(field, String(path).split("."));
    }
    const pathOf = (field: ColumnField) => paths.get(field) ?? [];
    const has = (field: ColumnField) => paths.has(field);
    const told = [...paths].map(([field, path]) => `${field === "id" ? "key" : field} from "${path.join(".")}"`);
    reading.columns = `${told.join(", ")} (${columns === undefined ? "by the usual names" : "as --columns says"})`;
    reading.unknownSizes = has("size");
    const judged = unitsOf(
      sample.map((object) => valueAt(object, pathOf("time"))),
      units,
      reading,
    );
    return logRequests(
      source,
      { time: has("time"), size: has("size"), op: has("op"), ttl: has("ttl") },
      (line, request, put) => {
        const object = parsed(line);
        if (object === undefined) return "no JSON object";
        const wrong = fillRequest(request, (field) => valueAt(object, pathOf(field)), has, judged);
        if (wrong === null) put();
        return wrong;
      },
      { reading, expected: `objects with a key at ${pathOf("id").join(".")}` },
    );
  },
};

function objectsIn(head: Buffer): object[] {
  return headLines(head).flatMap((line) => parsed(line) ?? []);
}

function parsed(line: string): object | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Own properties alone: a path is what the user says, and no way to what every object has. */
function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return path.length === 0 ? undefined : value;
}
