/**
 * A scenario file: what is replayed, in one YAML document. The schema is the whole contract: it validates on reading, gives the
 * types, and is published as JSON Schema (scenario.schema.json) so that editors complete and check the files.
 *
 * Units are written out (`5s`, `64MiB`, `10%`, `1000/s`) and come out as milliseconds, bytes, shares from 0 to 1 and operations a second.
 */
import { z } from "zod";
import { EVICTION_NUMBERS, type EvictionName } from "../src/store/index.js";
import { MOST_WORKERS, NEXT, totalOf } from "./scenario-names.js";
import { cluster } from "./schema/cluster.js";
import { ingest } from "./schema/ingest.js";
import { bytes, count, duration, MAX_KEYS, share, wholeNumber } from "./schema/quantities.js";
import { rate } from "./schema/rate.js";
import { resources } from "./schema/resources.js";
import { role, roleFaults, roleFields } from "./schema/role.js";
import { swarm } from "./schema/swarm.js";
import { valueLimit, valuesTooLarge, whyNoStore } from "./value-limit.js";

const MAX_AGENTS = 1024;
/** Of the lab; a store that has none of a name says so, and runs with its own. */
const EVICTIONS = [...(Object.keys(EVICTION_NUMBERS) as EvictionName[]), "opt"] as const;
/** Messages a mailbox may hold: as many as the store's channels. */
const MAILBOX_MESSAGES = { least: 2, most: 1024, standard: 256 };

const phase = z.strictObject({
  name: z.string().min(1).optional(),
  duration: duration.optional(),
  operations: count(2 ** 31)
    .optional()
    .meta({ description: "Operations of all agents together" }),
  rate: rate.optional(),
  backups: z
    .strictObject({ every: duration.refine((ms) => ms > 0, "expected a time above 0") })
    .optional()
    .meta({ description: "Backups run during the phase: one at its start and one every so often" }),
  roles: z
    .array(role)
    .min(1)
    .optional()
    .meta({ description: "Who does what, when not all agents do the same; else mix, keys and so on of the phase" }),
  ...roleFields,
});

const namespace = z.strictObject({
  name: z.string().min(1),
  scope: z
    .enum(["shared", "agent"])
    .default("shared")
    .meta({ description: "agent: every agent has a namespace of its own, agent_<number>_<name>, with these limits" }),
  maxEntries: count(MAX_KEYS).optional(),
  maxBytes: bytes.optional(),
});

const agents = z
  .union(
    [count(MAX_AGENTS), z.record(z.string().min(1), count(MAX_AGENTS))],
    `expected a whole number from 1 to ${MAX_AGENTS}, or how many of each group: { receiver: 1, sender: 8 }`,
  )
  .refine((one) => typeof one === "number" || Object.keys(one).length > 0, "expected at least one group of agents")
  .refine((one) => totalOf(one) <= MAX_AGENTS, `expected at most ${MAX_AGENTS} agents`)
  .refine((one) => typeof one === "number" || !Object.hasOwn(one, NEXT), `no group may be called ${NEXT}`)
  .default(2)
  .meta({ description: "How many agents there are, or how many of each group: { receiver: 1, sender: 8 }" });

export const scenarioSchema = z
  .strictObject({
    title: z.string().min(1),
    story: z.string().min(1).meta({ description: "What real systems do this, in a sentence or two" }),
    agents,
    workers: count(MOST_WORKERS).optional().meta({
      description:
        "Worker threads the agents are spread over, who take turns; absent: one each, and --workers sets how many agents there are",
    }),
    store: z
      .strictObject({
        capacity: bytes.refine((size) => size > 0, "expected a capacity above 0").optional(),
        eviction: z.enum(EVICTIONS).optional(),
      })
      .default({}),
    namespaces: z.array(namespace).default([]),
    mailboxes: z
      .strictObject({ capacity: wholeNumber(MAILBOX_MESSAGES.least, MAILBOX_MESSAGES.most) })
      .default({ capacity: MAILBOX_MESSAGES.standard })
      .meta({ description: "Messages each agent's mailbox holds" }),
    preload: share
      .default(0)
      .meta({ description: "Share of the first phase's keys that are set before the measurement" }),
    phases: z.array(phase).min(1),
    swarm: swarm.optional().meta({
      description: "What the agents learn in tables and indexes that they share: measured where the subject has them",
    }),
    resources: resources.optional().meta({
      description:
        "What agents hold beside a store: measured once, after the phases, where the subject is the store that has it",
    }),
    cluster: cluster.optional().meta({
      description:
        "What nodes share over a network: measured once, after the phases, where the subject is the store that has it",
    }),
    ingest: ingest.optional().meta({
      description:
        "Clients that send metrics to the pipeline over HTTP: measured once, after the phases, beside a plain server under the same load",
    }),
    targets: z
      .array(z.string().min(1))
      .default([])
      .meta({ description: "Ids of the documented targets it is judged by" }),
  })
  .superRefine((scenario, context) => {
    const fault = (path: Array<string | number>, message: string) =>
      context.addIssue({ code: "custom", path, message });
    for (const [index, one] of scenario.phases.entries()) checkPhase(one, ["phases", index], fault);
    checkPhaseNames(scenario, fault);
    checkNames(scenario, fault);
    checkValues(scenario, fault);
    if (scenario.swarm !== undefined && scenario.workers === undefined) {
      fault(["swarm"], "a swarm's agents share threads; expected workers");
    }
    const threads = scenario.workers ?? totalOf(scenario.agents);
    if (threads > MOST_WORKERS) {
      fault(
        ["agents"],
        `${threads} agents cannot have a thread each; expected workers: at most ${MOST_WORKERS} that they share`,
      );
    }
  });

