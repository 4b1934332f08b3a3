/**
 * results.json: what a run wrote down, and everything a report or the gate may use. One schema, checked on the way out
 * and on the way in, so a file from another version or one cut short is refused by name instead of drawn wrongly.
 *
 * @module engram/results
 */

import { z } from "zod";
import { ingestUseSchema } from "./ingest-use.js";

export { type IngestUse, ingestUseSchema } from "./ingest-use.js";

/**
 * 1: a run was one heap of figures, whatever phases it had. 2: its phases are told apart. Older files are read where nothing was
 * mixed up in them, see read-results.ts.
 */
export const SCHEMA_VERSION = 2;

const loop = z.enum(["closed", "open"]);

/**
 * One latency distribution, in nanoseconds. `batched`: the distribution of batch means (cost per operation);
 * `sampled`: single operations timed on their own (tail), with the timer floor already subtracted. The two are never
 * mixed: percentiles of batch means are not percentiles of operations.
 */
export const latencySchema = z.object({
  mode: z.enum(["batched", "sampled"]),
  /** Operations behind the figures (batched: operations in all batches). */
  count: z.number().int().nonnegative(),
  mean: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
  /** Sampled: below this many ns a figure is only known to be `<= floor`. */
  floor: z.number().nonnegative().optional(),
  /** The figure is within 1.4 x of the empty loop: probably optimised away. */
  suspect: z.boolean().optional(),
  /** Percentile spectrum: [quantile 0..1, ns] pairs, ascending. */
  spectrum: z.array(z.tuple([z.number(), z.number()])).optional(),
  /** What its name is made of: the operation, what it goes by besides (a role's or phase's label), the phase where there are several. */
  operation: z.string().optional(),
  label: z.string().optional(),
  phase: z.string().optional(),
  /** Of an open loop: timed from the intended start, so that waiting counts, or from the actual one. Absent: closed loop. */
  from: z.enum(["intended", "actual"]).optional(),
});

/** What was done in one interval of a run. */
export const seriesPointSchema = z.object({
  /** Seconds since the start of the measured part, at the end of the interval this point stands for. */
  t: z.number(),
  /** Operations that ended in the interval since the point before (for the first one: since the start). */
  ops: z.number(),
  p50: z.number().optional(),
  p99: z.number().optional(),
});

/** Something that happened while measuring and may explain a dent in a series. */
export const eventSchema = z.object({
  /** Seconds since the start of the measured part. */
  t: z.number(),
  kind: z.enum(["gc", "backup", "policy", "pressure", "phase"]),
  label: z.string().optional(),
});

/** One phase of a run that has several: what it reached by itself. Phases of one name are the same phase, come back to. */
export const phaseSchema = z.object({
  name: z.string(),
  loop,
  /** Operations a second that were asked for, on average; null: closed loop. */
  rate: z.number().positive().nullable(),
  ops: z.number().int().nonnegative(),
  /** Operations that failed, which are no part of `ops`. */
  failed: z.number().int().nonnegative(),
  seconds: z.number().nonnegative(),
  opsPerSecond: z.number().nonnegative(),
  /** 95 % of the throughput's uncertainty, as a share, from how much its slices differ; null: too few of them. */
  error: z.number().nonnegative().nullable(),
  hitRatio: z.number().min(0).max(1).nullable(),
  hits: z.number().int().nonnegative(),
  misses: z.number().int().nonnegative(),
});

/** A figure that answers to a documented target, from whichever tool measured it. */
export const targetFigureSchema = z.object({
  target: z.string(),
  value: z.number(),
  /** The target's own. */
  unit: z.string(),
  method: z.string(),
  rounds: z.number().int().positive().optional(),
});

