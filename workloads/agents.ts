/** Which agents there are, what each does in a phase, and which worker thread drives it. */
import { NEXT, type Phase, type Role, type Scenario } from "./scenario.js";

/** The agents of a run. */
export interface Assignment {
  readonly agents: number;
  readonly workers: number;
  /** The group of each agent: where it begins, how many it has, its name. */
  readonly groups: Scenario["groups"];
}

/** One role of one agent. */
export interface AgentRole {
  readonly role: Role;
  /** Number of the role within its phase. */
  readonly index: number;
  /** This agent's number among those that have the role, and how many they are. */
  readonly rank: number;
  readonly peers: number;
}

/**
 * The agents of a run on `asked` worker threads (null: as many as the scenario says). Where agents share threads there are as many
 * as the scenario says however many threads; else every worker is one agent.
 */
export function assignmentOf(
  scenario: Pick<Scenario, "agents" | "groups" | "workers">,
  asked: number | null,
): Assignment {
  if (scenario.workers !== null) {
    const workers = Math.min(asked ?? scenario.workers, scenario.agents);
    return { agents: scenario.agents, workers, groups: scenario.groups };
  }
  const workers = asked ?? scenario.agents;
  return { agents: workers, workers, groups: [{ name: null, first: 0, count: workers }] };
}

/** Agents take turns on the workers: worker 1 of 4 has agents 1, 5, 9 … */
export function agentsOf(worker: number, assignment: Assignment): number[] {
  const agents: number[] = [];
  for (let agent = worker; agent < assignment.agents; agent += assignment.workers) agents.push(agent);
  return agents;
}

export function rolesOf(agent: number, phase: Phase, assignment: Assignment): AgentRole[] {
  const group = groupOf(agent, assignment);
  return phase.roles.flatMap((role, index) => {
    if (role.agents === undefined) return [{ role, index, rank: agent, peers: assignment.agents }];
    if (role.agents !== group.name) return [];
    return [{ role, index, rank: agent - group.first, peers: group.count }];
  });
}

/** Whose mailbox an agent's messages go into: the next agent of its own group; of another group its share, neighbours together. */
export function recipientOf(agent: number, to: string, assignment: Assignment): number {
  const own = groupOf(agent, assignment);
  if (to === NEXT) return own.first + ((agent - own.first + 1) % own.count);
  const group = assignment.groups.find(({ name }) => name === to);
  if (group === undefined) throw new RangeError(`no group ${to}`);
  return group.first + Math.floor(((agent - own.first) * group.count) / own.count);
}

function groupOf(agent: number, assignment: Assignment): Scenario["groups"][number] {
  const group = assignment.groups.find(({ first, count }) => agent >= first && agent < first + count);
  if (group === undefined) throw new RangeError(`agent ${agent} of ${assignment.agents}`);
  return group;
}
