/**
 * Who may do what (M-008): permissions are bits per (agent, namespace), kept in the store's own namespace, so every
 * thread sees the same. `agent_<id>_…` belongs to its agent; `system…` is the store's own and open to no agent. All agents of
 * a process share its memory, so this guards against mistakes, not against hostile native code.
 */

import { choice, describe } from "../check.js";
import { AccessDeniedError, ClosedError, InvalidArgumentError } from "../errors.js";
import { Grants, NONE } from "./grants.js";
import type { Directory } from "./namespace/directory.js";
import type { WorkerConnection } from "./worker.js";

/**
 * What an agent may do in a namespace: "read" gets, iterates and asks for usage; "write" sets, and makes the namespace; "delete" deletes
 * and clears; "admin" changes limits and drops it, or the channel or queue of that name. `increment` takes "read" and "write".
 */
export type Permission = "read" | "write" | "delete" | "admin";

/** Written into grants and backups: never change a number, only add. */
export const PERMISSION_BITS = { read: 1, write: 2, delete: 4, admin: 8 } as const satisfies Record<Permission, number>;
export const { read: READ, write: WRITE, delete: DELETE, admin: ADMIN } = PERMISSION_BITS;
const ALL = READ | WRITE | DELETE | ADMIN;
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
      `permissions are ${describe(permissions)}; expected an array of ${Object.keys(PERMISSION_BITS).join(", ")}`,
    );
  }
  let bits = 0;
  for (const permission of permissions) {
    const name = choice("permission", permission, Object.keys(PERMISSION_BITS) as Permission[], undefined);
    if (name === undefined) throw new InvalidArgumentError("a permission is undefined; expected one of read, write, …");
    bits |= PERMISSION_BITS[name];
  }
  return bits;
}

/** The permissions that bits stand for; undefined when there are some that this version does not know. */
export function permissionsOf(bits: number): Permission[] | undefined {
  if ((bits & ~ALL) !== 0) return undefined;
  return (Object.keys(PERMISSION_BITS) as Permission[]).filter((name) => (bits & PERMISSION_BITS[name]) !== 0);
}

/** Who may do what: what it answers is cached by callers against `generation`, which every change bumps. */
export class Access {
  private readonly worker: WorkerConnection;
  private readonly directory: Directory;
  private readonly grants: Grants;

  constructor(worker: WorkerConnection, directory: Directory) {
    this.worker = worker;
    this.directory = directory;
    this.grants = new Grants(worker);
  }

  generation(): number {
    return this.worker.header.aclGeneration;
  }

  /** @param made which namespace of that name, NONE while there is none */
  permissions(agent: string, namespace: string, made: number): number {
    if (isReserved(namespace)) return 0;
    if (namespace.startsWith(`agent_${agent}_`)) return ALL;
    return this.grants.bits(agent, namespace, made);
  }

  /** Sets the permissions of an agent on a namespace, or its name while there is none; 0 takes the grant away. */
  grant(agent: string, namespace: string, bits: number): void {
    if (bits === 0) this.grants.remove(agent, namespace);
    else this.given(agent, this.grants.give(agent, namespace, bits, this.madeOf(namespace)));
    this.changed();
  }

  /** A standing grant whose namespace was dropped, from a backup. */
  grantSpent(agent: string, namespace: string, bits: number): void {
    this.given(agent, this.grants.giveSpent(agent, namespace, bits));
    this.changed();
  }

  private given(agent: string, done: boolean): void {
    if (!done) throw new InvalidArgumentError(`no memory is left for a grant to agent "${agent}"`);
  }

  /** An agent has made a namespace. */
  own(agent: string, namespace: string, made: number): void {
    if (this.grants.own(agent, namespace, made)) this.changed();
  }

  /** Drops a namespace and what was granted on it. False when there is none. */
  drop(namespace: string): boolean {
    const made = this.madeOf(namespace);
    const granted = made !== NONE && this.grants.settle(namespace, made);
    const dropped = this.directory.drop(namespace, made);
    if (granted) {
      this.grants.forget(namespace, made);
      this.changed();
    }
    return dropped;
  }

  /** Which namespace has this name, NONE if none. */
  madeOf(namespace: string): number {
    return this.directory.find(namespace)?.made ?? NONE;
  }

  private changed(): void {
    this.worker.header.bumpAclGeneration();
  }
}

export function viewClosed(agent: string): ClosedError {
  return new ClosedError(`this view of agent "${agent}" is closed; get another with store.as()`);
}

/** What one view of a store for an agent (`store.as`) shares with what it handed out. */
export interface ViewState {
  closed: boolean;
}

/** One agent's view of one namespace or channel: the bits, re-read when any grant has changed, or the namespace is another than it was. */
export class AgentAccess {
  private bits = 0;
  private generation = -1;
  private made = NONE;
  private needed = 0;
  private readonly access: Access;
  readonly agent: string;
  private readonly namespace: string;
  private readonly view: ViewState;

  /** @param channel it is a channel's name: what is not there may not be read then, for there may be a channel all the same */
  constructor(
    access: Access,
    agent: string,
    namespace: string,
    view: ViewState,
    private readonly channel = false,
  ) {
    this.access = access;
    this.agent = agent;
    this.namespace = namespace;
    this.view = view;
  }

  /** @throws AccessDeniedError; ClosedError once the view is closed */
  check(needed: number): void {
    if (this.view.closed) throw viewClosed(this.agent);
    this.needed = needed;
    const generation = this.access.generation();
    if (generation !== this.generation) {
      this.bits = this.access.permissions(this.agent, this.namespace, this.made);
      this.generation = generation;
    }
    if ((this.bits & needed) !== needed && !this.isAllowedNow(needed)) throw this.denied(needed);
  }

  /**
   * The namespace may have been dropped since this view last met it, and be another now, or none: what is not there may be read and
   * emptied by anyone, so that a handle of a dropped namespace finds nothing, and makes nothing.
   */
  private isAllowedNow(needed: number): boolean {
    if (isReserved(this.namespace)) return false;
    this.made = this.access.madeOf(this.namespace);
    this.bits = this.access.permissions(this.agent, this.namespace, this.made);
    return (
      (this.bits & needed) === needed || (!this.channel && this.made === NONE && (needed & ~(READ | DELETE)) === 0)
    );
  }

  /**
   * The operation under way has found the namespace as it is now: what was asked of it is asked again.
   *
   * @param made NONE: there is none
   * @throws AccessDeniedError
   */
  meet(made: number): void {
    if (made === this.made) return;
    this.made = made;
    this.generation = -1;
    this.check(this.needed);
  }

  /** Whether the operation under way may make the namespace, as well as do what it is to do. @throws AccessDeniedError */
  checkMaking(): void {
    this.meet(NONE);
    this.check(this.needed | WRITE);
  }

  /** It has made it. */
  own(made: number): void {
    this.access.own(this.agent, this.namespace, made);
    this.meet(made);
  }

  private denied(needed: number): AccessDeniedError {
    const verb = NAMES.find(([bit]) => needed & bit & ~this.bits)?.[1] ?? "use";
    const remedy = isReserved(this.namespace)
      ? "names that start with system are the store's own"
      : `grant it with store.grant("${this.agent}", "${this.namespace}", […])`;
    return new AccessDeniedError(`agent "${this.agent}" may not ${verb} namespace "${this.namespace}"; ${remedy}`);
  }
}