/** What a swarm learned, round by round. */
export const learningSchema = z.object({
  environment: z.string(),
  agents: z.number().int().positive(),
  threads: z.number().int().positive(),
  /** Mean return of the best policy there is. */
  optimum: z.number(),
  /** Mean return of the greedy policy of a table after each round, from every start alike. */
  curves: z.array(
    z.object({
      name: z.string(),
      points: z.array(z.object({ round: z.number().int().nonnegative(), value: z.number() })),
    }),
  ),
  /** Threads killed in mid-round, and what became of their agents. */
  kills: z.array(
    z.object({
      round: z.number().int().positive(),
      /** Agents it owned. */
      agents: z.number().int().nonnegative(),
      /** Of these, claimed by the thread that took its place. */
      claimed: z.number().int().nonnegative(),
      /** Of these, found in the middle of an update. */
      poisoned: z.number().int().nonnegative(),
      /** From the kill until the last was claimed. */
      milliseconds: z.number().nonnegative(),
    }),
  ),
  /** Agents that went through every round. */
  finished: z.number().int().nonnegative(),
  steps: z.number().int().nonnegative(),
  episodes: z.number().int().nonnegative(),
  /** Without starting threads and judging tables. */
  seconds: z.number().nonnegative(),
  stepsPerSecond: z.number().nonnegative(),
  /** In arenas, a share of what they share included; bytes an agent. */
  agentBytes: z.number().nonnegative(),
  /** Of one index that all threads search. */
  knowledge: z
    .object({
      vectors: z.number().int().positive(),
      dimensions: z.number().int().positive(),
      kind: z.string(),
      lookups: z.number().int().nonnegative(),
      lookupsPerSecond: z.number().nonnegative(),
      /** Of the ten nearest, those found, by comparison with looking at all. */
      recall: z.number().min(0).max(1),
      buildMs: z.number().nonnegative(),
    })
    .optional(),
});

/** What agents held beside a store: pools, configuration, caches of one thread. */
export const resourceUseSchema = z.object({
  pool: z
    .object({
      /** What was behind the connections, as a sentence has it. */
      server: z.string(),
      users: z.number().int().positive(),
      /** Connections at most. */
      max: z.number().int().positive(),
      /** One user at a warm pool; µs. */
      warm: z.object({
        count: z.number().int().positive(),
        perSecond: z.number().nonnegative(),
        p50: z.number().nonnegative(),
        p99: z.number().nonnegative(),
      }),
      /** All users at once: first while all is well. */
      steps: z.array(
        z.object({
          name: z.string(),
          users: z.number().int().positive(),
          served: z.number().int().nonnegative(),
          /** Those who were not, by the code of their error. */
          failed: z.record(z.string(), z.number().int().positive()),
          seconds: z.number().nonnegative(),
          /** Connections that were made, and the most that were open at a time. */
          opened: z.number().int().nonnegative(),
          peak: z.number().int().nonnegative(),
          /** Until a connection was in hand, ms. */
          wait: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
        }),
      ),
    })
    .optional(),
  config: z
    .object({
      threads: z.number().int().positive(),
      /** Versions that were made, and updates that the schema refused. */
      updates: z.number().int().nonnegative(),
      refused: z.number().int().nonnegative(),
      /** Threads that were killed in the middle of updates without end. */
      killed: z.number().int().nonnegative(),
      /** Calls of observers, in all threads; and of these threads, those that saw the last version. */
      told: z.number().int().nonnegative(),
      final: z.number().int().nonnegative(),
      /** From an update until an observer was told of it, ms. */
      latency: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
      /** Of the value, by all threads, meanwhile. */
      reads: z.number().int().nonnegative(),
      readNs: z.number().nonnegative(),
    })
    .optional(),
  cache: z
    .object({
      entries: z.number().int().positive(),
      keys: z.number().int().positive(),
      requests: z.number().int().positive(),
      policies: z.array(
        z.object({
          policy: z.string(),
          hitRatio: z.number().min(0).max(1),
          hitNs: z.number().nonnegative(),
          missNs: z.number().nonnegative(),
        }),
      ),
      /** Who asked for one missing key at once, and how often it was loaded for them. */
      waiters: z.number().int().positive(),
      loads: z.number().int().nonnegative(),
      /** Bytes of keys and values over what the heap grew by. */
      memory: z.array(
        z.object({
          valueBytes: z.number().int().positive(),
          entries: z.number().int().positive(),
          bytes: z.number(),
          efficiency: z.number(),
        }),
      ),
    })
    .optional(),
});

