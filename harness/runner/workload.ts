/** What a run replays, ready to be handed out: key strings, one stream a worker and phase, and what exists beforehand. */

import { InvalidArgumentError } from "../../src/errors.js";
import {
  type Assignment,
  arrivalsBy,
  assignmentOf,
  createPreload,
  createStream,
  loadTrace,
  NEXT,
  OP_HAND_OFF,
  type OperationStream,
  type Phase,
  type Rate,
  type Role,
  recipientOf,
  type Scenario,
  STREAM_OPERATIONS,
  type StreamOperation,
  type Trace,
} from "../../workloads/index.js";
import { valueLimit } from "../../workloads/value-limit.js";
import { type AgentStream, countKinds } from "../measure/index.js";
import type { Mailboxes, SubjectNamespace } from "../subjects/index.js";
import { KeyTable } from "./key-table.js";
import type { Preload, RunPlan } from "./messages.js";
import { Namespaces } from "./namespaces.js";
import { phaseLengths } from "./phase-lengths.js";

/** Operations drawn per worker and phase; a longer phase goes round again. Enough to outgrow any CPU cache. */
const STREAM_LENGTH = 262_144;
/** Of a phase that inserts and whose number of operations is known, so that it need not go round. */
const LONGEST_WITH_INSERTS = 2_097_152;
/** Inserts in a stream that goes round: each round they get other names, for which the pass stands still. */
const INSERTS_A_ROUND = 32_768;

/** A trace may say of any object that it is large, and more workers than the scenario has by itself leave less of its capacity. */
function refuseLargeValues(
  { file, store }: Scenario,
  { workers }: Assignment,
  valueSizes: Uint32Array,
  trace: Trace | undefined,
): void {
  const largest = valueSizes.reduce((most, size) => Math.max(most, size), 0);
  const { bytes, said } = valueLimit(store, workers);
  if (largest <= bytes) return;
  const what = trace === undefined ? "it" : `the trace ${trace.name}`;
  const expected = trace === undefined ? "" : "values: { distribution: trace, max: … } of ";
  throw new InvalidArgumentError(
    `${file}: ${what} writes values of ${largest} bytes; on ${workers} workers expected ${expected}at most ${said}`,
  );
}

/** What an operation counts for besides its kind. */
export interface Label {
  /** Under which its latencies are told apart from all others; null: under none. */
  readonly name: string | null;
  /** The role it is done in; null where all agents do the same. */
  readonly role: string | null;
}

export interface WorkloadPhase {
  /** Of phases of one name all are the same phase, come back to. */
  readonly name: string;
  /** One a worker; a worker none of whose agents has a part in the phase has an empty one. */
  readonly streams: readonly AgentStream[];
  /** Length of the throughput pass over this phase: at most so many ms, at most so many operations of all workers. */
  readonly milliseconds: number | null;
  readonly operations: number | null;
  /** True: the stream is gone through once and no more (a trace). */
  readonly once: boolean;
  /** Open loop, of all workers together; null: closed loop. */
  readonly rate: Rate | null;
  /** How long a ramp of the rate takes, ms. */
  readonly rampMs: number;
  /** By worker: the keys that are inserted; null: none are. */
  readonly freshKeys: ReadonlyArray<Uint32Array | null>;
  /** From one backup to the next, ms; null: none are taken. */
  readonly backupEveryMs: number | null;
}

export interface Workload {
  readonly scenario: Scenario;
  readonly assignment: Assignment;
  readonly keys: readonly string[];
  readonly keyBytes: Uint16Array;
  /** The largest value written by key, bytes; -1: never written. */
  readonly largestValues: Int32Array;
  /** Every size of value that is written or sent. */
  readonly valueSizes: Uint32Array;
  readonly namespaces: readonly SubjectNamespace[];
  /** Index into `namespaces` by key; null when there is only one. */
  readonly namespaceOf: Uint16Array | null;
  readonly mailboxes: Mailboxes | undefined;
  readonly phases: readonly WorkloadPhase[];
  /** Whether figures carry their phase's name: the scenario has several. */
  readonly namesPhases: boolean;
  /** How far the numbers of inserted keys move when a stream goes round. */
  readonly freshStride: number;
  /** Keys set before the measurement, by worker. */
  readonly preloads: readonly Preload[];
  /** Labels by number; the first stands for none. */
  readonly labels: readonly Label[];
  /** Names of the operations that occur. */
  readonly operations: readonly StreamOperation[];
  readonly notes: readonly string[];
  /** What was taken out because the subject cannot do it; null: nothing. */
  readonly leftOut: { operations: string[]; phases: string[] } | null;
}

