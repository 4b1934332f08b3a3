/** What is wrong with a scenario's content, for a reader: the innermost fault, its line, and what was meant. */
import { type Document, isMap, isNode, isPair, isScalar, type LineCounter } from "yaml";
import type { z } from "zod";
import { closest } from "./closest.js";

type Issue = z.core.$ZodIssue;

/** The part of a JSON Schema that tells which keys there are. */
interface KeySchema {
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly additionalProperties?: KeySchema | boolean;
  readonly items?: KeySchema;
  readonly anyOf?: readonly KeySchema[];
  readonly oneOf?: readonly KeySchema[];
  readonly allOf?: readonly KeySchema[];
}

/** Names listed at most when a key is unknown. */
const MOST_LISTED = 24;

/** `line: where: what was expected, what was found`, of the first of the issues; `schema` is the JSON Schema of scenario files. */
export function describeFault(
  issues: readonly Issue[],
  document: Document,
  lines: LineCounter,
  schema: object,
): string {
  const inner = telling(issues.map(innermost));
  return `${lineOf(document, lines, inner)}: ${described(inner, document, schema as KeySchema)}`;
}

/** The first, unless it misses a key of a map in which another is misspelt: that one is what was meant. */
function telling(issues: readonly Issue[]): Issue {
  const [first] = issues;
  const map = first.path.slice(0, -1).join(".");
  const misspelt = issues.find(({ code, path }) => code === "unrecognized_keys" && path.join(".") === map);
  return misspelt ?? first;
}

/** A value that fits none of several forms is judged by the form it comes nearest to: the one with the fewest faults. */
function innermost(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const forms = issue.errors.filter(([first]) => first !== undefined && !isOfAnotherForm(first));
  if (forms.length === 0) return issue;
  const nearest = forms.reduce((one, other) => (other.length < one.length ? other : one));
  const inner = telling(nearest.map(innermost));
  return { ...inner, path: [...issue.path, ...inner.path] };
}

/** A wrong type of the whole value says only that another form was meant. */
function isOfAnotherForm(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code === "invalid_type";
}

/** The line of the offending key or value; a missing key is reported on the line of the map it is missing from. */
function lineOf(document: Document, lines: LineCounter, issue: Issue): number {
  const unknownKey = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  for (let depth = issue.path.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(issue.path.slice(0, depth), true);
    const at = offsetOf(node, depth === issue.path.length ? unknownKey : undefined);
    if (at !== undefined) return lines.linePos(at).line;
  }
  return 1;
}

function offsetOf(node: unknown, key: string | undefined): number | undefined {
  if (key !== undefined && isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
    if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0];
  }
  return (node as { range?: [number, number, number] | null } | undefined)?.range?.[0];
}

function described(issue: Issue, document: Document, schema: KeySchema): string {
  const where = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  if (issue.code === "unrecognized_keys") return `${where}${unknownKeys(issue, schema)}`;
  const found = foundAt(document, issue.path);
  const expected = expectation(issue, found, schema);
  // What is refused for what stands elsewhere is not told by what stands here.
  const tells = issue.code !== "custom" || (expected.startsWith("expected") && typeof found !== "object");
  return `${where}${expected}${tells ? `; ${found === undefined ? "it is missing" : `found ${shown(found)}`}` : ""}`;
}

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, schema: KeySchema): string {
  const known = [...knownKeys(schema, issue.path)];
  const unknown = issue.keys.map((key) => `${JSON.stringify(key)}${closest(key, known)}`).join(", ");
  const more = known.length > MOST_LISTED ? ", …" : "";
  return `unknown key ${unknown}; expected only ${known.slice(0, MOST_LISTED).join(", ")}${more}`;
}

/** What a reader calls the types of a document. */
const TYPES: Readonly<Record<string, string>> = {
  object: "keys and values",
  array: "a list",
  string: "text",
  number: "a number",
  record: "keys and values",
};

function expectation(issue: Issue, found: unknown, schema: KeySchema): string {
  const names = namesFor(issue, schema);
  if (names !== null) {
    const meant = typeof found === "string" ? closest(found, names) : "";
    return `expected one of ${names.join(", ")}${meant}`;
  }
  // Quantities say themselves what is expected, by example; so does what is refused as a whole.
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input")) {
    return `expected ${TYPES[issue.expected] ?? issue.expected}`;
  }
  const bound = /^Too (?:small|big): expected \w+ to (?:be|have) (\S+?) ?(\d.*)$/.exec(issue.message);
  if (bound !== null) return `expected ${SIGNS[bound[1]] ?? bound[1]} ${bound[2]}`;
  return issue.message.replace(/^Invalid \w+: /, "");
}

const SIGNS: Readonly<Record<string, string>> = { ">=": "at least", "<=": "at most", ">": "above", "<": "below" };

/** Of a value that is to be one of some names, these; null: it is not. */
function namesFor(issue: Issue, schema: KeySchema): string[] | null {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code !== "invalid_union" || !("discriminator" in issue)) return null;
  const names = formsAt(schema, issue.path).flatMap((form) => (form.const === undefined ? [] : [String(form.const)]));
  return names.length === 0 ? null : names;
}

function foundAt(document: Document, path: readonly PropertyKey[]): unknown {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) ? (node.toJS(document) as unknown) : (node ?? undefined);
}

/** Longest piece of a file that a message quotes. */
const MOST_SHOWN = 60;

function shown(value: unknown): string {
  const text = value === null ? "nothing" : JSON.stringify(value);
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}

/** The keys that some form of the value at `path` may have. */
function knownKeys(schema: KeySchema, path: readonly PropertyKey[]): Set<string> {
  return new Set(formsAt(schema, path).flatMap((form) => Object.keys(form.properties ?? {})));
}

function formsAt(schema: KeySchema, path: readonly PropertyKey[]): KeySchema[] {
  let forms = formsOf(schema);
  for (const step of path) {
    forms = forms.flatMap((form) => {
      const next = typeof step === "number" ? form.items : (form.properties?.[String(step)] ?? entryOf(form));
      return next === undefined ? [] : formsOf(next);
    });
  }
  return forms;
}

function entryOf({ additionalProperties }: KeySchema): KeySchema | undefined {
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

function formsOf(schema: KeySchema): KeySchema[] {
  const forms = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...forms.flatMap(formsOf)];
}