/** What was promised, and whether it was kept: by whom it was looked at, and how many operations. */
export const clusterCheckSchema = z.object({
  what: z.string(),
  checker: z.string(),
  operations: z.number().int().nonnegative(),
  verdict: z.enum(["ok", "illegal", "unknown"]),
  /** Of the operations, those that did not keep it, or whose keys have not. */
  wrong: z.number().int().nonnegative(),
  /** What was found, the first few. */
  faults: z.array(z.string()),
});

/** What nodes of a cluster did: calls by level, and the consistency that was checked beside them. */
export const clusterUseSchema = z.object({
  /** What kept the logs, as a sentence has it; real: servers beside the process. */
  engine: z.string(),
  real: z.boolean(),
  nodes: z.number().int().positive(),
  /** Single calls, by what they go by (a level, a side) and kind; µs. */
  calls: z.array(
    z.object({
      at: z.string(),
      call: z.string(),
      count: z.number().int().positive(),
      ...{ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() },
    }),
  ),
  checks: z.array(clusterCheckSchema),
  /** Checked operations of one level, of all clients together. */
  perSecond: z.number().nonnegative().optional(),
  /** An invalidation while a node was cut off: whom it named, and how long after its return that node had forgotten. */
  missed: z.object({ missing: z.array(z.string()), milliseconds: z.number().nonnegative() }).optional(),
  /** A node that was away, brought up to date: how it was asked, what was done, and how long it took. */
  recoveries: z
    .array(
      z.object({
        asked: z.string(),
        done: z.string(),
        because: z.string(),
        /** Versions that came in, and keys that went. */
        taken: z.number().int().nonnegative(),
        removed: z.number().int().nonnegative(),
        milliseconds: z.number().nonnegative(),
      }),
    )
    .optional(),
  partition: z
    .object({
      /** The node that was cut off, and for how long. */
      apart: z.string(),
      apartMs: z.number().nonnegative(),
      /** From its return until what it had accepted alone was merged, and what it missed was there. */
      healedMs: z.number().nonnegative(),
      merged: z.boolean(),
      conflicts: z.number().int().nonnegative(),
      /** Of the versions in conflict, those of a node that gave way to another's. */
      dropped: z.number().int().nonnegative(),
      /** By level and side: calls that were answered, and those that were not, by the code of their error. */
      sides: z.array(
        z.object({
          level: z.string(),
          side: z.string(),
          answered: z.number().int().nonnegative(),
          refused: z.record(z.string(), z.number().int().positive()),
        }),
      ),
    })
    .optional(),
});

