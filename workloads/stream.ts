/**
 * Operation streams: what one worker does in one phase, drawn beforehand into typed arrays, so that the loop that is measured
 * allocates nothing and draws nothing. The same (phase, seed, worker, assignment, count) gives the same stream on every machine. Each
 * agent has a random stream of its own, so what it does does not depend on how many threads the agents share.
 */
import { InvalidArgumentError } from "../src/errors.js";
import { Random } from "../src/random.js";
import { AgentKeys, canShareChooser } from "./agent-keys.js";
import { type AgentRole, type Assignment, agentsOf, recipientOf, rolesOf } from "./agents.js";
import type { KeyChooser } from "./generators/chooser.js";
import { type SizeChooser, sizeChooser } from "./generators/sizes.js";
import {
  MIX_OPERATIONS,
  OP_APPEND,
  OP_DELETE,
  OP_GET,
  OP_HAND_OFF,
  OP_INCREMENT,
  OP_INSERT,
  OP_READ_MODIFY_WRITE,
  OP_RECEIVE,
  OP_SCAN,
  OP_SEND,
  OP_SET,
  operationCode,
  WRITES_VALUE,
} from "./operations.js";
import type { Phase, Role, RoleValues, Scenario } from "./scenario.js";
import type { Trace } from "./traces/open.js";

/** Bytes of a value replayed from a trace that tells no sizes. */
const SIZE_WITHOUT_TRACE = 64;

/** Streams of one seed: the operations, the key preload, and one per phase of each. */
const OPERATIONS_STREAM = 1;
const PRELOAD_STREAM = 2;

export interface OperationStream {
  readonly count: number;
  /** Codes of operations.ts. */
  readonly ops: Uint8Array;
  /** Key numbers, which `keyName` spells; of operations on mailboxes the number of the agent whose mailbox it is. */
  readonly keys: Uint32Array;
  /**
   * Bytes of the value an operation writes (or would write on a miss) or of the message it sends; entries of a scan; 0 where there
   * is neither.
   */
  readonly sizes: Uint32Array;
  /** Time to live of what is written, ms, 0 = for ever; null: the phase sets none. */
  readonly ttls: Uint32Array | null;
  /** Number of the role, within the phase, that each operation belongs to; null: the phase has one. */
  readonly roles: Uint8Array | null;
  /** The agent each operation is done for; null: the worker is one agent. */
  readonly agents: Uint16Array | null;
  /** Key numbers of this stream are below it. */
  readonly keySpace: number;
  /** The key as the store sees it: 16 bytes for generated ones, the trace's own otherwise. */
  keyName(key: number): string;
}

export interface StreamOptions {
  readonly seed: number;
  /** 0 … assignment.workers - 1. */
  readonly worker: number;
  readonly assignment: Assignment;
  /** Operations to draw; a runner that needs more goes round again. A trace phase ignores it: its length is the trace's. */
  readonly count: number;
  /** Number of the phase within its scenario: phases of one agent draw from different streams. */
  readonly phase?: number;
  /** What phases over a trace replay. */
  readonly trace?: Trace;
}

/** The generated key of a number: `user` and 12 digits, 16 bytes. */
export function keyName(key: number): string {
  return `user${String(key).padStart(12, "0")}`;
}

/** Draws one worker's operations of one phase. Throws InvalidArgumentError: a trace phase without a trace, worker out of range. */
export function createStream(phase: Phase, options: StreamOptions): OperationStream {
  const { worker, assignment, count } = options;
  if (!(Number.isSafeInteger(worker) && worker >= 0 && worker < assignment.workers)) {
    throw new InvalidArgumentError(
      `worker ${worker} of ${assignment.workers}; expected 0 to ${assignment.workers - 1}`,
    );
  }
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= 2 ** 31)) {
    throw new InvalidArgumentError(`a stream of ${count} operations; expected 1 to ${2 ** 31}`);
  }
  const [role] = phase.roles;
  if (role.keys.distribution === "trace") return traceStream(role, options, requiredTrace(options));
  return generatedStream(phase, options);
}

/** A key to set before the measurement: one of its role's. */
export interface PreloadedKey {
  readonly key: number;
  readonly size: number;
  readonly role: number;
  readonly agent: number;
}

