/** A definition with its defaults filled in, refused where it cannot be meant. */
import { InvalidArgumentError } from "../errors.js";
import type { SharedPart, Subject, SubjectDefinition } from "./subject.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;
const OPERATIONS = ["get", "set", "delete", "increment", "readModifyWrite", "insert", "getOrSet"];
const ADDITIONAL = ["borrow", "scan", "append", "send", "receive", "handOff", "watch"];
/** By kind, what may be left out; lists apart. */
const OPTIONAL = {
  function: ["open", "cannotHold"],
  string: ["summary", "package"],
  boolean: ["shared", "expires", "asynchronous"],
};
const MEMBERS = ["name", "attach", "cannot", "also", ...Object.values(OPTIONAL).flat()];

/** What was defined here, so that nothing is defined twice. */
const DEFINED = Symbol.for("engram.subject");

/**
 * What a module that is given to `engram run … --subject FILE` exports as its default. What it has besides is kept.
 *
 * @throws InvalidArgumentError naming the member that is missing, unknown or of another kind
 */
export function defineSubject<D extends SubjectDefinition>(
  definition: D,
): Subject & Pick<D, Exclude<keyof D, keyof Subject>> {
  const given = definition as unknown as Record<string | symbol, unknown>;
  if (typeof given !== "object" || given === null)
    throw wrong("a subject", given, "an object, as defineSubject takes it");
  if (given[DEFINED] === true) return given as never;
  if (typeof given.name !== "string" || !NAME.test(given.name)) {
    throw wrong(
      "name of a subject",
      given.name,
      "letters, digits, '.', '_' and '-', 40 at most, the first a letter or digit",
    );
  }
  const subject = `subject ${given.name}`;
  if (typeof given.attach !== "function")
    throw wrong(`${subject}: attach`, given.attach, "a function (attachment, context)");
  for (const [kind, names] of Object.entries(OPTIONAL)) {
    for (const name of names) requireKind(`${subject}: ${name}`, given[name], kind);
  }
  namesOf(`${subject}: cannot`, given.cannot, [...OPERATIONS, ...ADDITIONAL]);
  namesOf(`${subject}: also`, given.also, ADDITIONAL);
  const { open, attach } = definition;
  return {
    ...definition,
    [DEFINED]: true,
    summary: definition.summary ?? definition.name,
    shared: definition.shared ?? false,
    cannot: definition.cannot ?? [],
    also: definition.also ?? [],
    expires: definition.expires ?? false,
    asynchronous: definition.asynchronous ?? false,
    open: async (plan): Promise<SharedPart> => complete(subject, (await open?.call(definition, plan)) ?? {}),
    attach: async (attachment, context) => {
      const agent = await attach.call(definition, attachment, context);
      requireAgent(subject, agent);
      return agent;
    },
  } as Subject & D;
}

/** A misspelt member of a plain object would be left out without a word: `expire: true`. */
export function unknownMembers(definition: object): string[] {
  return Object.keys(definition).filter((name) => !MEMBERS.includes(name));
}

const NOTHING_TOLD = { usedBytes: null, capacityBytes: null };

/** Its other members stay its own, and `this` stays what it was. */
function complete(subject: string, part: Partial<SharedPart>): SharedPart {
  if (typeof part !== "object")
    throw wrong(`${subject}: what open answers with`, part, "an object { attachment, notes, memory, close }");
  const shared = part as { -readonly [K in keyof SharedPart]: SharedPart[K] };
  shared.attachment ??= null;
  shared.notes ??= [];
  shared.memory ??= () => NOTHING_TOLD;
  shared.close ??= async () => {};
  return shared;
}

function requireAgent(subject: string, agent: unknown): asserts agent is object {
  if (typeof agent !== "object" || agent === null) {
    throw wrong(
      `${subject}: what attach answers with`,
      agent,
      "an object with get, set, delete and close (or byKey(context, store))",
    );
  }
  for (const name of ["get", "set", "delete", "close"] as const) {
    const member = (agent as Record<string, unknown>)[name];
    if (typeof member !== "function") throw wrong(`${subject}: ${name} of its agents`, member, "a function");
  }
}

function requireKind(what: string, value: unknown, kind: string): void {
  if (value !== undefined && typeof value !== kind) throw wrong(what, value, `a ${kind}`);
}

function namesOf(what: string, value: unknown, known: readonly string[]): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw wrong(what, value, `a list of ${known.join(", ")}`);
  for (const name of value) if (!known.includes(name)) throw wrong(what, name, `one of ${known.join(", ")}`);
}

function wrong(what: string, value: unknown, expected: string): InvalidArgumentError {
  const shown = typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : typeof value;
  return new InvalidArgumentError(`${what} is ${shown}; expected ${expected}`);
}
