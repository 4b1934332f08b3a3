/**
 * How what callers hand in is checked and shown, for every room: one way to say what a value is, one to check each kind of option, one
 * to refuse an option that nobody knows. Every check names the option, its value and what was expected.
 */
import { InvalidArgumentError } from "./errors.js";

/** Longer texts are cut in a message. */
const SHOWN = 60;

/** A value as a message may show it: short, never its own code, and without running any. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN - 3)}...` : value);
  }
  if (typeof value === "bigint") {
    const digits = String(value);
    return digits.length > SHOWN ? `a bigint of ${digits.length} digits` : `${digits}n`;
  }
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (Object.is(value, -0)) return "-0";
  if (value === null || typeof value !== "object") return String(value);
  return describeObject(value);
}

function describeObject(value: object): string {
  try {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    return `an object (${classOf(value) ?? "no class"})`;
  } catch {
    return "an object"; // a proxy that refuses to be looked at
  }
}

/** The name of an object's class, by its prototype; undefined when it has none. */
export function classOf(value: object): string | undefined {
  const made = Object.getPrototypeOf(value);
  if (made === null) return undefined;
  const maker = Object.getOwnPropertyDescriptor(made, "constructor")?.value;
  return typeof maker === "function" && typeof maker.name === "string" && maker.name !== "" ? maker.name : undefined;
}

/** The names a public object of options may have, told once: `checkKnown` compares against it. */
export class KnownOptions {
  private readonly names: ReadonlySet<string>;

  /** @param of what takes them, as a message names it: "set", "store.backup" */
  constructor(
    readonly of: string,
    names: readonly string[],
  ) {
    this.names = new Set(names);
  }

  /** The options themselves. @throws InvalidArgumentError unless it is an object that has no other names */
  check<T>(options: T): T {
    if (options === null || typeof options !== "object") {
      throw new InvalidArgumentError(`${this.of} takes an object of options, not ${describe(options)}`);
    }
    for (const name in options) if (!this.names.has(name)) this.refuse(name);
    return options;
  }

  private refuse(name: string): never {
    const near = nearest(name, this.names);
    const known = [...this.names].join(", ");
    throw new InvalidArgumentError(
      `${this.of}: unknown option ${describe(name)}${near === undefined ? "" : `; did you mean "${near}"?`} (known: ${known})`,
    );
  }
}

/** Options may carry the name of what they describe, as a description that is passed on does: if it is the same. @throws InvalidArgumentError */
export function checkSameName(of: string, options: object, name: string): void {
  const { name: said } = options as { name?: unknown };
  if (said === undefined || said === name) return;
  throw new InvalidArgumentError(`${of} ${describe(name)} was given options of one named ${describe(said)}`);
}

/** The known name that was probably meant: the same but for capitals, or at most a third of it mistyped. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const away = distance(name.toLowerCase().slice(0, SHOWN), candidate.toLowerCase());
    if (away < least && away <= Math.max(1, Math.ceil(candidate.length / 3))) {
      least = away;
      best = candidate;
    }
  }
  return best;
}

/** Letters put in, left out, exchanged for another or with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}

/** @throws InvalidArgumentError; undefined is the standard */
export function wholeNumber(name: string, value: unknown, standard: number, min: number, max: number): number {
  if (value === undefined) return standard;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`${name} is ${describe(value)}; expected a whole number from ${min} to ${max}`);
}

/** @throws InvalidArgumentError; undefined is the standard */
export function numberWithin(name: string, value: unknown, standard: number, min: number, max: number): number {
  if (value === undefined) return standard;
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`${name} is ${describe(value)}; expected a number from ${min} to ${max}`);
}

/** @throws InvalidArgumentError; undefined is the standard */
export function flag(name: string, value: unknown, standard: boolean): boolean {
  if (value === undefined) return standard;
  if (typeof value === "boolean") return value;
  throw new InvalidArgumentError(`${name} is ${describe(value)}; expected true or false`);
}

/** @throws InvalidArgumentError; undefined is the standard */
export function choice<T extends string, S extends T | undefined>(
  name: string,
  value: unknown,
  names: readonly T[],
  standard: S,
): T | S {
  if (value === undefined) return standard;
  if (typeof value === "string" && names.includes(value as T)) return value as T;
  const near = typeof value === "string" ? nearest(value, names) : undefined;
  const meant = near === undefined ? "" : `; did you mean "${near}"?`;
  throw new InvalidArgumentError(`${name} is ${describe(value)}; expected one of ${names.join(", ")}${meant}`);
}

/** @throws InvalidArgumentError for what is neither a function nor undefined */
export function callback<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw new InvalidArgumentError(`${name} is ${describe(value)}; expected a function`);
}