/** Keys to set before the measurement, and the sizes of their values: this worker's part of the scenario's preload. */
export function createPreload(
  scenario: Pick<Scenario, "phases" | "preload">,
  options: Omit<StreamOptions, "count" | "phase">,
): PreloadedKey[] {
  const { worker, assignment, seed } = options;
  const [first] = scenario.phases;
  const preloaded: PreloadedKey[] = [];
  for (const agent of agentsOf(worker, assignment)) {
    const random = new Random(seed, PRELOAD_STREAM, agent);
    for (const { role, index, rank, peers } of rolesOf(agent, first, assignment)) {
      const { keys } = role;
      if (keys.distribution === "trace" || !holdsValues(role)) continue;
      const wanted = Math.round(keys.count * scenario.preload);
      const own = keys.scope === "agent" ? wanted : Math.ceil((wanted - rank) / peers);
      const size = sizesOf(role.values);
      for (let i = 0; i < own; i++) {
        const key = keys.scope === "agent" ? rank * keys.count + i : rank + i * peers;
        preloaded.push({ key, size: size(random), role: index, agent });
      }
    }
  }
  return preloaded;
}

/** Whether a role's keys hold values: counters start at nothing, and a log before its first entry too. */
function holdsValues({ mix }: Role): boolean {
  return (["get", "set", "readModifyWrite", "insert", "getOrSet", "borrow", "scan", "watch", "delete"] as const).some(
    (name) => (mix[name] ?? 0) > 0,
  );
}

function generatedStream(phase: Phase, options: StreamOptions): OperationStream {
  const { worker, assignment, count } = options;
  const choosers = new Map<Role, KeyChooser>();
  const agents = agentsOf(worker, assignment).flatMap((agent) => {
    const roles = rolesOf(agent, phase, assignment);
    return roles.length === 0 ? [] : [new DrawingAgent(agent, roles, options, choosers)];
  });
  const length = agents.length === 0 ? 0 : count;
  const stream = emptyStream(length, {
    ttls: phase.roles.some(({ ttl }) => ttl !== undefined),
    roles: phase.roles.length > 1,
    agents: assignment.agents !== assignment.workers,
  });
  for (let i = 0; i < length; i++) agents[i % agents.length].draw(stream, i);
  const keySpace = agents.reduce((most, agent) => Math.max(most, agent.keySpace), 0);
  return { count: length, ...stream, keySpace, keyName };
}

interface DrawingRole {
  readonly index: number;
  readonly role: Role;
  readonly keys: AgentKeys;
  readonly operation: (random: Random) => number;
  readonly size: SizeChooser;
  readonly scanLength: SizeChooser;
  readonly recipient: number;
}

/** One agent drawing its operations, one after the other. */
class DrawingAgent {
  readonly #agent: number;
  readonly #random: Random;
  readonly #roles: readonly DrawingRole[];
  readonly #choose: (random: Random) => number;

  constructor(agent: number, roles: readonly AgentRole[], options: StreamOptions, choosers: Map<Role, KeyChooser>) {
    const { seed, phase, assignment } = options;
    this.#agent = agent;
    this.#random = new Random(seed, OPERATIONS_STREAM, agent, phase ?? 0);
    this.#choose = weighted(roles.map(({ role }) => role.weight));
    this.#roles = roles.map(({ role, index, rank, peers }) => {
      const { keys: spec, mix, values, scan, to } = role;
      if (spec.distribution === "trace") throw new InvalidArgumentError("a trace is replayed by a phase of one role");
      const keys = new AgentKeys(role, spec, rank, peers, choosers.get(role));
      // A zipfian chooser sums over all its keys when it is made: once for all agents, not once for each.
      if (canShareChooser(role)) choosers.set(role, keys.chooser);
      return {
        index,
        role,
        keys,
        operation: operationChooser(mix),
        size: sizesOf(values),
        scanLength: sizeChooser({ distribution: "uniform", ...(scan ?? { min: 1, max: 1 }) }),
        recipient: to === undefined ? agent : recipientOf(agent, to, assignment),
      };
    });
  }

  get keySpace(): number {
    return this.#roles.reduce((most, { keys }) => Math.max(most, keys.keySpace), 0);
  }

  draw(stream: DrawnColumns, i: number): void {
    const random = this.#random;
    const { index, role, keys, operation, size, scanLength, recipient } = this.#roles[this.#choose(random)];
    const op = operation(random);
    stream.ops[i] = op;
    if (stream.roles !== null) stream.roles[i] = index;
    if (stream.agents !== null) stream.agents[i] = this.#agent;
    switch (op) {
      case OP_SEND:
        stream.keys[i] = recipient;
        stream.sizes[i] = size(random);
        return;
      case OP_HAND_OFF:
        stream.keys[i] = this.#agent;
        stream.sizes[i] = size(random);
        return;
      case OP_RECEIVE:
        stream.keys[i] = this.#agent;
        return;
      case OP_INSERT:
        stream.keys[i] = keys.insert();
        break;
      case OP_APPEND:
        stream.keys[i] = keys.append();
        break;
      default:
        stream.keys[i] = keys.next(random);
    }
    if (op === OP_SCAN) stream.sizes[i] = scanLength(random);
    if (WRITES_VALUE[op] === 1) writeValue(stream, i, size(random), role, random);
  }
}

