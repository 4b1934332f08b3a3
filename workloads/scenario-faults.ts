/** What is wrong with a scenario's content, for a reader: the innermost fault, its line, and what was meant. */
import { type Document, isMap, isPair, isScalar, type LineCounter } from "yaml";
import type { z } from "zod";
import { closest } from "./closest.js";

type Issue = z.core.$ZodIssue;

/** The part of a JSON Schema that tells which keys there are. */
interface KeySchema {
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly additionalProperties?: KeySchema | boolean;
  readonly items?: KeySchema;
  readonly anyOf?: readonly KeySchema[];
  readonly oneOf?: readonly KeySchema[];
  readonly allOf?: readonly KeySchema[];
}

/** Names listed at most when a key is unknown. */
const MOST_LISTED = 24;

/** `line: where: what, what was expected`; `schema` is the JSON Schema of scenario files. */
export function describeFault(issue: Issue, document: Document, lines: LineCounter, schema: object): string {
  const inner = innermost(issue);
  return `${lineOf(document, lines, inner)}: ${described(inner, schema as KeySchema)}`;
}

/** A value that fits none of several forms is judged by the form it comes nearest to: the one with the fewest faults. */
function innermost(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const forms = issue.errors.filter(([first]) => first !== undefined && !isOfAnotherForm(first));
  if (forms.length === 0) return issue;
  const nearest = forms.reduce((one, other) => (other.length < one.length ? other : one));
  const inner = innermost(nearest[0]);
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

function described(issue: Issue, schema: KeySchema): string {
  const where = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  if (issue.code !== "unrecognized_keys") return `${where}${issue.message}`;
  const known = [...knownKeys(schema, issue.path)];
  const unknown = issue.keys.map((key) => `${JSON.stringify(key)}${closest(key, known)}`).join(", ");
  const more = known.length > MOST_LISTED ? ", …" : "";
  return `${where}unknown key ${unknown}; expected only ${known.slice(0, MOST_LISTED).join(", ")}${more}`;
}

/** The keys that some form of the value at `path` may have. */
function knownKeys(schema: KeySchema, path: readonly PropertyKey[]): Set<string> {
  let forms = formsOf(schema);
  for (const step of path) {
    forms = forms.flatMap((form) => {
      const next = typeof step === "number" ? form.items : (form.properties?.[String(step)] ?? entryOf(form));
      return next === undefined ? [] : formsOf(next);
    });
  }
  return new Set(forms.flatMap((form) => Object.keys(form.properties ?? {})));
}

function entryOf({ additionalProperties }: KeySchema): KeySchema | undefined {
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

function formsOf(schema: KeySchema): KeySchema[] {
  const forms = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...forms.flatMap(formsOf)];
}