/** One subject in one scenario: what it did, how fast, and what went wrong. */
export const runSchema = z.object({
  scenario: z.string(),
  subject: z.string(),
  workers: z.number().int().positive(),
  /** Operations that were done, in the throughput pass, all phases together. */
  ops: z.number().int().nonnegative(),
  /** Operations of that pass that failed; they are in no other figure but `errors`. */
  failed: z.number().int().nonnegative().optional(),
  /** Operations begun in all passes, loading included: among these are the `errors`. Absent: written by a version that counted failed ones as done. */
  attempted: z.number().int().nonnegative().optional(),
  seconds: z.number().nonnegative(),
  /** Null: phases in closed and in open loop, of which no average means anything; see `phases`. */
  opsPerSecond: z.number().nonnegative().nullable(),
  /** Closed loop: the next operation starts when the last ended. Open loop: at its intended time. Mixed: phases of both kinds. */
  loop: z.enum(["closed", "open", "mixed"]),
  /** Operations a second that were asked for, on average; absent: closed loop, or several phases, each with its own. */
  rate: z.number().positive().optional(),
  /** Those that were measured, in order; absent where the scenario has one, whose figures are the run's. */
  phases: z.array(phaseSchema).min(1).optional(),
  /** Sampled single operations, by name: the operation's, with label and phase where there are several. */
  latency: z.record(z.string(), latencySchema),
  /** Batched cost, by name likewise. */
  cost: z.record(z.string(), latencySchema).optional(),
  /** Hits / lookups, 0 to 1; null when the scenario looks nothing up. */
  hitRatio: z.number().min(0).max(1).nullable(),
  hits: z.number().int().nonnegative().optional(),
  misses: z.number().int().nonnegative().optional(),
  /** Bytes, where the subject can tell. */
  memory: z.object({
    rssBytes: z.number().nonnegative(),
    usedBytes: z.number().nonnegative().nullable(),
    capacityBytes: z.number().nonnegative().nullable(),
    /** Used / capacity of the subject's own memory, 0 to 1. */
    utilisation: z.number().min(0).nullable(),
    bySizeClass: z.array(z.object({ size: z.number(), chunks: z.number(), used: z.number() })).optional(),
  }),
  /** Count by error code; empty when none happened. */
  errors: z.record(z.string(), z.number().int().positive()),
  /** Processor time of the whole process during the throughput pass, ms: of all threads, waiting left out. */
  cpu: z.object({ userMs: z.number().nonnegative(), systemMs: z.number().nonnegative() }).optional(),
  series: z.array(seriesPointSchema).optional(),
  /** What a monitor saw of the measured part, where one looked: values of the figures (their names as a monitor's) at the end of each interval. */
  monitored: z
    .object({
      figures: z.array(z.string()),
      points: z.array(
        z.object({
          /** Seconds watched. */
          t: z.number().nonnegative(),
          values: z.array(z.number().nullable()),
        }),
      ),
    })
    .optional(),
  /** Of a swarm that learns. */
  learning: learningSchema.optional(),
  /** Of a scenario with resources. */
  resources: resourceUseSchema.optional(),
  /** Of a scenario with a cluster. */
  cluster: clusterUseSchema.optional(),
  /** Of a scenario that loads the metric pipeline. */
  ingest: ingestUseSchema.optional(),
  /** What was measured beside the passes for documented targets. */
  answers: z.array(targetFigureSchema).optional(),
  /** Collections, backups, policy switches and the like, in order of time. */
  events: z.array(eventSchema).optional(),
  /** Garbage collections seen while measuring. */
  gc: z.object({ count: z.number().int().nonnegative(), totalMs: z.number().nonnegative() }).optional(),
  /** Operations this subject cannot do, and other things a reader must know. */
  notes: z.array(z.string()).optional(),
  /** Why the figures are not to be believed: too short, slices that differ, a machine busy with something else. */
  doubts: z.array(z.string()).optional(),
  /** Operations and whole phases that this subject left out: what it did is other work than the others did. */
  leftOut: z.object({ operations: z.array(z.string()), phases: z.array(z.string()) }).optional(),
  /** Where agents do different things, each kind by itself; absent with one. */
  roles: z
    .array(
      z.object({
        name: z.string(),
        /** Where there are several phases: a role in one is not the same in another. */
        phase: z.string().optional(),
        ops: z.number().int().nonnegative(),
        /** Over the seconds of the phase. */
        opsPerSecond: z.number().nonnegative(),
        /** Sampled single operations, by operation name, as `latency` has them of all roles together. */
        latency: z.record(z.string(), latencySchema),
      }),
    )
    .optional(),
});

