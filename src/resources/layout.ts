/**
 * What a record of a file looks like: named numbers at fixed places, as a C compiler would lay them out (each at a multiple of its own
 * size, in the order given), little-endian. From it comes a class with an accessor a field, so that a field is read where it lies.
 */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";

/** How each type of field is read and written, and how many bytes it takes. */
const TYPES = {
  i8: { bytes: 1, get: "getInt8", set: "setInt8" },
  u8: { bytes: 1, get: "getUint8", set: "setUint8" },
  i16: { bytes: 2, get: "getInt16", set: "setInt16" },
  u16: { bytes: 2, get: "getUint16", set: "setUint16" },
  i32: { bytes: 4, get: "getInt32", set: "setInt32" },
  u32: { bytes: 4, get: "getUint32", set: "setUint32" },
  i64: { bytes: 8, get: "getBigInt64", set: "setBigInt64" },
  u64: { bytes: 8, get: "getBigUint64", set: "setBigUint64" },
  f32: { bytes: 4, get: "getFloat32", set: "setFloat32" },
  f64: { bytes: 8, get: "getFloat64", set: "setFloat64" },
} as const;

/** What a field holds: numbers as the file has them, little-endian. */
export type FieldType = keyof typeof TYPES;
/** A record's fields, by name, in the order in which they lie. */
export type Fields = Readonly<Record<string, FieldType>>;
/** What a field of a type holds: a bigint where a number would not hold all of it. */
export type FieldValue<T extends FieldType> = T extends "i64" | "u64" ? bigint : number;
/** A record by value. */
export type RecordOf<F extends Fields> = { -readonly [Name in keyof F]: FieldValue<F[Name]> };

/** Where a field of a record lies. */
export interface Field {
  /** As the layout has it. */
  readonly name: string;
  /** What it holds. */
  readonly type: FieldType;
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** How long it is. */
  readonly bytes: number;
}

/** Fields of a record at most: a file's header tells of them by a checksum, and a record is read whole. */
const MOST_FIELDS = 256;

/** Names that a record's own accessors would hide, or that would change what a record is. */
const RESERVED = new Set(["__proto__", "constructor", "toJSON", "index"]);

/** Where the fields of a record lie. Made by `layout()`. */
export class Layout<F extends Fields> {
  /** As they were given. */
  readonly types: F;
  /** In the order in which they lie. */
  readonly fields: readonly Field[];
  /** Bytes of a record: a multiple of its largest field, so that the next one lies as well as the first. */
  readonly recordBytes: number;
  /** The largest field's size: where a record may begin. */
  readonly alignment: number;
  /** All of it in words, which is what two programs must agree on: "id:u32@0 score:f64@8 /16". */
  readonly text: string;
  /** @internal Use `layout()`. */
  constructor(types: F, fields: readonly Field[]) {
    this.types = types;
    this.fields = fields;
    this.alignment = Math.max(...fields.map(({ bytes }) => bytes));
    const last = fields[fields.length - 1];
    this.recordBytes = roundUp(last.offset + last.bytes, this.alignment);
    this.text = `${fields.map(({ name, type, offset }) => `${name}:${type}@${offset}`).join(" ")} /${this.recordBytes}`;
  }

  /** @throws InvalidArgumentError when there is none of this name */
  field(name: string): Field {
    const found = this.fields.find((one) => one.name === name);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(
      `no field ${describe(name)}; expected one of ${this.fields.map((one) => one.name).join(", ")}`,
    );
  }
}

/**
 * @param fields names and types in the order in which they lie: `layout({ id: "u32", score: "f64" })`
 * @throws InvalidArgumentError for an unknown type, a name that cannot be one, no fields, or more than 256
 */
export function layout<const F extends Fields>(fields: F): Layout<F> {
  if (fields === null || typeof fields !== "object") {
    throw new InvalidArgumentError(`layout takes an object of fields, not ${describe(fields)}`);
  }
  const entries = Object.entries(fields);
  if (entries.length === 0 || entries.length > MOST_FIELDS) {
    throw new InvalidArgumentError(`a layout has 1 to ${MOST_FIELDS} fields, not ${entries.length}`);
  }
  let end = 0;
  const placed = entries.map(([name, type]): Field => {
    checkName(name);
    if (typeof type !== "string" || !Object.hasOwn(TYPES, type)) {
      throw new InvalidArgumentError(
        `layout: field ${describe(name)} is ${describe(type)}; expected one of ${Object.keys(TYPES).join(", ")}`,
      );
    }
    const { bytes } = TYPES[type];
    const offset = roundUp(end, bytes);
    end = offset + bytes;
    return { name, type, offset, bytes };
  });
  return new Layout(Object.freeze({ ...fields }), placed);
}

/** @internal What writes a value of a field, and what it takes. @throws InvalidArgumentError for a value that the field does not hold */
export function writeField(view: DataView, at: number, { name, type }: Field, value: unknown): void {
  checkValue(name, type, value);
  (view[TYPES[type].set] as (at: number, value: number | bigint, little: boolean) => void).call(
    view,
    at,
    value as number | bigint,
    true,
  );
}

/** @internal */
export function readField(view: DataView, at: number, { type }: Field): number | bigint {
  return (view[TYPES[type].get] as (at: number, little: boolean) => number | bigint).call(view, at, true);
}

const WHOLE: Partial<Record<FieldType, readonly [least: number, most: number]>> = {
  i8: [-(2 ** 7), 2 ** 7 - 1],
  u8: [0, 2 ** 8 - 1],
  i16: [-(2 ** 15), 2 ** 15 - 1],
  u16: [0, 2 ** 16 - 1],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
};
const BIG: Partial<Record<FieldType, readonly [least: bigint, most: bigint]>> = {
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
};

/** A number that does not fit would be cut to its low bits, silently. */
function checkValue(name: string, type: FieldType, value: unknown): void {
  const whole = WHOLE[type];
  if (whole !== undefined) {
    const [least, most] = whole;
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
    throw new InvalidArgumentError(
      `field ${describe(name)} (${type}) takes a whole number from ${least} to ${most}, not ${describe(value)}`,
    );
  }
  const big = BIG[type];
  if (big !== undefined) {
    const [least, most] = big;
    if (typeof value === "bigint" && value >= least && value <= most) return;
    throw new InvalidArgumentError(
      `field ${describe(name)} (${type}) takes a bigint from ${least} to ${most}, not ${describe(value)}`,
    );
  }
  if (typeof value === "number") return;
  throw new InvalidArgumentError(`field ${describe(name)} (${type}) takes a number, not ${describe(value)}`);
}

function checkName(name: string): void {
  if (/^[A-Za-z_$][\w$]*$/.test(name) && !RESERVED.has(name)) return;
  const expected = `letters, digits, _ and $, no digit first, and none of ${[...RESERVED].join(", ")}`;
  throw new InvalidArgumentError(`layout: a field cannot be called ${describe(name)}; expected ${expected}`);
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
