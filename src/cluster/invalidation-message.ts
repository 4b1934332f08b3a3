/**
 * What nodes tell each other of invalidations. The first number is the version of all that follows: a message of another version is refused whole,
 * and found missing by its serial number.
 *
 *     2, kind, incarnation, serial, …, and of "drop" the moment (ms, counter) and the scope
 */
import { STAMP_COUNTER_MAX, STAMP_MS_MAX, type Stamp } from "./hlc.js";
import { readWhole, type WireReader, WireWriter } from "./wire.js";

/** What is to be forgotten. */
export type Scope =
  | {
      /** One key. */
      readonly key: string;
    }
  | {
      /** Several. */
      readonly keys: readonly string[];
    }
  | {
      /** Whatever was written with it. */
      readonly tag: string;
    }
  | {
      /** Keys by pattern: `*` stands for any text, also none, and `?` for one character. */
      readonly pattern: string;
    };

/**
 * - "drop": the sender's invalidation of that serial number; they go up by one.
 * - "upto": the sender's last serial number, told now and then: whoever has heard less asks for the rest.
 * - "now": the same, and whoever has done all up to it says so at once, or as soon as it has.
 * - "done": to the sender of that incarnation: all up to that serial number is done here.
 * - "again": to the sender of that incarnation: what follows this serial number did not arrive.
 * - "lost": the sender no longer has what is not above this serial number: everything may be stale.
 */
export type Message =
  | {
      readonly kind: "drop";
      readonly incarnation: number;
      readonly serial: number;
      /** When it was asked for, by the sender's hybrid clock: what was written later stays, however late this is heard. */
      readonly at: Stamp;
      readonly scope: Scope;
    }
  | {
      readonly kind: "upto" | "now" | "done" | "again" | "lost";
      readonly incarnation: number;
      readonly serial: number;
    };

const VERSION = 2;
const KINDS = ["drop", "upto", "now", "done", "again", "lost"] as const;
const SCOPES = ["keys", "tag", "pattern"] as const;

export function encodeMessage(message: Message): Uint8Array {
  const writer = new WireWriter()
    .number(VERSION)
    .number(KINDS.indexOf(message.kind))
    .number(message.incarnation)
    .number(message.serial);
  if (message.kind === "drop") writeScope(writer.number(message.at.ms).number(message.at.counter), message.scope);
  return writer.done();
}

/** Null for what is no message of this version. */
export function decodeMessage(bytes: Uint8Array): Message | null {
  return readWhole(bytes, (reader) => {
    if (reader.number() !== VERSION) return null;
    const kind = KINDS[reader.number()];
    const incarnation = reader.number();
    const serial = reader.number();
    if (kind === undefined) return null;
    if (kind !== "drop") return { kind, incarnation, serial };
    const at = { ms: reader.number(), counter: reader.number() };
    const scope = readScope(reader);
    if (scope === null || at.ms > STAMP_MS_MAX || at.counter > STAMP_COUNTER_MAX) return null;
    return { kind, incarnation, serial, at, scope };
  });
}

function writeScope(writer: WireWriter, scope: Scope): void {
  const write = (value: string) => {
    writer.text(value);
  };
  if ("key" in scope) writer.number(SCOPES.indexOf("keys")).list([scope.key], write);
  else if ("keys" in scope) writer.number(SCOPES.indexOf("keys")).list(scope.keys, write);
  else if ("tag" in scope) writer.number(SCOPES.indexOf("tag")).text(scope.tag);
  else writer.number(SCOPES.indexOf("pattern")).text(scope.pattern);
}

function readScope(reader: WireReader): Scope | null {
  switch (SCOPES[reader.number()]) {
    case "keys": {
      const keys = reader.list(() => reader.text());
      return keys.length === 1 ? { key: keys[0] } : { keys };
    }
    case "tag":
      return { tag: reader.text() };
    case "pattern":
      return { pattern: reader.text() };
    default:
      return null;
  }
}
