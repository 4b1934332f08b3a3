/**
 * What is wrong with a document that breaks its schema, in one line: the file and line, the key, what was expected and what was there.
 * For every reader of JSON; it loads nothing but types.
 */
import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** Longest piece of a file that a message quotes. */
const MOST_SHOWN = 60;

/**
 * `PLACE: line 12: runs[3].ops: expected int, found "12"`; of several faults the first, with how many more there are.
 *
 * @param text the whole file as it was read, to tell the line; null where `place` has it, or there is none
 */
export function schemaFault(
  place: string,
  text: string | null,
  document: unknown,
  { issues }: { readonly issues: readonly Issue[] },
): string {
  const [first, ...others] = issues;
  const issue = innermost(first);
  const line = text === null ? "" : ` line ${lineOfPath(text, issue.path)}:`;
  const where = issue.path.length === 0 ? "the document" : pathText(issue.path);
  const rest = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return `${place}:${line} ${where}: ${described(issue, valueAt(document, issue.path))}${rest}`;
}

/** Of a value that fits none of several forms: the fault within the one form it comes near to, if there is one. */
function innermost(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const near = issue.errors.filter(([one]) => one !== undefined && one.path.length > 0);
  if (near.length === 0) return issue;
  const inner = innermost(near.reduce((one, other) => (other.length < one.length ? other : one))[0]);
  return { ...inner, path: [...issue.path, ...inner.path] };
}

function described(issue: Issue, value: unknown): string {
  const found = value === undefined ? "it is missing" : `found ${shown(value)}`;
  switch (issue.code) {
    case "invalid_type":
      return `expected ${issue.expected}, ${found}`;
    case "invalid_value":
      return `expected ${list(issue.values.map((one) => JSON.stringify(one)))}, ${found}`;
    case "invalid_union": {
      const forms = issue.errors.flatMap(([one]) => (one === undefined ? [] : [expectation(one)]));
      return `expected ${list([...new Set(forms)])}, ${found}`;
    }
    case "unrecognized_keys":
      return `expected no key ${list(issue.keys.map((key) => JSON.stringify(key)))}`;
    default: {
      const text = issue.message.replace(/^(Invalid input|Too small|Too big): /, "");
      return `${text}, ${found}`;
    }
  }
}

/** One form of a union, in a word or two. */
function expectation(issue: Issue): string {
  if (issue.code === "invalid_type") return issue.expected;
  if (issue.code === "invalid_value") return list(issue.values.map((one) => JSON.stringify(one)));
  return issue.message.replace(/^(Invalid input|Too small|Too big): /, "").replace(/^expected /, "");
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** A value of the file, short. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}

/** `runs[3].latency.read.p99`; keys that are no plain names are quoted. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      const name = String(step);
      if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join("");
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined,
    document,
  );
}

/** The line, from 1, on which the value at `path` begins in a JSON text; of a missing one, that of what it is missing from. */
export function lineOfPath(text: string, path: readonly PropertyKey[]): number {
  let at = skipSpace(text, 0);
  for (const step of path) {
    const next = typeof step === "number" ? elementAt(text, at, step) : memberAt(text, at, String(step));
    if (next === null) break;
    at = next;
  }
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < at; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

function elementAt(text: string, at: number, index: number): number | null {
  if (text[at] !== "[") return null;
  let next = skipSpace(text, at + 1);
  for (let i = 0; text[next] !== "]" && next < text.length; i++) {
    if (i === index) return next;
    next = skipSpace(text, skipSpace(text, skipValue(text, next)) + 1);
  }
  return null;
}

/** Of a name that stands there twice the last, as JSON.parse takes it. */
function memberAt(text: string, at: number, name: string): number | null {
  if (text[at] !== "{") return null;
  let found: number | null = null;
  let next = skipSpace(text, at + 1);
  while (text[next] === '"') {
    const end = skipValue(text, next);
    const value = skipSpace(text, skipSpace(text, end) + 1);
    if (JSON.parse(text.slice(next, end)) === name) found = value;
    const after = skipSpace(text, skipValue(text, value));
    next = text[after] === "," ? skipSpace(text, after + 1) : after;
  }
  return found;
}

/** The end of the value that begins at `at`; the text is known to be JSON. */
function skipValue(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const character = text[i];
    if (character === '"') {
      for (i++; text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      if (depth === 0) return i;
      depth--;
    } else if (depth === 0 && (character === "," || character <= " ")) return i;
    else continue;
    if (depth === 0) return i + 1;
  }
  return text.length;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (next < text.length && text[next] <= " ") next++;
  return next;
}