/** Every worker replays its share of the requests: worker 1 of 4 takes requests 1, 5, 9 … in order. */
function traceStream(role: Role, options: StreamOptions, trace: Trace): OperationStream {
  const { worker, assignment } = options;
  const random = new Random(options.seed, OPERATIONS_STREAM, worker, options.phase ?? 0);
  const count = Math.max(0, Math.ceil((trace.requests - worker) / assignment.workers));
  const stream = emptyStream(count, {
    ttls: role.ttl !== undefined || trace.ttls !== null,
    roles: false,
    agents: false,
  });
  const nextOperation = operationChooser(role.mix);
  const { values } = role;
  const ownSizes = values.distribution === "trace" ? undefined : sizesOf(values);
  const largest = values.distribution === "trace" ? (values.max ?? 0xffffffff) : 0;
  for (let i = 0; i < count; i++) {
    const request = worker + i * assignment.workers;
    const op = replayedOperation(trace.ops?.[request] ?? OP_GET) ?? nextOperation(random);
    stream.ops[i] = op;
    stream.keys[i] = trace.ids[request];
    if (WRITES_VALUE[op] === 0) continue;
    const size = ownSizes?.(random) ?? Math.min(trace.sizes?.[request] ?? SIZE_WITHOUT_TRACE, largest);
    writeValue(stream, i, size, role, random);
    if (role.ttl === undefined && stream.ttls !== null) stream.ttls[i] = milliseconds(trace.ttls?.[request] ?? 0);
  }
  return { count, ...stream, keySpace: trace.distinct, keyName: (key) => trace.keyOf(key) };
}

/** What the trace says was written stays a write; what it read becomes what the scenario's mix says (cache-aside, mostly). */
function replayedOperation(op: number): number | undefined {
  if (op === OP_SET || op === OP_DELETE) return op;
  // Any value may sit under the key, so a trace's increment is a read and a write, not an atomic add.
  return op === OP_INCREMENT ? OP_READ_MODIFY_WRITE : undefined;
}

function requiredTrace({ trace }: StreamOptions): Trace {
  if (trace === undefined)
    throw new InvalidArgumentError("this scenario replays a trace, and none was given; expected --trace FILE");
  return trace;
}

type DrawnColumns = Pick<OperationStream, "ops" | "keys" | "sizes" | "ttls" | "roles" | "agents">;

function emptyStream(count: number, columns: { ttls: boolean; roles: boolean; agents: boolean }): DrawnColumns {
  return {
    ops: new Uint8Array(count),
    keys: new Uint32Array(count),
    sizes: new Uint32Array(count),
    ttls: columns.ttls ? new Uint32Array(count) : null,
    roles: columns.roles ? new Uint8Array(count) : null,
    agents: columns.agents ? new Uint16Array(count) : null,
  };
}

function writeValue(stream: DrawnColumns, i: number, size: number, role: Role, random: Random): void {
  stream.sizes[i] = size;
  if (role.ttl === undefined || stream.ttls === null) return;
  const min = Math.max(1, Math.round(role.ttl.min));
  const max = Math.max(min, Math.round(role.ttl.max));
  stream.ttls[i] = min + random.below(max - min + 1);
}

function milliseconds(seconds: number): number {
  return Math.min(seconds * 1000, 0xffffffff);
}

function sizesOf(values: RoleValues): SizeChooser {
  if (values.distribution === "trace") throw new InvalidArgumentError("values of a trace need keys of a trace");
  return sizeChooser(values);
}

/** Draws operation codes by weight. */
function operationChooser(mix: Role["mix"]): (random: Random) => number {
  const names = MIX_OPERATIONS.filter((name) => (mix[name] ?? 0) > 0);
  const codes = names.map(operationCode);
  const choose = weighted(names.map((name) => mix[name] ?? 0));
  return (random) => codes[choose(random)];
}

/** Draws an index by weight; of one alone nothing is drawn. */
function weighted(weights: readonly number[]): (random: Random) => number {
  if (weights.length === 1) return () => 0;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return (random) => {
    let left = random.unit() * total;
    for (let i = 0; i < weights.length; i++) {
      left -= weights[i];
      if (left < 0) return i;
    }
    return weights.length - 1;
  };
}
