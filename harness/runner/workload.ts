/** What a run replays, ready to be handed out: key strings, one stream a worker and phase, and what exists beforehand. */
import {
  createPreload,
  createStream,
  keyName,
  loadScenario,
  loadTrace,
  OPERATION_NAMES,
  type OperationStream,
  type Scenario,
  type Trace,
} from "../../workloads/index.js";
import type { AgentStream } from "../measure/stream.js";
import type { SubjectNamespace } from "../subjects/subject.js";
import type { Preload, RunPlan } from "./messages.js";

/** Operations drawn per worker and phase; a longer phase goes round again. Enough to outgrow any CPU cache. */
const STREAM_OPERATIONS = 262_144;

export interface WorkloadPhase {
  readonly name: string;
  /** One a worker. */
  readonly streams: readonly AgentStream[];
  /** Length of the throughput pass over this phase: at most so many ms, at most so many operations of all workers. */
  readonly milliseconds: number | null;
  readonly operations: number | null;
  /** True: the stream is gone through once and no more (a trace). */
  readonly once: boolean;
  /** Open loop, operations per second of all workers together; null: closed loop. */
  readonly rate: number | null;
}

export interface Workload {
  readonly scenario: Scenario;
  readonly keys: readonly string[];
  readonly keyBytes: Uint16Array;
  /** The largest value written by key, bytes; -1: never written. */
  readonly largestValues: Int32Array;
  /** Every size of value that is written. */
  readonly valueSizes: Uint32Array;
  readonly namespaces: readonly SubjectNamespace[];
  /** Index into `namespaces` by key; null when there is only one. */
  readonly namespaceOf: Uint8Array | null;
  readonly phases: readonly WorkloadPhase[];
  /** Keys set before the measurement, by worker. */
  readonly preloads: readonly Preload[];
  /** Names of the operations that occur. */
  readonly operations: readonly string[];
  readonly notes: readonly string[];
}

type Source = Pick<RunPlan, "scenario" | "trace" | "workers" | "seed" | "durationMs" | "ops" | "rate">;

/** Makes the workload of a plan. Throws InvalidArgumentError for a scenario or trace that cannot be read. */
export async function makeWorkload(plan: Source): Promise<Workload> {
  const scenario = loadScenario(plan.scenario);
  const trace =
    plan.trace === null
      ? undefined
      : await loadTrace(plan.trace.path, {
          format: plan.trace.format ?? undefined,
          limit: plan.trace.limit ?? undefined,
        });
  const lengths = phaseLengths(scenario, plan);
  const names = scenario.phases.map((phase) => phase.namespace ?? DEFAULT_NAMESPACE);
  const namespaces = [...new Set(names)].map((name) => namespaceNamed(scenario, name));
  const table = new KeyTable(namespaces.length);
  const phases = scenario.phases.map((phase, index): WorkloadPhase => {
    const { milliseconds, operations } = lengths[index];
    const namespace = namespaces.findIndex(({ name }) => name === names[index]);
    const count = Math.min(
      STREAM_OPERATIONS,
      operations === null ? STREAM_OPERATIONS : Math.ceil(operations / plan.workers),
    );
    const streams = Array.from({ length: plan.workers }, (_, worker) => {
      const drawn = createStream(phase, { seed: plan.seed, worker, workers: plan.workers, count, phase: index, trace });
      return table.adopt(drawn, namespace);
    });
    const once = phase.keys.distribution === "trace";
    return {
      name: phase.name ?? `phase ${index + 1}`,
      streams,
      milliseconds,
      operations,
      once,
      rate: plan.rate ?? phase.rate ?? null,
    };
  });
  const preloads = Array.from({ length: plan.workers }, (_, worker) =>
    table.adoptPreload(createPreload(scenario, { seed: plan.seed, worker, workers: plan.workers, trace })),
  );
  return {
    scenario,
    ...table.finish(namespaces),
    phases,
    preloads,
    operations: operationNames(phases),
    notes: notesOf(trace, plan.workers),
  };
}

const DEFAULT_NAMESPACE = "bench";

function namespaceNamed(scenario: Scenario, name: string): SubjectNamespace {
  const declared = scenario.namespaces.find((one) => one.name === name);
  return { name, maxEntries: declared?.maxEntries, maxBytes: declared?.maxBytes };
}

/**
 * How long each phase lasts. Nothing asked for: what the scenario says. Else the time or the operations asked for are
 * divided among the phases as their durations are to each other; a phase given in operations counts as an average one.
 */
