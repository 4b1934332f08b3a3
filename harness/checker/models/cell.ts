/**
 * One key of the store, with all that can be done to it. The named models are this cell with some operations and a rule
 * of when a value may vanish.
 *
 * | op | input | output |
 * |---|---|---|
 * | get | null | value, or null for absent |
 * | getEntry | null | { value, version }, or null for absent |
 * | has | null | true or false |
 * | set | { value, ttl? (ms), ifAbsent?, ifVersion? } | true, or false where its condition did not hold |
 * | delete | null | true if it was there |
 * | increment | { by? (1) } | the new count; an absent key counts from 0 |
 *
 * Versions are opaque: they are only learned from getEntry. Each write (set, increment) gives the value a version that
 * this key never had before. A write whose version nobody has read yet has an unknown one, which the first getEntry or
 * successful ifVersion settles; a failed ifVersion rules one out.
 *
 * Expiry. The store reads the clock inside the set, so a value set with a TTL expires at some moment from
 * set.call + ttl to set.return + ttl (to infinity if the set was not answered). With `slack` for the coarseness of the
 * store's clock:
 *   - an operation may find the value gone only if it returned at or after set.call + ttl - slack;
 *   - an operation may find it there only if it was called at or before set.return + ttl + slack.
 * So before the earliest expiry it must be there, after the latest it must be gone, in between either is right; and once
 * seen gone it stays gone. An increment keeps the expiry; a set replaces it.
 *
 * Eviction: any operation may find any value gone. Once seen gone it stays gone until it is written again.
 */
import type { Operation } from "../history.js";
import { canonicalValue, integerOf } from "./canonical-value.js";
import { type Model, ModelMismatch } from "./model.js";

export type CellOperation = "get" | "getEntry" | "has" | "set" | "delete" | "increment";

export interface CellRules {
  name: string;
  operations: readonly CellOperation[];
  /** May a set carry ifAbsent or ifVersion? */
  conditions: boolean;
  /** `never`: only delete removes; `expiry`: a passed TTL as well; `eviction`: anything at any time as well. */
  vanishes: "never" | "expiry" | "eviction";
  /** Nanoseconds by which expiry may be early or late. */
  slack: number;
}

interface Present {
  kind: "present";
  value: string;
  /** null: not known yet. */
  version: string | null;
  /** Versions it is known not to have. */
  ruledOut: readonly string[];
  /** Versions this key had before. */
  retired: readonly string[];
  expiresFrom: number;
  expiresBy: number;
}

interface Absent {
  kind: "absent";
  retired: readonly string[];
}

export type CellState = Present | Absent;

interface Entry {
  value: string;
  version: string;
}

export interface CellAction {
  op: CellOperation;
  answered: boolean;
  call: number;
  return: number;
  /** Of set: canonical value. */
  value: string;
  ttl: number | null;
  ifAbsent: boolean;
  ifVersion: string | null;
  by: bigint;
  /** Canonical: a value or null, an entry or null, a boolean, a count. */
  output: string | Entry | boolean | null;
}

interface Answer {
  output: CellAction["output"];
  next: CellState;
}

const NS_PER_MS = 1e6;
const NEVER = Number.POSITIVE_INFINITY;

export function cellModel(rules: CellRules): Model<CellState, CellAction> {
  /** The cell as this operation may find it: as it is, as gone, or as either. */
  function viewsOf(state: CellState, action: CellAction): CellState[] {
    if (state.kind === "absent") return [state];
    const views: CellState[] = [];
    if (action.call - rules.slack <= state.expiresBy) views.push(state);
    const expired = state.expiresFrom !== NEVER && action.return + rules.slack >= state.expiresFrom;
    if (rules.vanishes === "eviction" || (rules.vanishes === "expiry" && expired)) views.push(gone(state));
    return views;
  }

  return {
    name: rules.name,
    initial: { kind: "absent", retired: [] },
    prepare: (operation) => prepareAction(operation, rules),
    step(state, action) {
      const next: CellState[] = [];
      for (const view of viewsOf(state, action)) {
        for (const answer of answersOf(view, action)) {
          if (!action.answered || sameOutput(answer.output, action.output)) next.push(answer.next);
        }
      }
      return next;
    },
    isRead: (action) => isRead(action, rules),
    keyOf,
    describe: describeState,
    expected(state, action) {
      const outputs = viewsOf(state, action).flatMap((view) => answersOf(view, action).map((a) => a.output));
      return [...new Set(outputs.map(describeOutput))].join(" or ") || "an error";
    },
  };
}

/**
 * An answer that finds the value changes nothing, unless it teaches a version. One that finds it absent may be what
 * ends it, where values can vanish.
 */
