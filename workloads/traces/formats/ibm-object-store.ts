/**
 * ibm-cos: requests of IBM's Cloud Object Storage (SNIA IOTTA 36305; Eytan, Harnik, Ofer, Friedman, Kat: "It's time to revisit LRU vs. FIFO", HotStorage
 * 2020), fields between blanks:
 *
 *   1219008 REST.PUT.OBJECT 8d4fcda3d675bac9 1056
 *   1232488 REST.GET.OBJECT 95d363d3fbdc0b03 1168 0 1167
 *
 * that is ms since the beginning, the request, the object, and, where they are known, its size in bytes and the first and last byte of what was
 * read. A read of a part is one of its object, of the object's size. HEAD reads nothing of an object, and neither hits nor misses.
 */
import { OP_DELETE, OP_GET, OP_OTHER, OP_SET } from "../../operations.js";
import { parseWhole } from "../decimal.js";
import type { TraceFormat } from "../format.js";
import type { LogRequest } from "./log-lines.js";
import { allRequests, type Fault, type LineFormat, strictRequests } from "./strict-lines.js";

const OPERATIONS: ReadonlyMap<string, number> = new Map([
  ["REST.GET.OBJECT", OP_GET],
  ["REST.PUT.OBJECT", OP_SET],
  ["REST.DELETE.OBJECT", OP_DELETE],
  ["REST.HEAD.OBJECT", OP_OTHER],
  ["REST.COPY.OBJECT", OP_OTHER],
]);
const OBJECT = /^[0-9a-f]{1,16}$/i;
/** An object of no bytes is read from 0 to -1. */
const BYTE = /^(?:-1|\d{1,16})$/;

function read(fields: readonly string[], request: LogRequest): Fault | null {
  const [time, operation, object, size, first, last] = fields;
  if (fields.length < 3 || fields.length === 5 || fields.length > 6) {
    return { column: 0, expected: "time, request, object, and perhaps size, first byte, last byte, between blanks" };
  }
  const ms = parseWhole(time);
  if (ms < 0) return { column: 1, expected: "milliseconds, a whole number" };
  const op = OPERATIONS.get(operation);
  if (op === undefined) return { column: 2, expected: `one of ${[...OPERATIONS.keys()].join(", ")}` };
  if (!OBJECT.test(object)) return { column: 3, expected: "an object's id, up to 16 hexadecimal digits" };
  const bytes = size === undefined ? 0 : parseWhole(size);
  if (bytes < 0) return { column: 4, expected: "the object's size in bytes, a whole number from 0 to 2^53 - 1" };
  if (first !== undefined && !BYTE.test(first)) return { column: 5, expected: "the first byte that was read" };
  if (last !== undefined && !BYTE.test(last)) return { column: 6, expected: "the last byte that was read" };
  request.key = object;
  request.time = ms / 1000;
  request.op = op;
  request.size = bytes;
  return null;
}

const FORMAT: LineFormat = {
  split: (line) => line.split(/[ \t]+/),
  header: null,
  read,
  columns: { time: true, size: true, op: true },
};

export const ibmObjectStore: TraceFormat = {
  name: "ibm-cos",
  description: "requests of IBM's Cloud Object Storage",
  endings: [],
  looksLike: (head) => allRequests(head, FORMAT),
  read(source, { reading }) {
    reading.columns = "key from the object, size from the object's";
    reading.unknownSizes = true;
    return strictRequests(source, FORMAT);
  },
};