export type Content = z.output<typeof scenarioSchema>;
export type PhaseContent = Content["phases"][number];
export type RoleContent = z.output<typeof role>;
type Fault = (path: Array<string | number>, message: string) => void;

function checkPhase(one: PhaseContent, path: Array<string | number>, fault: Fault): void {
  if (one.roles !== undefined) {
    for (const field of Object.keys(roleFields)) {
      // `values` has a default: whether it was written cannot be told, and it does no harm.
      if (field === "values" || field === "label" || one[field as keyof PhaseContent] === undefined) continue;
      fault([...path, field], `a phase with roles has its ${field} in them`);
    }
  }
  const roles = rolesWithPaths(one, path);
  for (const [content, at] of roles) {
    for (const { field, message } of roleFaults(content)) fault(field === null ? at : [...at, field], message);
  }
  const replays = roles.some(([{ keys }]) => keys?.distribution === "trace");
  if (replays && roles.length > 1)
    fault([...path, "roles"], "a trace is replayed by all agents alike; expected no roles");
  if (!replays && (one.duration === undefined) === (one.operations === undefined)) {
    fault(path, "expected exactly one of duration and operations");
  }
  if (one.rate?.shape === "ramp" && one.duration === undefined) {
    fault([...path, "rate"], "a ramp takes the phase's duration; expected one");
  }
}

/** Phases of one name are one phase that is come back to, whatever their lengths: two that ask for something else have two names. */
function checkPhaseNames({ phases }: Content, fault: Fault): void {
  const asked = new Map<string, string>();
  for (const [index, { name, duration: _, operations: __, ...rest }] of phases.entries()) {
    if (name === undefined) continue;
    const text = JSON.stringify(rest);
    if ((asked.get(name) ?? text) !== text) {
      const message = `another phase is named ${JSON.stringify(name)} and asks for something else; expected a name of its own`;
      fault(["phases", index, "name"], message);
    }
    asked.set(name, text);
  }
}

/** Groups and namespaces that are named are declared, and every group has something to do. */
function checkNames(scenario: Content, fault: Fault): void {
  const namespaces = new Set(scenario.namespaces.map(({ name }) => name));
  const groups = typeof scenario.agents === "number" ? [] : Object.keys(scenario.agents);
  const busy = new Set<string>();
  for (const [index, one] of scenario.phases.entries()) {
    for (const [content, at] of rolesWithPaths(one, ["phases", index])) {
      const { namespace: used, agents: group, to } = content;
      if (used !== undefined && !namespaces.has(used)) {
        fault([...at, "namespace"], `no namespace ${JSON.stringify(used)}; expected one of those declared`);
      }
      if (group !== undefined && !groups.includes(group)) {
        fault([...at, "agents"], `no group ${JSON.stringify(group)}; expected ${listed(groups, "agents has none")}`);
      }
      if (to !== undefined && to !== NEXT && !groups.includes(to)) {
        fault(
          [...at, "to"],
          `no group ${JSON.stringify(to)}; expected ${NEXT} or ${listed(groups, "agents has none")}`,
        );
      }
      for (const name of group === undefined ? groups : [group]) busy.add(name);
    }
  }
  for (const group of groups) {
    if (!busy.has(group)) fault(["agents", group], `these agents have nothing to do in any phase`);
  }
}

/** No value is larger than the store takes, on the threads the scenario has by itself. */
function checkValues(scenario: Content, fault: Fault): void {
  const total = totalOf(scenario.agents);
  const threads = Math.min(scenario.workers ?? total, total, MOST_WORKERS);
  const { capacity } = scenario.store;
  const why = capacity === undefined ? null : whyNoStore(capacity, threads);
  if (why !== null) fault(["store", "capacity"], `there is no such store: ${why}`);
  const limit = valueLimit(scenario.store, threads);
  for (const [index, one] of scenario.phases.entries()) {
    for (const [content, at] of rolesWithPaths(one, ["phases", index])) {
      for (const path of valuesTooLarge(content, limit, index === 0 && scenario.preload > 0)) {
        fault([...at, ...path], `expected at most ${limit.said}`);
      }
    }
  }
}

function listed(names: readonly string[], none: string): string {
  return names.length === 0 ? `one of the groups of agents (${none})` : `one of ${names.join(", ")}`;
}

function rolesWithPaths(one: PhaseContent, path: Array<string | number>): Array<[RoleContent, Array<string | number>]> {
  if (one.roles === undefined) return [[{ ...one, agents: undefined, weight: 1 }, path]];
  return one.roles.map((content, index) => [content, [...path, "roles", index]]);
}

/** The schema of scenario files as JSON Schema: what may be written, before units are parsed. */
export function scenarioJsonSchema(): object {
  return z.toJSONSchema(scenarioSchema, { io: "input" });
}