function isRead({ op, answered, output, ifAbsent }: CellAction, { vanishes }: CellRules): boolean {
  if (!answered) return false;
  switch (op) {
    case "get":
      return output !== null || vanishes === "never";
    case "has":
      return output === true || vanishes === "never";
    case "getEntry":
    case "delete":
      return (output === null || output === false) && vanishes === "never";
    case "set":
      return ifAbsent && output === false;
    case "increment":
      return false;
  }
}

/** Every answer that an exact view of the cell allows, with the state it leaves. */
function answersOf(view: CellState, action: CellAction): Answer[] {
  switch (action.op) {
    case "get":
      return [{ output: view.kind === "present" ? view.value : null, next: view }];
    case "has":
      return [{ output: view.kind === "present", next: view }];
    case "delete":
      return [{ output: view.kind === "present", next: gone(view) }];
    case "getEntry":
      return entryAnswers(view, action);
    case "set":
      return setAnswers(view, action);
    case "increment":
      return incrementAnswers(view, action);
  }
}

function entryAnswers(view: CellState, { output }: CellAction): Answer[] {
  if (view.kind === "absent") return [{ output: null, next: view }];
  if (view.version !== null) return [{ output: { value: view.value, version: view.version }, next: view }];
  // Unknown so far: it is whatever was read, unless that is ruled out.
  const read = output !== null && typeof output === "object" ? output.version : null;
  if (read === null) return [{ output: { value: view.value, version: "any" }, next: view }];
  if (!mayHaveVersion(view, read)) return [];
  return [{ output: { value: view.value, version: read }, next: { ...view, version: read, ruledOut: [] } }];
}

function setAnswers(view: CellState, action: CellAction): Answer[] {
  const written: Answer = { output: true, next: write(view, action.value, ...expiryOf(action)) };
  const refused: Answer = { output: false, next: view };
  if (action.ifAbsent) return [view.kind === "absent" ? written : refused];
  if (action.ifVersion === null) return [written];
  if (view.kind === "absent") return [refused];
  const { ifVersion } = action;
  if (view.version !== null) return [view.version === ifVersion ? written : refused];
  if (!mayHaveVersion(view, ifVersion)) return [refused];
  const matched: Present = { ...view, version: ifVersion, ruledOut: [] };
  return [
    { output: true, next: write(matched, action.value, ...expiryOf(action)) },
    { output: false, next: { ...view, ruledOut: [...view.ruledOut, ifVersion].sort() } },
  ];
}

function incrementAnswers(view: CellState, { by, answered }: CellAction): Answer[] {
  if (view.kind === "absent") {
    const count = String(by);
    return [{ output: count, next: write(view, count, NEVER, NEVER) }];
  }
  const current = integerOf(view.value);
  // Not a number: the store throws and changes nothing, so there is no answer that could have been recorded.
  if (current === undefined) return answered ? [] : [{ output: null, next: view }];
  const count = String(current + by);
  return [{ output: count, next: write(view, count, view.expiresFrom, view.expiresBy) }];
}

/** The cell after a write: the old version is spent, the new one unknown. */
function write(view: CellState, value: string, expiresFrom: number, expiresBy: number): Present {
  return { kind: "present", value, version: null, ruledOut: [], retired: gone(view).retired, expiresFrom, expiresBy };
}

function gone(state: CellState): Absent {
  if (state.kind === "absent") return state;
  const { version, retired } = state;
  return { kind: "absent", retired: version === null ? retired : [...retired, version].sort() };
}

function expiryOf({ ttl, call, return: answer }: CellAction): [from: number, by: number] {
  return ttl === null ? [NEVER, NEVER] : [call + ttl * NS_PER_MS, answer + ttl * NS_PER_MS];
}

function mayHaveVersion({ ruledOut, retired }: Present, version: string): boolean {
  return !ruledOut.includes(version) && !retired.includes(version);
}

function sameOutput(a: CellAction["output"], b: CellAction["output"]): boolean {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  return a.value === b.value && a.version === b.version;
}

function keyOf(state: CellState): string {
  if (state.kind === "absent") return state.retired.length === 0 ? "" : JSON.stringify(state.retired);
  const { value, version, ruledOut, retired, expiresFrom, expiresBy } = state;
  if (version === null && ruledOut.length === 0 && retired.length === 0 && expiresFrom === NEVER) return `=${value}`;
  return `=${JSON.stringify([value, version, ruledOut, retired, String(expiresFrom), String(expiresBy)])}`;
}

function describeState(state: CellState): string {
  if (state.kind === "absent") return "absent";
  const version = state.version === null ? "" : `, version ${state.version}`;
  if (state.expiresFrom === NEVER) return `${state.value}${version}`;
  const by = state.expiresBy === NEVER ? "no known end" : state.expiresBy;
  return `${state.value}${version}, expires from ${state.expiresFrom} to ${by}`;
}