type Source = Pick<RunPlan, "scenario" | "trace" | "workers" | "seed" | "durationMs" | "ops" | "rate">;

/** Makes the workload of a plan. Throws InvalidArgumentError for a trace that cannot be read, or is none for this scenario. */
export async function makeWorkload(plan: Source): Promise<Workload> {
  const { scenario } = plan;
  const trace = await traceOf(plan);
  const assignment = assignmentOf(scenario, plan.workers);
  const names = phaseNames(scenario.phases);
  const drawn = scenario.phases.map((phase, index) =>
    drawPhase(phase, { index, name: names[index] }, plan, assignment, lengthsOf(scenario, plan), trace),
  );
  const preloaded = workersOf(assignment).map((worker) =>
    createPreload(scenario, { seed: plan.seed, worker, assignment, trace }),
  );

  const namespaces = new Namespaces(scenario);
  // All namespaces are numbered before the first key is, so that one alone is known to be.
  const spaces = drawn.map(({ phase, streams }) =>
    streams.map((stream, worker) => spacesOf(stream, worker, phase, namespaces)),
  );
  const [first] = scenario.phases;
  const located = preloaded.map((keys) =>
    keys.map((one) => ({ ...one, namespace: namespaces.numberOf(first, one.role, one.agent) })),
  );
  const labels = labelsOf(scenario);
  const table = new KeyTable(namespaces.list.length);
  // What phases insert lies apart, round by round: all of the first round, phase after phase, then all of the second.
  const lane = drawn.reduce((most, { streams }) => streams.reduce((m, { keySpace }) => Math.max(m, keySpace), most), 0);
  const phases = drawn.map(({ phase, streams, ...rest }, index): WorkloadPhase => {
    const inserted = streams.map((stream) => insertedIn(stream, phase, assignment));
    const adopted = streams.map(
      (stream, worker): AgentStream => ({
        length: stream.count,
        kinds: stream.ops,
        keys: table.numberKeys(stream, spaces[index][worker], inserted[worker], index * lane),
        sizes: stream.sizes,
        ttls: stream.ttls,
        labels: labelColumn(stream, phase, labels, scenario),
      }),
    );
    const freshKeys = adopted.map(({ keys }, worker) => distinct(keys, inserted[worker]));
    return { ...rest, streams: adopted, freshKeys };
  });
  const preloads = located.map((keys) => table.adoptPreload(keys));
  const mailboxes = mailboxesOf(table, phases, scenario, assignment);
  const written = table.finish(namespaces.list);
  refuseLargeValues(scenario, assignment, written.valueSizes, trace);
  return {
    scenario,
    assignment,
    ...written,
    mailboxes,
    phases,
    namesPhases: new Set(names).size > 1,
    freshStride: lane * drawn.length,
    preloads,
    labels,
    operations: operationNames(phases),
    notes: notesOf(trace, assignment, scenario),
    leftOut: null,
  };
}

type Lengths = ReturnType<typeof phaseLengths>;
type DrawnPhase = Omit<WorkloadPhase, "streams" | "freshKeys"> & { phase: Phase; streams: OperationStream[] };