/** A documented target, and whether it is met. */
export const targetResultSchema = z.object({
  id: z.string(),
  source: z.string(),
  metric: z.string(),
  unit: z.string(),
  comparison: z.enum(["<", "<=", ">", ">=", "within", "info"]),
  target: z.union([z.number(), z.string()]),
  measured: z.number().nullable(),
  verdict: z.enum(["met", "missed", "not measured"]),
  /** How the figure was obtained, or why there is none. */
  method: z.string(),
  /** Missed: measured / target - 1 in the bad direction (0.25 = 25 % short). */
  distance: z.number().nullable(),
  severity: z.enum(["alert", "critical"]).nullable().optional(),
});

/** From one size to the next, with the policy that was chosen. */
const stepSchema = z.object({
  from: z.number(),
  to: z.number(),
  /** More hits, as a share of the requests; of the bytes asked for, where the trace has sizes. */
  gained: z.number(),
  gainedBytes: z.number().optional(),
  fewerMisses: z.number(),
  fewerMissedBytes: z.number().optional(),
});

/** Policies by size over one trace: what `engram evict --json` writes. */
export const evictionResultSchema = z.object({
  trace: z.string(),
  policy: z.string(),
  capacity: z.number().nonnegative(),
  by: z.enum(["objects", "bytes"]),
  requests: z.number().int().nonnegative(),
  hits: z.number().int().nonnegative(),
  misses: z.number().int().nonnegative(),
  /** By objects, whatever the capacity counts. */
  missRatio: z.number().min(0).max(1),
  /** By bytes, whatever the capacity counts; absent where the trace has no sizes. */
  requestedBytes: z.number().nonnegative().optional(),
  missedBytes: z.number().nonnegative().optional(),
  byteMissRatio: z.number().min(0).max(1).optional(),
  evictions: z.number().int().nonnegative(),
  nsPerRequest: z.number().nonnegative(),
  /** How the trace was read, and why. */
  read: z.string().optional(),
  /** What makes it doubtful that it was read as it is meant. */
  warnings: z.array(z.string()).readonly().optional(),
  /** The row that a sweep comes to, of its trace and unit of size: which policy and how large, in a sentence, and what that rests on, a sentence each. */
  decision: z
    .object({ answer: z.string(), reasons: z.array(z.string()).readonly(), steps: z.array(stepSchema).readonly() })
    .readonly()
    .optional(),
  /** Hit ratio of equal parts of the trace, each by itself; null where a part looks nothing up. */
  windowHitRatios: z.array(z.number().min(0).max(1).nullable()).readonly().optional(),
  /** Of adaptive: when, in lookups, it changed to which policy, and why. */
  decisions: z
    .array(
      z
        .object({ request: z.number(), from: z.string(), to: z.string(), gain: z.number(), reason: z.string() })
        .readonly(),
    )
    .readonly()
    .optional(),
  /** Of adaptive: hit ratio lost to the best fixed policy, and to the best schedules of a few changes. */
  regret: z
    .object({
      best: z.string(),
      hitRatio: z.number(),
      regret: z.number(),
      switching: z
        .array(
          z
            .object({
              switches: z.number(),
              hitRatio: z.number(),
              regret: z.number(),
              schedule: z.array(z.object({ from: z.number(), policy: z.string() }).readonly()).readonly(),
            })
            .readonly(),
        )
        .readonly(),
    })
    .readonly()
    .optional(),
});

/** A scenario in words, as a report tells it. */
export const toldScenarioSchema = z.object({
  name: z.string(),
  title: z.string(),
  story: z.string(),
  agents: z.string(),
  phases: z.array(
    z.object({
      /** Null: there is one. */
      name: z.string().nullable(),
      load: z.string(),
      /** Operations a second, ms. */
      bursts: z
        .object({ base: z.number(), burst: z.number(), everyMs: z.number().positive(), forMs: z.number().positive() })
        .optional(),
      roles: z.array(
        z.object({
          who: z.string().nullable(),
          mix: z.string(),
          keys: z.string(),
          sizes: z.string().nullable(),
          lives: z.string().nullable(),
        }),
      ),
    }),
  ),
});