function describeOutput(output: CellAction["output"]): string {
  if (output !== null && typeof output === "object") return `{ value: ${output.value}, version: ${output.version} }`;
  return output === null ? "absent" : String(output);
}

function prepareAction(operation: Operation, rules: CellRules): CellAction {
  const op = rules.operations.find((name) => name === operation.op);
  if (!op)
    throw new ModelMismatch(`op ${operation.op} is not one of model ${rules.name}: ${rules.operations.join(", ")}`);
  const answered = operation.return !== NEVER;
  const input = inputOf(operation);
  const action: CellAction = {
    op,
    answered,
    call: operation.call,
    return: operation.return,
    value: op === "set" ? writtenValue(input) : "",
    ttl: ttlOf(input),
    ifAbsent: input.ifAbsent === true,
    ifVersion: input.ifVersion === undefined || input.ifVersion === null ? null : canonicalValue(input.ifVersion),
    by: op === "increment" ? byOf(input) : 0n,
    output: answered ? outputOf(op, operation.output, input) : null,
  };
  if (!rules.conditions && (action.ifAbsent || action.ifVersion !== null)) {
    throw new ModelMismatch(`a conditional set is not part of model ${rules.name}; try --model cas`);
  }
  if (rules.vanishes === "never" && action.ttl !== null) {
    throw new ModelMismatch(`a ttl is not part of model ${rules.name}; try --model ttl`);
  }
  return action;
}

const INPUT_FIELDS: Record<CellOperation, readonly string[]> = {
  get: [],
  getEntry: [],
  has: [],
  delete: [],
  set: ["value", "ttl", "ifAbsent", "ifVersion"],
  increment: ["by"],
};

function inputOf({ op, input }: Operation): Record<string, unknown> {
  if (input === null || input === undefined) return {};
  const fields = INPUT_FIELDS[op as CellOperation];
  const given = typeof input === "object" && !Array.isArray(input) ? Object.keys(input) : null;
  const unknown = given?.find((name) => !fields.includes(name));
  if (given === null || unknown !== undefined) {
    const expected = fields.length > 0 ? `an object of ${fields.join(", ")}` : "null";
    throw new ModelMismatch(`input of ${op}: expected ${expected}, got ${JSON.stringify(input)}`);
  }
  return input as Record<string, unknown>;
}

function writtenValue({ value }: Record<string, unknown>): string {
  if (value === undefined || value === null) throw new ModelMismatch("input of set: value is missing or null");
  return canonicalValue(value);
}

function ttlOf({ ttl }: Record<string, unknown>): number | null {
  if (ttl === undefined || ttl === null) return null;
  if (typeof ttl === "number" && ttl >= 0) return ttl;
  throw new ModelMismatch(`input of set: ttl: expected milliseconds, got ${JSON.stringify(ttl)}`);
}

function byOf({ by = 1 }: Record<string, unknown>): bigint {
  return integerOrThrow(by, "input of increment: by");
}

function outputOf(op: CellOperation, output: unknown, input: Record<string, unknown>): CellAction["output"] {
  switch (op) {
    case "get":
      return output === null ? null : canonicalValue(output);
    case "increment":
      return String(integerOrThrow(output, "output of increment"));
    case "getEntry":
      return entryOf(output);
    case "set":
      // A plain set has only one outcome, so a recorder may leave it out.
      if (output === null && !input.ifAbsent && (input.ifVersion ?? null) === null) return true;
      return booleanOf(op, output);
    default:
      return booleanOf(op, output);
  }
}

function booleanOf(op: string, output: unknown): boolean {
  if (typeof output === "boolean") return output;
  throw new ModelMismatch(`output of ${op}: expected true or false, got ${JSON.stringify(output)}`);
}

function entryOf(output: unknown): Entry | null {
  if (output === null) return null;
  const { value, version } = output as { value?: unknown; version?: unknown };
  if (typeof output === "object" && value !== undefined && version !== undefined && version !== null) {
    return { value: canonicalValue(value), version: canonicalValue(version) };
  }
  throw new ModelMismatch(`output of getEntry: expected { value, version } or null, got ${JSON.stringify(output)}`);
}

function integerOrThrow(value: unknown, what: string): bigint {
  const integer = typeof value === "string" || Number.isSafeInteger(value) ? integerOf(String(value)) : undefined;
  if (integer !== undefined) return integer;
  throw new ModelMismatch(`${what}: expected an integer (beyond 2^53 as a string), got ${JSON.stringify(value)}`);
}
