/**
 * Is a tiny history linearizable? Every order of at most a dozen operations a key, tried depth first, with the
 * configurations that failed remembered (Wing & Gong; Lowe). harness/checker does the same for long histories of many
 * kinds; this one costs a microsecond, and test/concurrency checks the two against each other.
 */
import { FIRST_SPACE_KEYS, type Op, type OpKind, spaceOf } from "./program.js";

/** One operation of one schedule, as numbers. */
export interface Call {
  thread: number;
  op: Op;
  kind: OpKind;
  key: number;
  /** Value written, or added. */
  value: number;
  /** setIfVersion, deleteIfVersion: the value whose version was expected. */
  expected: number;
  ttl: boolean;
  /** Which channel of the name: of a send or receive by the thread's handle, of an opening the one found, of a drop the one dropped. */
  life: number;
  /** ack, nack, extend: which call took what they settle, by its place in the history; -1 = nothing. */
  delivery: number;
  invoked: number;
  /** Infinity: the thread was killed in it; it may have taken effect or not. */
  returned: number;
  /** What it answered: a value (0 = absent), or truth; NO_EFFECT where it failed and changed nothing. */
  result: number;
}

/** The answer of an operation that ran out of memory: as if it had never been. */
export const NO_EFFECT = -2;

/** The answer of an operation on a channel that was dropped. */
export const GONE = -3;

/** A channel's number: no other has its entry in that life. */
export function lifeOf(entry: number, version: number): number {
  return entry * 2 ** 16 + version;
}

export interface CellRules {
  /** Values may vanish at any time. */
  evicts: boolean;
}

/** State of a key: value << 2 | value expires at the tick << 1 | the tick has come. */
const TICKED = 1;
const EXPIRES = 2;

/** Whether the kind concerns every key of a namespace, or all. */
function touchesAllKeys(kind: OpKind): boolean {
  return kind === "tick" || kind === "clock" || kind === "clear" || kind === "drop";
}

/** Whether the kind has a place in a key's history at all. */
export function isKeyed(kind: OpKind): boolean {
  switch (kind) {
    case "set":
    case "setEvicting":
    case "setIfAbsent":
    case "setIfVersion":
    case "get":
    case "peek":
    case "near":
    case "has":
    case "delete":
    case "deleteIfVersion":
    case "touch":
    case "add":
    case "borrow":
      return true;
    default:
      return false;
  }
}

/** A tick is everyone's, a clear or a drop concerns one namespace. */
function isOfSpace(call: Call, key: number): boolean {
  return call.kind === "tick" || call.kind === "clock" || (spaceOf(call.op) === 1) === key >= FIRST_SPACE_KEYS;
}

const IMPOSSIBLE = -1;

/**
 * When everybody knew that the time had come. What changes an entry that it finds, `touch` and `add`, asks whether that has expired and then
 * swaps: one that began before this may have found it alive, and take effect afterwards.
 */
let timeCame = 0;

/** The state after the call, or IMPOSSIBLE if it cannot have answered so in this state. */
function step(state: number, call: Call): number {
  const ticked = state & TICKED;
  const visible = ticked && state & EXPIRES ? 0 : state >> 2;
  const open = call.returned === Number.POSITIVE_INFINITY;
  switch (call.kind) {
    case "set":
    case "setEvicting":
      return open || call.result === 1 ? written(call, ticked) : IMPOSSIBLE;
    case "setIfAbsent": {
      const result = visible === 0 ? 1 : 0;
      if (!open && call.result !== result) return IMPOSSIBLE;
      return result === 1 ? written(call, ticked) : state;
    }
    case "setIfVersion": {
      const result = visible !== 0 && visible === call.expected ? 1 : 0;
      if (!open && call.result !== result) return IMPOSSIBLE;
      return result === 1 ? written(call, ticked) : state;
    }
    case "get":
    case "peek":
    case "near":
    case "borrow":
      return open || call.result === visible ? state : IMPOSSIBLE;
    case "has":
      return open || call.result === (visible !== 0 ? 1 : 0) ? state : IMPOSSIBLE;
    case "delete":
      return open || call.result === (visible !== 0 ? 1 : 0) ? ticked : IMPOSSIBLE;
    case "deleteIfVersion": {
      const result = visible !== 0 && visible === call.expected ? 1 : 0;
      if (!open && call.result !== result) return IMPOSSIBLE;
      return result === 1 ? ticked : state;
    }
    case "touch": {
      const found = call.invoked < timeCame ? state >> 2 : visible;
      if (!open && call.result !== 1) return visible === 0 ? state : IMPOSSIBLE;
      if (found === 0) return open ? state : IMPOSSIBLE;
      return (found << 2) | ticked | (call.ttl ? EXPIRES : 0);
    }
    case "add": {
      const made = visible === 0 && (open || call.result === call.value);
      const found = call.invoked < timeCame ? state >> 2 : visible;
      const sum = (made ? 0 : found) + call.value;
      if (!open && call.result !== sum) return IMPOSSIBLE;
      const expires = made ? (call.ttl ? EXPIRES : 0) : state & EXPIRES;
      return (sum << 2) | ticked | expires;
    }
    case "tick":
    case "clock":
      return state | TICKED;
    case "clear":
    case "drop":
      return ticked;
    default:
      return state;
  }
}

function written(call: Call, ticked: number): number {
  return (call.value << 2) | ticked | (call.ttl ? EXPIRES : 0);
}