/** What `engram check` found in one recorded history. */
export const checkSchema = z.object({
  file: z.string(),
  outcome: z.enum(["ok", "illegal", "unknown"]),
  /** What the history was held against: a register with or without expiry, a queue, … */
  model: z.string(),
  operations: z.number().int().nonnegative(),
  elapsedMs: z.number().nonnegative(),
  /** Every key is checked by itself. */
  keys: z.object({
    ok: z.number().int().nonnegative(),
    illegal: z.number().int().nonnegative(),
    unknown: z.number().int().nonnegative(),
  }),
  /** Keys that are not linearizable or not decided, the first few. */
  open: z.array(z.object({ key: z.string(), outcome: z.enum(["illegal", "unknown"]), operations: z.number() })),
});

/** What one kind of backup took; `writing` mapped or at positions, so that the two can stand side by side. */
export const backupSpeedSchema = z.object({
  what: z.string(),
  writing: z.string(),
  durability: z.string(),
  medianMs: z.number().nonnegative(),
  worstMs: z.number().nonnegative(),
  /** Regions of 4 KiB written, median. */
  regions: z.number().nonnegative(),
  rounds: z.number().int().positive().optional(),
});

/** One row of the bench that was measured: the median over the rounds, with the quartiles beside it. */
export const benchFigureSchema = z.object({
  id: z.string(),
  label: z.string(),
  /** What a read hands back: a copy, a view, a reference; null where nothing is read. */
  returns: z.string().nullable(),
  unit: z.string(),
  median: z.number(),
  lowerQuartile: z.number(),
  upperQuartile: z.number(),
  /** Median over the rounds of (this / the group's reference in the same round); null for the reference itself or without one. */
  ratio: z.number().nullable(),
  /** What the source document says of it, same unit. */
  documented: z.number().nullable(),
  /** Under 1.4 x the empty loop: probably optimised away, so not to be believed. */
  suspect: z.boolean(),
});

/** A goal, and how far from it we are. */
export const benchJudgementSchema = z.object({
  id: z.string(),
  what: z.string(),
  /** Where the goal is written. */
  source: z.string(),
  /** Median over the rounds; a ratio is taken within each round. */
  value: z.number(),
  lowerQuartile: z.number(),
  upperQuartile: z.number(),
  unit: z.string(),
  comparison: z.enum(["<=", "<", ">="]),
  goal: z.number(),
  met: z.boolean(),
  /** Share by which the value is worse than the goal; negative: better by that much. */
  distance: z.number(),
  /** Rests on a figure that was probably optimised away. */
  suspect: z.boolean(),
});

/** Where a row's time goes, the largest share first. */
export const benchProfileSchema = z.object({
  id: z.string(),
  label: z.string(),
  /** `ns`: of an operation, of all that the profiler saw; they add up to slightly more than the row's median, by its own cost. */
  places: z.array(z.object({ place: z.string(), share: z.number(), ns: z.number() })),
});

/** Figures that were measured together: what `npm run bench -- --json` writes. */
export const benchGroupSchema = z.object({
  name: z.string(),
  title: z.string(),
  /** Label of the row the ratios are taken to; null when there are none. */
  reference: z.string().nullable(),
  figures: z.array(benchFigureSchema),
  judgements: z.array(benchJudgementSchema),
  notes: z.array(z.string()),
  /** What the group says about documented targets. */
  answers: z.array(targetFigureSchema),
  /** Empty unless asked for. */
  profiles: z.array(benchProfileSchema),
});

/** The machine, the build and how it was measured. */
export const environmentSchema = z.object({
  cpuModel: z.string(),
  cpuCount: z.number().int().positive(),
  memoryBytes: z.number().positive(),
  platform: z.string(),
  arch: z.string(),
  node: z.string(),
  v8: z.string(),
  flags: z.array(z.string()),
  loadAverage: z.array(z.number()),
  commit: z.string().nullable(),
  /** What an empty timed operation costs here, ns. */
  timerFloorNs: z.number().nonnegative(),
  /** Half-width of the A/A spread of throughput on this machine, as a share (0.03 = 3 %); null when not measured. */
  noise: z.number().nonnegative().nullable(),
});