export function phaseLengths(
  scenario: Scenario,
  asked: { readonly durationMs: number | null; readonly ops: number | null },
): Array<{ milliseconds: number | null; operations: number | null }> {
  if (asked.durationMs === null && asked.ops === null) {
    return scenario.phases.map((phase) => ({
      milliseconds: phase.duration ?? null,
      operations: phase.operations ?? null,
    }));
  }
  const timed = scenario.phases.flatMap(({ duration }) => (duration === undefined ? [] : [duration]));
  const average = timed.length === 0 ? 1 : timed.reduce((sum, one) => sum + one, 0) / timed.length;
  const weights = scenario.phases.map(({ duration }) => duration ?? average);
  const total = weights.reduce((sum, one) => sum + one, 0);
  let before = 0;
  return weights.map((weight) => {
    const from = before / total;
    before += weight;
    const to = before / total;
    return {
      milliseconds: asked.durationMs === null ? null : asked.durationMs * (to - from),
      // Rounded at both ends, so that the phases' operations add up to what was asked for.
      operations: asked.ops === null ? null : Math.round(asked.ops * to) - Math.round(asked.ops * from),
    };
  });
}

/**
 * Key numbers of all phases as one dense list. With several namespaces a key's string begins with its namespace, so that
 * a subject without namespaces keeps them apart too.
 */
class KeyTable {
  readonly #several: boolean;
  readonly #numbers: Array<Map<number, number>>;
  readonly #keys: string[] = [];
  readonly #namespaceOf: number[] = [];
  readonly #largest: number[] = [];
  readonly #sizes = new Set<number>();

  constructor(namespaces: number) {
    this.#several = namespaces > 1;
    this.#numbers = Array.from({ length: namespaces }, () => new Map());
  }

  adopt(drawn: OperationStream, namespace: number): AgentStream {
    const keys = new Uint32Array(drawn.count);
    for (let i = 0; i < drawn.count; i++) {
      const key = this.#number(drawn.keys[i], namespace, drawn.keyName);
      keys[i] = key;
      if (WRITES[drawn.ops[i]] === 1) this.#written(key, drawn.sizes[i]);
    }
    return { length: drawn.count, kinds: drawn.ops, keys, sizes: drawn.sizes, ttls: drawn.ttls };
  }

  /** The preload is of the first phase's keys, which are generated ones. */
  adoptPreload(drawn: { keys: Uint32Array; sizes: Uint32Array }): Preload {
    return {
      keys: drawn.keys.map((key, i) => {
        const own = this.#number(key, 0, keyName);
        this.#written(own, drawn.sizes[i]);
        return own;
      }),
      sizes: drawn.sizes,
    };
  }

  finish(namespaces: readonly SubjectNamespace[]) {
    const keys = this.#several
      ? this.#keys.map((key, i) => `${namespaces[this.#namespaceOf[i]].name}/${key}`)
      : this.#keys;
    return {
      keys,
      keyBytes: Uint16Array.from(keys, (key) => Buffer.byteLength(key)),
      largestValues: Int32Array.from(this.#largest),
      valueSizes: Uint32Array.from(this.#sizes),
      namespaces,
      namespaceOf: this.#several ? Uint8Array.from(this.#namespaceOf) : null,
    };
  }

  #number(key: number, namespace: number, nameOf: (key: number) => string): number {
    const numbers = this.#numbers[namespace];
    let number = numbers.get(key);
    if (number === undefined) {
      number = this.#keys.length;
      numbers.set(key, number);
      this.#keys.push(nameOf(key));
      this.#namespaceOf.push(namespace);
      this.#largest.push(-1);
    }
    return number;
  }

  #written(key: number, size: number): void {
    if (size > this.#largest[key]) this.#largest[key] = size;
    this.#sizes.add(size);
  }
}

/** 1 for the codes of operations that write a value. */
const WRITES = Uint8Array.from(OPERATION_NAMES, (name) =>
  name === "set" || name === "insert" || name === "readModifyWrite" || name === "getOrSet" ? 1 : 0,
);

function operationNames(phases: readonly WorkloadPhase[]): string[] {
  const seen = new Set<number>();
  for (const { streams } of phases) for (const { kinds } of streams) for (const kind of kinds) seen.add(kind);
  return OPERATION_NAMES.filter((_, kind) => seen.has(kind));
}

function notesOf(trace: Trace | undefined, workers: number): string[] {
  if (trace === undefined) return [];
  return [
    `trace ${trace.name} (${trace.format}): ${trace.requests} requests of ${trace.distinct} objects, starting on an empty store`,
    `requests dealt to the workers in turn: request i to worker i mod ${workers}`,
    ...(trace.sizes === null ? ["the trace has no sizes: every value has 64 bytes"] : []),
  ];
}