/** The state after a call that no other overlaps, whatever it answered: for what happens before the schedule. */
export function stateAfter(state: number, call: Call): number {
  timeCame = 0;
  return step(state, { ...call, returned: Number.POSITIVE_INFINITY });
}

const calls: Call[] = [];
let count = 0;
let everyAnswer = 0;
let evicts = false;
const failed = new Set<number>();

/** @param history every call of the schedule; those of other keys are passed over */
export function isLinearizable(
  history: readonly Call[],
  length: number,
  key: number,
  from: number,
  rules: CellRules,
): boolean {
  count = 0;
  everyAnswer = 0;
  evicts = rules.evicts;
  timeCame = from & TICKED ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const call = history[i];
    const concerned = isKeyed(call.kind) ? call.key === key : touchesAllKeys(call.kind) && isOfSpace(call, key);
    if (!concerned || call.result === NO_EFFECT) continue;
    if (call.returned !== Number.POSITIVE_INFINITY) everyAnswer |= 1 << count;
    if (call.kind === "tick" && call.returned < timeCame) timeCame = call.returned;
    calls[count++] = call;
  }
  if (count === 0) return true;
  if (count > 30) throw new Error(`${count} operations on one key: more than the explorer's checker takes`);
  failed.clear();
  return search(0, from);
}

function search(placed: number, state: number): boolean {
  if ((placed & everyAnswer) === everyAnswer) return true;
  // whatever was called after an unplaced one had answered has to wait
  let firstReturn = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    if (!(placed & (1 << i)) && calls[i].returned < firstReturn) firstReturn = calls[i].returned;
  }
  for (let i = 0; i < count; i++) {
    if (placed & (1 << i) || calls[i].invoked > firstReturn) continue;
    const next = step(state, calls[i]);
    if (next !== IMPOSSIBLE && visit(placed | (1 << i), next)) return true;
    if (evicts && state >> 2 !== 0) {
      const after = step(state & TICKED, calls[i]);
      if (after !== IMPOSSIBLE && visit(placed | (1 << i), after)) return true;
    }
  }
  return false;
}

function visit(placed: number, state: number): boolean {
  if (count <= 4) return search(placed, state);
  const configuration = placed * 2 ** 22 + state;
  if (failed.has(configuration)) return false;
  if (search(placed, state)) return true;
  failed.add(configuration);
  return false;
}

/**
 * First in, first out: sends that answered 1 (taken) or 0 (full), receives that answered a value or 0 (empty). And each channel by itself,
 * from its first opening to its drop: afterwards it answers GONE, and never before.
 */
export function isFifo(history: readonly Call[], length: number, capacity: number): boolean {
  const lives = new Set<number>();
  for (let i = 0; i < length; i++) if (isOfChannel(history[i]) && !isOpenDrop(history[i])) lives.add(history[i].life);
  for (const life of lives) if (!isFifoOf(history, length, capacity, life)) return false;
  return true;
}

function isOfChannel({ kind, result }: Call): boolean {
  const known = kind === "send" || kind === "receive" || kind === "channel" || kind === "dropChannel";
  return known && result !== NO_EFFECT;
}

/** Of a thread that died in it: it may have dropped any, or none. */
function isOpenDrop({ kind, returned }: Call): boolean {
  return kind === "dropChannel" && returned === Number.POSITIVE_INFINITY;
}

function isFifoOf(history: readonly Call[], length: number, capacity: number, life: number): boolean {
  count = 0;
  everyAnswer = 0;
  for (let i = 0; i < length; i++) {
    const call = history[i];
    if (!isOfChannel(call) || (call.life !== life && !isOpenDrop(call))) continue;
    // whoever died while it opened one has seen none that we know of
    if (call.kind === "channel" && call.returned === Number.POSITIVE_INFINITY) continue;
    if (call.returned !== Number.POSITIVE_INFINITY) everyAnswer |= 1 << count;
    calls[count++] = call;
  }
  return count === 0 || searchFifo(0, [], capacity);
}

/** @param items null: it was dropped */
function searchFifo(placed: number, items: readonly number[] | null, capacity: number): boolean {
  if ((placed & everyAnswer) === everyAnswer) return true;
  let firstReturn = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    if (!(placed & (1 << i)) && calls[i].returned < firstReturn) firstReturn = calls[i].returned;
  }
  for (let i = 0; i < count; i++) {
    const call = calls[i];
    if (placed & (1 << i) || call.invoked > firstReturn) continue;
    const after = stepFifo(items, call, capacity);
    if (after !== undefined && searchFifo(placed | (1 << i), after, capacity)) return true;
  }
  return false;
}

/** What is in the channel after the call; undefined if it cannot have answered so. */
function stepFifo(items: readonly number[] | null, call: Call, capacity: number): readonly number[] | null | undefined {
  const open = call.returned === Number.POSITIVE_INFINITY;
  if (call.kind === "channel") return items === null ? undefined : items;
  if (items === null) return open || call.result === GONE ? null : undefined;
  if (call.kind === "dropChannel") return null;
  if (call.kind === "send") {
    const taken = items.length < capacity;
    if (!open && call.result !== (taken ? 1 : 0)) return undefined;
    return taken ? [...items, call.value] : items;
  }
  const value = items.length > 0 ? items[0] : 0;
  return open || call.result === value ? items.slice(1) : undefined;
}