/** The whole file. */
export const resultsSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  engram: z.string(),
  createdAt: z.string(),
  title: z.string().optional(),
  environment: environmentSchema,
  config: z.object({
    command: z.array(z.string()),
    scenarios: z.array(z.string()),
    subjects: z.array(z.string()),
    workers: z.number().int().positive(),
    durationMs: z.number().positive().nullable(),
    ops: z.number().int().positive().nullable(),
    rate: z.number().positive().nullable(),
    seed: z.number().int(),
    trace: z.string().nullable().optional(),
  }),
  runs: z.array(runSchema),
  evictions: z.array(evictionResultSchema).optional(),
  /** Of histories given to `engram report` beside the results. */
  checks: z.array(checkSchema).optional(),
  /** Likewise. */
  backups: z.array(backupSpeedSchema).optional(),
  /** Likewise: groups of `npm run bench`. */
  bench: z.array(benchGroupSchema).optional(),
  /** What was run, in words; absent: written before they were told. */
  scenarios: z.array(toldScenarioSchema).optional(),
  targets: z.array(targetResultSchema),
  /** The run was stopped early; what is here was measured before that. */
  interrupted: z.boolean().optional(),
  notices: z.array(z.string()).optional(),
  /** Why none of the figures are to be believed. */
  doubts: z.array(z.string()).optional(),
});

/** As `latencySchema` reads it. */
export type Latency = z.infer<typeof latencySchema>;
/** As `seriesPointSchema` reads it. */
export type SeriesPoint = z.infer<typeof seriesPointSchema>;
/** As `eventSchema` reads it. */
export type RunEvent = z.infer<typeof eventSchema>;
/** What one of a scenario's roles did. */
export type RunRole = NonNullable<z.infer<typeof runSchema>["roles"]>[number];
/** As `phaseSchema` reads it. */
export type RunPhase = z.infer<typeof phaseSchema>;
/** As `runSchema` reads it. */
export type Run = z.infer<typeof runSchema>;
/** As `learningSchema` reads it. */
export type Learning = z.infer<typeof learningSchema>;
/** As `resourceUseSchema` reads it. */
export type ResourceUse = z.infer<typeof resourceUseSchema>;
/** As `clusterUseSchema` reads it. */
export type ClusterUse = z.infer<typeof clusterUseSchema>;
/** As `clusterCheckSchema` reads it. */
export type ClusterCheck = z.infer<typeof clusterCheckSchema>;
/** As `targetResultSchema` reads it. */
export type TargetResult = z.infer<typeof targetResultSchema>;
/** As `evictionResultSchema` reads it. */
export type EvictionResult = z.infer<typeof evictionResultSchema>;
/** As `checkSchema` reads it. */
export type Check = z.infer<typeof checkSchema>;
/** As `backupSpeedSchema` reads it. */
export type BackupSpeed = z.infer<typeof backupSpeedSchema>;
/** What a target was judged by. */
export type TargetFigure = z.infer<typeof targetFigureSchema>;
/** As `benchFigureSchema` reads it. */
export type BenchFigure = z.infer<typeof benchFigureSchema>;
/** As `benchGroupSchema` reads it. */
export type BenchGroup = z.infer<typeof benchGroupSchema>;
/** How a goal came out. */
export type BenchJudgement = z.infer<typeof benchJudgementSchema>;
/** How long and how often a group was measured. */
export type BenchProfile = z.infer<typeof benchProfileSchema>;
/** As `environmentSchema` reads it. */
export type Environment = z.infer<typeof environmentSchema>;
/** As `resultsSchema` reads it. */
export type Results = z.infer<typeof resultsSchema>;