function drawPhase(
  phase: Phase,
  { index, name }: { index: number; name: string },
  plan: Source,
  assignment: Assignment,
  lengths: Lengths,
  trace: Trace | undefined,
): DrawnPhase {
  const { milliseconds, operations } = lengths[index];
  const rate: Rate | null = plan.rate === null ? (phase.rate ?? null) : { shape: "constant", rate: plan.rate };
  const rampMs = milliseconds ?? phase.duration ?? 0;
  const due = rate === null || milliseconds === null ? null : Math.ceil(arrivalsBy(rate, milliseconds, rampMs)) + 1;
  const count = streamLength(phase, assignment, least(operations, due));
  return {
    phase,
    name,
    streams: workersOf(assignment).map((worker) =>
      createStream(phase, { seed: plan.seed, worker, assignment, count, phase: index, trace }),
    ),
    milliseconds,
    operations,
    once: phase.roles[0].keys.distribution === "trace",
    rate,
    rampMs,
    backupEveryMs: phase.backups?.every ?? null,
  };
}

function least(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : Math.min(one, other);
}

/** @param operations of all workers together, as far as they are known beforehand */
function streamLength(phase: Phase, { workers }: Assignment, operations: number | null): number {
  const share = operations === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(operations / workers));
  const inserts = Math.max(...phase.roles.map(insertShare));
  if (inserts === 0) return Math.min(STREAM_LENGTH, share);
  if (share <= LONGEST_WITH_INSERTS) return share;
  return Math.min(STREAM_LENGTH, Math.ceil(INSERTS_A_ROUND / inserts));
}

function insertShare({ mix }: Role): number {
  const total = Object.values(mix).reduce<number>((sum, weight) => sum + (weight ?? 0), 0);
  return (mix.insert ?? 0) / total;
}

/** Tells of each operation of a stream whether its key is one that the stream itself inserts; null: it inserts none. */
function insertedIn(
  { keys, roles }: OperationStream,
  phase: Phase,
  assignment: Assignment,
): ((i: number) => boolean) | null {
  if (phase.roles.every((role) => insertShare(role) === 0)) return null;
  const existing = phase.roles.map(({ keys: spec, agents }) => {
    if (spec.distribution === "trace") return Number.POSITIVE_INFINITY;
    const peers =
      agents === undefined ? assignment.agents : (assignment.groups.find(({ name }) => name === agents)?.count ?? 0);
    return spec.scope === "agent" ? peers * spec.count : spec.count;
  });
  return (i) => keys[i] >= existing[roles === null ? 0 : roles[i]];
}

function distinct(keys: Uint32Array, picked: ((i: number) => boolean) | null): Uint32Array | null {
  if (picked === null) return null;
  const found = new Set<number>();
  for (let i = 0; i < keys.length; i++) if (picked(i)) found.add(keys[i]);
  return Uint32Array.from(found);
}

/**
 * The phases' names. Phases of one name that ask for the same, whatever their length, are one phase that is come back to; others of
 * that name are numbered, for their figures must not be counted together.
 */
export function phaseNames(phases: readonly Phase[]): string[] {
  const asked = phases.map(({ duration: _, operations: __, ...rest }) => JSON.stringify(rest));
  const taken = new Map<string, string>();
  return phases.map(({ name }, index) => {
    const own = name ?? `phase ${index + 1}`;
    for (let nth = 1; ; nth++) {
      const title = nth === 1 ? own : `${own} (${nth})`;
      if (!taken.has(title)) taken.set(title, asked[index]);
      if (taken.get(title) === asked[index]) return title;
    }
  });
}

function lengthsOf(scenario: Scenario, plan: Source): Lengths {
  return phaseLengths(scenario, plan);
}

async function traceOf({ trace }: Source): Promise<Trace | undefined> {
  if (trace === null) return undefined;
  return loadTrace(trace.path, { format: trace.format ?? undefined, limit: trace.limit ?? undefined });
}

function workersOf({ workers }: Assignment): number[] {
  return Array.from({ length: workers }, (_, worker) => worker);
}

/** Tells the namespace of each operation of a stream. */
function spacesOf(
  stream: OperationStream,
  worker: number,
  phase: Phase,
  namespaces: Namespaces,
): (i: number) => number {
  const { roles, agents, count } = stream;
  if (roles === null && agents === null) {
    const only = namespaces.numberOf(phase, 0, worker);
    return () => only;
  }
  const numbers = Uint16Array.from({ length: count }, (_, i) =>
    namespaces.numberOf(phase, roles === null ? 0 : roles[i], agents === null ? worker : agents[i]),
  );
  return (i) => numbers[i];
}

