/** A scenario in the one form that everything else reads, whatever short ways of writing its file took. */
import type { Rate } from "./arrivals.js";
import { totalOf, WITH_BACKUPS } from "./scenario-names.js";
import type { Content, PhaseContent, RoleContent } from "./scenario-schema.js";

export { DEFAULT_NAMESPACE, MOST_WORKERS, NEXT, WITH_BACKUPS } from "./scenario-names.js";

/** What some agents do in a phase. */
export type Role = Omit<RoleContent, "mix" | "keys"> & {
  readonly mix: NonNullable<RoleContent["mix"]>;
  readonly keys: NonNullable<RoleContent["keys"]>;
};
export type RoleKeys = Role["keys"];
export type RoleValues = Role["values"];

export interface Phase {
  readonly name?: string;
  /** Milliseconds. */
  readonly duration?: number;
  /** Of all agents together. */
  readonly operations?: number;
  /** Absent: closed loop. */
  readonly rate?: Rate;
  readonly backups?: { readonly every: number };
  /** One at least. */
  readonly roles: readonly Role[];
}

/** Agents of one kind, numbered first … first + count - 1. */
export interface AgentGroup {
  /** Null: the only one, all agents. */
  readonly name: string | null;
  readonly first: number;
  readonly count: number;
}

/** A validated scenario in one form, with the name it is called by (its file's, without the ending) and where it was read. */
export interface Scenario extends Omit<Content, "agents" | "workers" | "phases"> {
  readonly name: string;
  readonly file: string;
  /** In all groups together. */
  readonly agents: number;
  readonly groups: readonly AgentGroup[];
  /** Threads that the agents share by taking turns; null: every worker is one agent. */
  readonly workers: number | null;
  readonly phases: readonly Phase[];
}

/** A file's content in the form that everything else reads. */
export function scenarioOf(content: Content, name: string, file: string): Scenario {
  const { agents: declared, workers, phases, ...rest } = content;
  const groups = groupsOf(declared);
  const sum = totalOf(declared);
  const shared = typeof declared === "number" ? (workers ?? null) : Math.min(workers ?? sum, sum);
  return { ...rest, name, file, agents: sum, groups, workers: shared, phases: phases.map(phaseOf) };
}

/** Whether it replays a trace, which then has to be given. */
export function replaysTrace(scenario: Pick<Scenario, "phases">): boolean {
  return scenario.phases.some(({ roles }) => roles.some(({ keys }) => keys.distribution === "trace"));
}

function phaseOf(content: PhaseContent): Phase {
  const { name, duration: length, operations, rate: arrivals, backups } = content;
  const label = content.label ?? (backups === undefined ? undefined : WITH_BACKUPS);
  const roles = (content.roles ?? [{ ...content, agents: undefined, weight: 1 }]).map((one) => roleOf(one, label));
  return { name, duration: length, operations, rate: arrivals, backups, roles };
}

function roleOf(content: RoleContent, label: string | undefined): Role {
  const { agents: group, weight, mix, keys, values, ttl, offset, shift, namespace: space, scan, to } = content;
  if (mix === undefined) throw new TypeError("a role without operations passed the schema");
  return {
    agents: group,
    weight,
    mix,
    // Mailboxes have no keys: any will do.
    keys: keys ?? { distribution: "uniform", count: 1, scope: "shared" },
    values,
    ttl,
    offset,
    shift,
    namespace: space,
    scan,
    to,
    label: content.label ?? label,
  };
}

function groupsOf(declared: Content["agents"]): AgentGroup[] {
  if (typeof declared === "number") return [{ name: null, first: 0, count: declared }];
  let first = 0;
  return Object.entries(declared).map(([name, size]) => {
    const group = { name, first, count: size };
    first += size;
    return group;
  });
}
