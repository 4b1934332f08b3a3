/**
 * What a value is that json or msgpack cannot simply write, by its name, and the error that refuses it: which path inside the value, what is
 * there. Nothing here trusts what an object says of itself: built-ins are known by the brand that the engine gave them and by
 * their prototype, so that a subclass or an impostor is never written as something it is not.
 */
import { types } from "node:util";
import { classOf, describe } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";

/** Levels of nesting at most: what the stack of any thread can write and read. */
export const NESTING_MAX = 1000;

/** Thrown where the fault is seen; `refusal` makes an error with the path of it. */
export class Refused {
  constructor(
    readonly what: string,
    readonly remedy: string,
  ) {}
}

/** Thrown at the depth that is not written any more; `tooDeep` says what is there. */
export const DEEP = new Refused("nested too deep", "");

/**
 * @param path keys and indices from the outermost value to the fault
 * @param form "JSON", "MessagePack"
 */
export function refusal(
  { what, remedy }: Refused,
  path: readonly (string | number)[],
  form: string,
): InvalidArgumentError {
  const where = path.length === 0 ? "the value" : `the value's ${pathText(path)}`;
  return new InvalidArgumentError(
    `${where} is ${what}, which has no ${form} form${remedy === "" ? "" : `; ${remedy}`}`,
  );
}

/** Parts of a path that a message shows. */
const SHOWN_PARTS = 12;

function pathText(path: readonly (string | number)[]): string {
  const text = path.slice(0, SHOWN_PARTS).map((part) => {
    if (typeof part === "number") return `[${part}]`;
    return /^[A-Za-z_$][\w$]*$/.test(part) && part.length < 60 ? `.${part}` : `[${describe(part)}]`;
  });
  return text.join("") + (path.length > SHOWN_PARTS ? ` … (${path.length} levels deep)` : "");
}

/** A typed array's own name ("Float32Array"), undefined for what is none: the brand, which no property can fake. */
export const typedArrayName = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get as () => string,
) as (value: unknown) => string | undefined;

/** An object that is no plain one, as a refusal names it. */
export function nameOf(value: object): string {
  const name = classOf(value);
  const built = typedArrayName(value) ?? BRANDS.find(([, has]) => has(value))?.[0];
  if (built !== undefined) return name === built || name === undefined ? built : `${built} of class ${name}`;
  if (name === undefined) return "an object of no class";
  return name === "Object" ? "an object of another realm" : `an instance of ${name}`;
}

const BRANDS: readonly [string, (value: unknown) => boolean][] = [
  ["Array", Array.isArray],
  ["Date", types.isDate],
  ["Map", types.isMap],
  ["Set", types.isSet],
  ["RegExp", types.isRegExp],
  ["Error", types.isNativeError],
  ["Promise", types.isPromise],
  ["SharedArrayBuffer", types.isSharedArrayBuffer],
  ["ArrayBuffer", types.isArrayBuffer],
  ["DataView", types.isDataView],
  ["WeakMap", types.isWeakMap],
  ["WeakSet", types.isWeakSet],
  ["boxed primitive", types.isBoxedPrimitive],
];

/** Whether an object is data by itself but has symbols for keys, or is one of the language's own objects: then what it is. */
export function oddPlainObject(value: object, symbols: readonly symbol[]): string | null {
  if (types.isArgumentsObject(value)) return "an arguments object";
  for (const symbol of symbols) {
    if (symbol === Symbol.toStringTag) return "an object with a toStringTag of its own";
    if (Object.prototype.propertyIsEnumerable.call(value, symbol)) {
      return `an object with a symbol for a key (${symbol.description ?? "no description"})`;
    }
  }
  return null;
}

/** The `toJSON` method of an object that has one and is none of the platform's own; null for others. */
export function ownForm(value: object): ((key: string) => unknown) | null {
  if (ArrayBuffer.isView(value) || types.isDate(value) || value instanceof URL) return null;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? (toJSON as (key: string) => unknown) : null;
}

/** What stands where nesting is too deep: a circle, if following the path from the value comes by the same object twice. */
export function tooDeep(root: unknown, path: readonly (string | number)[]): Refused {
  const seen = new Set<unknown>();
  let at = root;
  try {
    for (const part of path) {
      if (seen.has(at)) return new Refused("part of a circle", "keep the key or id of what it points back to");
      seen.add(at);
      at = (at as Record<string | number, unknown>)[part];
    }
  } catch {
    // what cannot be followed is just deep
  }
  return new Refused(`nested deeper than ${NESTING_MAX} levels`, "");
}

/** Whether msgpack keeps an object that is no plain one: a built-in itself, neither a subclass nor an impostor. */
export function isKept(value: object, made: object | null): boolean {
  return made === null || keptKind(value, made) !== undefined;
}

export type KeptKind = "Date" | "Map" | "Set" | "RegExp" | "ArrayBuffer" | "DataView" | "Buffer" | TypedArrayName;
export type TypedArrayName = (typeof TYPED_ARRAYS)[number] | "Float16Array";

/** In the order of their numbers in a MessagePack value, which never change. */
export const TYPED_ARRAYS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

const OTHER_KINDS: readonly [KeptKind, (value: unknown) => boolean][] = [
  ["Date", types.isDate],
  ["Map", types.isMap],
  ["Set", types.isSet],
  ["RegExp", types.isRegExp],
  ["ArrayBuffer", types.isArrayBuffer],
  ["DataView", types.isDataView],
];

/** What kind of built-in it is; undefined for any other object, and for one that is not quite what its class is. */
export function keptKind(value: object, made: object): KeptKind | undefined {
  const array = typedArrayName(value);
  if (array !== undefined) {
    if (made === Buffer.prototype && array === "Uint8Array") return "Buffer";
    return made === prototypeOf(array) ? (array as TypedArrayName) : undefined;
  }
  for (const [kind, is] of OTHER_KINDS) if (is(value)) return made === prototypeOf(kind) ? kind : undefined;
  return undefined;
}

/** Of the class of that name now: fake timers put another Date in place. */
function prototypeOf(name: string): unknown {
  return (globalThis as unknown as Record<string, { prototype?: unknown } | undefined>)[name]?.prototype;
}