const NO_LABEL: Label = { name: null, role: null };

function labelsOf(scenario: Scenario): Label[] {
  const roles = scenario.phases.flatMap((phase) => phase.roles.map((role) => labelOf(role, scenario)));
  const differ = new Map(roles.map((label) => [JSON.stringify(label), label]));
  return [NO_LABEL, ...[...differ.values()].filter(({ name, role }) => name !== null || role !== null)];
}

/** A role goes by its agents and namespace, as far as they say something, and by its label. */
function labelOf({ agents, namespace, label }: Role, scenario: Scenario): Label {
  const name = label ?? null;
  if (!hasRoles(scenario)) return { name, role: null };
  const base = [...new Set([agents, namespace].filter((part) => part !== undefined))].join(", ");
  if (label === undefined) return { name, role: base === "" ? "others" : base };
  return { name, role: base === "" || label.includes(base) ? label : `${base} (${label})` };
}

/** Whether agents do different things: some phase has several roles, or groups of agents have phases of their own. */
function hasRoles({ phases }: Scenario): boolean {
  const groups = new Set(phases.flatMap(({ roles }) => roles.map(({ agents }) => agents)));
  return groups.size > 1 || phases.some(({ roles }) => roles.length > 1);
}

/** Null when no operation has a label. */
function labelColumn(
  stream: OperationStream,
  phase: Phase,
  labels: readonly Label[],
  scenario: Scenario,
): Uint8Array | null {
  const numbers = phase.roles.map((role) => {
    const own = labelOf(role, scenario);
    return labels.findIndex(({ name, role: of }) => name === own.name && of === own.role);
  });
  if (numbers.every((number) => number === 0)) return null;
  const { roles } = stream;
  return Uint8Array.from({ length: stream.count }, (_, i) => numbers[roles === null ? 0 : roles[i]]);
}

/** Undefined when the scenario sends no messages. */
function mailboxesOf(
  table: KeyTable,
  phases: readonly WorkloadPhase[],
  scenario: Scenario,
  assignment: Assignment,
): Mailboxes | undefined {
  const next = Uint16Array.from({ length: assignment.agents }, (_, agent) => recipientOf(agent, NEXT, assignment));
  for (const { streams } of phases) {
    for (const { kinds, keys, length } of streams) {
      for (let i = 0; i < length; i++) if (kinds[i] === OP_HAND_OFF) table.addMailbox(next[keys[i]]);
    }
  }
  const used = table.mailboxes;
  return used.length === 0 ? undefined : { capacity: scenario.mailboxes.capacity, used, next };
}

function operationNames(phases: readonly WorkloadPhase[]): StreamOperation[] {
  const counts = phases.flatMap(({ streams }) => streams.map(countKinds));
  return STREAM_OPERATIONS.filter((_, kind) => counts.some((one) => one[kind] > 0));
}

function notesOf(trace: Trace | undefined, assignment: Assignment, scenario: Scenario): string[] {
  const notes: string[] = [];
  if (assignment.agents !== assignment.workers || scenario.groups.length > 1) {
    const groups = assignment.groups
      .flatMap(({ name, count }) => (name === null ? [] : [`${count} ${name}`]))
      .join(", ");
    notes.push(
      `${assignment.agents} agents${groups === "" ? "" : ` (${groups})`} take turns on ${assignment.workers} workers`,
    );
  }
  if (trace === undefined) return notes;
  return [
    ...notes,
    `trace ${trace.name} (${trace.format}): ${trace.requests} requests of ${trace.distinct} objects, starting on an empty store`,
    `requests dealt to the workers in turn: request i to worker i mod ${assignment.workers}`,
    ...(trace.sizes === null ? ["the trace has no sizes: every value has 64 bytes"] : []),
  ];
}
