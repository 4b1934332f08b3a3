/**
 * Who may do what (ADR-008): permissions are bits per (agent, namespace), kept in the store's own namespace, so every
 * thread sees the same. `agent_<id>_…` belongs to its agent; `system…` is the store's own and open to no agent. All agents of
 * a process share its memory, so this guards against mistakes, not against hostile native code.
 */
import { layout } from "../core/index.js";
import { AccessDeniedError, InvalidArgumentError } from "./errors.js";
import { describe } from "./sizes.js";
import type { WorkerConnection } from "./worker.js";

/**
 * What an agent may do in a namespace: "read" gets, iterates and asks for usage; "write" sets, and makes the namespace; "delete" deletes
 * and clears; "admin" changes limits and drops it. `increment` takes "read" and "write".
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

export function checkAgentId(agent: unknown): string {
  if ((typeof agent !== "string" && typeof agent !== "number") || String(agent) === "" || String(agent).length > 128) {
    throw new InvalidArgumentError(
      `agent id is ${describe(agent)}; expected a non-empty string of at most 128 characters, or a number`,
    );
  }
  return String(agent);
}

export function permissionBits(permissions: unknown): number {
  if (!Array.isArray(permissions)) {
    throw new InvalidArgumentError(
      `permissions are ${describe(permissions)}; expected an array of ${Object.keys(PERMISSION_BITS).join(", ")}`,
    );
  }
  let bits = 0;
  for (const permission of permissions) {
    const bit = PERMISSION_BITS[permission as Permission];
    if (bit === undefined) {
      throw new InvalidArgumentError(
        `permission is ${describe(permission)}; expected one of ${Object.keys(PERMISSION_BITS).join(", ")}`,
      );
    }
    bits |= bit;
  }
  return bits;
}

/** The permissions that bits stand for; undefined when there are some that this version does not know. */
export function permissionsOf(bits: number): Permission[] | undefined {
  if ((bits & ~ALL) !== 0) return undefined;
  return (Object.keys(PERMISSION_BITS) as Permission[]).filter((name) => (bits & PERMISSION_BITS[name]) !== 0);
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

function grantKey(agent: string, namespace: string): string {
  return `grant:${agent.length}:${agent}:${namespace}`;
}

/** One agent's view of one namespace: the bits, re-read when any grant has changed. */
export class AgentAccess {
  private bits = 0;
  private generation = -1;
  private readonly access: Access;
  readonly agent: string;
  private readonly namespace: string;

  constructor(access: Access, agent: string, namespace: string) {
    this.access = access;
    this.agent = agent;
    this.namespace = namespace;
  }

  /** @throws AccessDeniedError */
  check(needed: number): void {
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
