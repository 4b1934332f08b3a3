/** The operations of a csv: names of our own, of memcached, CacheLib and block traces, or SCSI operation codes. */
import { InvalidArgumentError } from "../../../src/errors.js";
import { OP_DELETE, OP_GET, OP_INCREMENT, OP_OTHER, OP_SET, OPERATION_NAMES } from "../../operations.js";
import { shown } from "../lines.js";
import { scsiOperation } from "./scsi.js";

/** In lower case, letters alone: GET_LEASE and getLease are one. Get-and-touch reads; touch alone neither reads nor writes. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ...OPERATION_NAMES.map((name, code): [string, number] => [name.toLowerCase(), code]),
  ...each(OP_GET, "gets mget getlease leaseget gat gats read r lookup find gettemp getperm getnotinitialized"),
  ...each(
    OP_SET,
    "setlease leaseset put write w add replace update cas append prepend store puttemp putperm putnotinitialized",
  ),
  ...each(OP_DELETE, "del remove rm invalidate unlink"),
  ...each(OP_INCREMENT, "incr decr decrement"),
  ...each(OP_OTHER, "touch nop noop unknown unknowntemp exists flush flushall"),
]);

function each(code: number, names: string): [string, number][] {
  return names.split(" ").map((name) => [name, code]);
}

/** The code of an operation's text; undefined: none is known. */
export function namedOperation(text: string): number | undefined {
  const name = text.trim().toLowerCase();
  return NAMES.get(name) ?? (/^[a-z][a-z_ -]*$/.test(name) ? NAMES.get(name.replace(/[^a-z]/g, "")) : undefined);
}

export interface OperationReader {
  /** What the operations are, for people. */
  readonly what: string;
  /** @throws InvalidArgumentError for an operation that is not known */
  read(text: string, where: string): number;
}

/** Whether a text names an operation. */
export function namesOperation(text: string): boolean {
  return namedOperation(text) !== undefined;
}

/** Judges by the operations of the first lines: names, or SCSI codes in hexadecimal (2a, 0x2a) or decimal (42). */
export function operationReader(sample: readonly string[]): OperationReader {
  const codes = sample.map((text) => text.trim().toLowerCase()).filter((text) => text !== "");
  const radix = codes.some(namesOperation) ? null : scsiRadix(codes);
  if (radix === null) return { what: "operations by name", read: readNamed };
  return {
    what: `operations as SCSI codes in ${radix === 16 ? "hexadecimal" : "decimal"}`,
    read(text, where) {
      const code = scsiCode(text.trim().toLowerCase(), radix);
      if (code !== null) return scsiOperation(code);
      throw new InvalidArgumentError(
        `${where}: operation is ${shown(text)}; expected a SCSI operation code of a byte in base ${radix}, as in the lines before`,
      );
    },
  };
}

function readNamed(text: string, where: string): number {
  const code = namedOperation(text);
  if (code !== undefined) return code;
  throw new InvalidArgumentError(
    `${where}: operation is ${shown(text)}; expected a name (${[...NAMES.keys()].join(", ")}) or a SCSI operation code (28, 2a; 40, 42)`,
  );
}

/** Read and write in hexadecimal, and in decimal, as far as digits alone tell them apart. */
const HEX_ALONE = new Set(["28", "88", "08"]);
const DECIMAL_ALONE = new Set(["40", "42", "136", "138", "168", "170"]);

function scsiRadix(codes: readonly string[]): 10 | 16 | null {
  if (codes.length === 0 || !codes.every((code) => /^(0x)?[0-9a-f]{1,3}$/.test(code))) return null;
  if (codes.some((code) => /[a-fx]/.test(code)) || codes.some((code) => HEX_ALONE.has(code))) return 16;
  return codes.some((code) => DECIMAL_ALONE.has(code)) ? 10 : null;
}

function scsiCode(text: string, radix: 10 | 16): number | null {
  const digits = radix === 16 ? text.replace(/^0x/, "") : text;
  if (!(radix === 16 ? /^[0-9a-f]{1,2}$/ : /^[0-9]{1,3}$/).test(digits)) return null;
  const code = Number.parseInt(digits, radix);
  return code <= 0xff ? code : null;
}
