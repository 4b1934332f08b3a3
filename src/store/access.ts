/**
 * Who may do what (ADR-008): permissions are bits per (agent, namespace), kept in the store's own namespace, so every
 * thread sees the same. `agent_<id>_…` belongs to its agent; `system…` is the store's own and open to no agent. All agents of
 * a process share its memory, so this guards against mistakes, not against hostile native code.
 */

import { choice, describe } from "../check.js";
import { layout } from "../core/index.js";
import { AccessDeniedError, ClosedError, InvalidArgumentError } from "./errors.js";
import type { WorkerConnection } from "./worker.js";

/**
 * What an agent may do in a namespace: "read" gets, iterates and asks for usage; "write" sets, and makes the namespace; "delete" deletes
 * and clears; "admin" changes limits and drops it. `increment` takes "read" and "write".
 */
export type Permission = "read" | "write" | "delete" | "admin";

export const READ = 1;
export const WRITE = 2;
export const DELETE = 4;
export const ADMIN = 8;
const ALL = READ | WRITE | DELETE | ADMIN;
const BITS: Record<Permission, number> = { read: READ, write: WRITE, delete: DELETE, admin: ADMIN };
const NAMES: [number, string][] = [
  [READ, "read"],
  [WRITE, "write"],
  [DELETE, "delete"],
  [ADMIN, "administer"],
];

export function isReserved(namespace: string): boolean {
  return namespace === "system" || namespace.startsWith("system_") || namespace.startsWith("system:");
}

/** @throws InvalidArgumentError */
export function checkAgentId(agent: unknown): string {
  const named = typeof agent === "string" && agent !== "" && agent.length <= 128;
  if (!named && !(typeof agent === "number" && Number.isFinite(agent))) {
    throw new InvalidArgumentError(
      `agent id is ${describe(agent)}; expected a non-empty string of at most 128 characters, or a number`,
    );
  }
  return String(agent);
}

/**
 * As checkAgentId, for an agent that is to act: its id ends where the next "_" begins, or "team" would own what is named after "team_1".
 *
 * @throws InvalidArgumentError
 */
export function checkActingAgent(agent: unknown): string {
  const id = checkAgentId(agent);
  if (id.includes("_")) {
    throw new InvalidArgumentError(
      `agent id is ${describe(id)}; an id has no "_", because its namespaces are agent_<id>_… and agent ${describe(id.split("_")[0])} would own them too; use "-" instead`,
    );
  }
  return id;
}

export function permissionBits(permissions: unknown): number {
  if (!Array.isArray(permissions)) {
    throw new InvalidArgumentError(
      `permissions are ${describe(permissions)}; expected an array of ${Object.keys(BITS).join(", ")}`,
    );
  }
  let bits = 0;
  for (const permission of permissions) {
    const name = choice("permission", permission, Object.keys(BITS) as Permission[], undefined);
    if (name === undefined) throw new InvalidArgumentError("a permission is undefined; expected one of read, write, …");
    bits |= BITS[name];
  }
  return bits;
}

/** The grants table: reads are cached by callers against `generation`, which every change bumps. */
export class Access {
  private readonly worker: WorkerConnection;

  constructor(worker: WorkerConnection) {
    this.worker = worker;
  }

  generation(): number {
    return Atomics.load(this.worker.header, layout.H_ACL_GENERATION / 4);
  }

  permissions(agent: string, namespace: string): number {
    if (isReserved(namespace)) return 0;
    if (namespace.startsWith(`agent_${agent}_`)) return ALL;
    const length = this.worker.putKey(grantKey(agent, namespace));
    return this.worker.engine.getSystem(length) === 1 ? this.worker.values[0] : 0;
  }

  /** Sets the permissions of an agent on a namespace; 0 takes the grant away. */
  grant(agent: string, namespace: string, bits: number): void {
    const length = this.worker.putKey(grantKey(agent, namespace));
    if (bits === 0) {
      this.worker.engine.removeSystem(length);
    } else {
      this.worker.values[0] = bits;
      const status = this.worker.engine.setSystem(length, 1, layout.MODE_SET);
      if (status !== layout.OK) throw new InvalidArgumentError(`no memory is left for a grant to agent "${agent}"`);
    }
    Atomics.add(this.worker.header, layout.H_ACL_GENERATION / 4, 1);
  }
}

export function viewClosed(agent: string): ClosedError {
  return new ClosedError(`this view of agent "${agent}" is closed; get another with store.as()`);
}

function grantKey(agent: string, namespace: string): string {
  return `grant:${agent.length}:${agent}:${namespace}`;
}

/** What one view of a store for an agent (`store.as`) shares with what it handed out. */
export interface ViewState {
  closed: boolean;
}

/** One agent's view of one namespace or channel: the bits, re-read when any grant has changed. */
export class AgentAccess {
  private bits = 0;
  private generation = -1;
  private readonly access: Access;
  readonly agent: string;
  private readonly namespace: string;
  private readonly view: ViewState;

  constructor(access: Access, agent: string, namespace: string, view: ViewState) {
    this.access = access;
    this.agent = agent;
    this.namespace = namespace;
    this.view = view;
  }

  /** @throws AccessDeniedError; ClosedError once the view is closed */
  check(needed: number): void {
    if (this.view.closed) throw viewClosed(this.agent);
    const generation = this.access.generation();
    if (generation !== this.generation) {
      this.bits = this.access.permissions(this.agent, this.namespace);
      this.generation = generation;
    }
    if ((this.bits & needed) !== needed) throw this.denied(needed);
  }

  private denied(needed: number): AccessDeniedError {
    const verb = NAMES.find(([bit]) => needed & bit & ~this.bits)?.[1] ?? "use";
    const remedy = isReserved(this.namespace)
      ? "names that start with system are the store's own"
      : `grant it with store.grant("${this.agent}", "${this.namespace}", […])`;
    return new AccessDeniedError(`agent "${this.agent}" may not ${verb} namespace "${this.namespace}"; ${remedy}`);
  }
}
