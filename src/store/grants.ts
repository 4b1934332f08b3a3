/**
 * The table of grants: entries of the store's own id, `grant:<length of the agent's id>:<agent>:<namespace>`, so that every thread sees
 * the same.
 *
 * A grant is on a namespace and not on its name. One that is given while the namespace exists names which one that is (`made`),
 * and is worth nothing for whatever is made under that name after a drop. One that is given before there is any is *standing*: the
 * agent may make the namespace, and use the first one that comes to be under that name, whoever makes it. When that one is dropped,
 * a standing grant is spent: the agent may make the namespace anew and use what it made; what others make is not its own.
 *
 *   given            there is none       the one it was given for,     one made after
 *                                        or the first to come          a drop
 *   standing         make, use           use                           nothing, unless the agent made it
 *   for one          nothing             use                           nothing
 *
 * Before a drop takes the namespace out of the directory it notes in standing grants that this was theirs; afterwards it spends them and
 * removes the others. A thread that dies in between leaves grants for a namespace that no other will ever be. All changes are by
 * version: a grant given meanwhile wins.
 */
import { layout, result } from "../core/index.js";
import { ownEntries } from "./listing.js";
import { SYSTEM_KEYS } from "./system-keys.js";
import type { WorkerConnection } from "./worker.js";

/** What its key begins with; how long the agent's name is that follows. */
export const GRANT_HEAD = new RegExp(`^${SYSTEM_KEYS.grant}(\\d+):`);

/** Value of a grant: u8 permission bits, u8 standing, at 8 the number of the namespace it is for as f64. */
export const GRANT_SIZE = 16;
const STANDING = 1;
const FOR = 8;
/** What a standing grant is for before a namespace of its name was dropped: the first that comes. */
const FIRST = 0;
/** And after: none but one that the agent makes. No namespace has this number. */
const SPENT = 1;
/** A namespace's number when there is none. */
export const NONE = 0;

export interface Grant {
  readonly bits: number;
  readonly standing: boolean;
  readonly made: number;
}

export class Grants {
  constructor(private readonly worker: WorkerConnection) {}

  /** What an agent was granted on the namespace that was made as `made`, or NONE. */
  bits(agent: string, namespace: string, made: number): number {
    const grant = this.read(keyOf(agent, namespace));
    if (grant === null) return 0;
    if (made === NONE) return grant.standing ? grant.bits : 0;
    return grant.made === made || grant.made === FIRST ? grant.bits : 0;
  }

  /** @param made the namespace as it is now, NONE: a standing grant. False when there is no memory for it. */
  give(agent: string, namespace: string, bits: number, made: number): boolean {
    return this.write(keyOf(agent, namespace), { bits, standing: made === NONE, made }, layout.MODE_SET) === layout.OK;
  }

  /** A standing grant as it was after a drop: to make the namespace, not to use another's. */
  giveSpent(agent: string, namespace: string, bits: number): boolean {
    return this.write(keyOf(agent, namespace), { bits, standing: true, made: SPENT }, layout.MODE_SET) === layout.OK;
  }

  remove(agent: string, namespace: string): void {
    this.worker.engine.removeSystem(this.worker.putKey(keyOf(agent, namespace)));
  }

  /** The agent has made the namespace: by a standing grant, if by any. True when that changed. */
  own(agent: string, namespace: string, made: number): boolean {
    const key = keyOf(agent, namespace);
    for (let grant = this.read(key); grant?.standing && grant.made !== made; grant = this.read(key)) {
      const status = this.write(key, { ...grant, made }, layout.MODE_IF_VERSION);
      if (status !== layout.UNMET) return status === layout.OK;
    }
    return false;
  }

  /** The namespace is about to be dropped: it was the first that came. False when there are no grants on its name. */
  settle(namespace: string, made: number): boolean {
    const keys = this.on(namespace);
    for (const key of keys) this.change(key, FIRST, made);
    return keys.length > 0;
  }

  /** The namespace that was made as `made` is gone, and what was granted on it. */
  forget(namespace: string, made: number): void {
    const { worker } = this;
    for (const key of this.on(namespace)) {
      const grant = this.read(key);
      if (grant === null || grant.made !== made) continue;
      const entry = worker.out[result.ENTRY];
      const version = worker.out[result.VERSION];
      if (grant.standing) this.change(key, made, SPENT);
      else worker.engine.removeSystemIf(worker.putKey(key), entry, version);
    }
  }

  /** What a standing grant is for, if it still is that. */
  private change(key: string, from: number, to: number): void {
    for (let grant = this.read(key); grant?.standing && grant.made === from; grant = this.read(key)) {
      if (this.write(key, { ...grant, made: to }, layout.MODE_IF_VERSION) !== layout.UNMET) return;
    }
  }

  /** Keys of the grants on a name. */
  private on(namespace: string): string[] {
    const { worker } = this;
    const keys: string[] = [];
    for (const [entry, version] of ownEntries(worker, layout.SYSTEM_ID)) {
      const lengths = worker.engine.readListed(entry, version) >>> 0;
      if (lengths === 0) continue;
      const key = Buffer.from(worker.keyCopy(lengths >>> 16)).toString("utf8");
      if (namespaceOf(key) === namespace) keys.push(key);
    }
    return keys;
  }

  /** Leaves the entry's address and version in the worker's `out`. */
  private read(key: string): Grant | null {
    const { worker } = this;
    if (worker.engine.getSystem(worker.putKey(key)) !== GRANT_SIZE) return null;
    const { values } = worker;
    return { bits: values[0], standing: values[STANDING] !== 0, made: values.readDoubleLE(FOR) };
  }

  /** With MODE_IF_VERSION: if it is still what was read last. */
  private write(key: string, { bits, standing, made }: Grant, mode: number): number {
    const { values, out, engine } = this.worker;
    const [entry, version] = out;
    values.fill(0, 0, GRANT_SIZE);
    values[0] = bits;
    values[STANDING] = standing ? 1 : 0;
    values.writeDoubleLE(made, FOR);
    return engine.setSystem(this.worker.putKey(key), GRANT_SIZE, mode, entry, version);
  }
}

function keyOf(agent: string, namespace: string): string {
  return `${SYSTEM_KEYS.grant}${agent.length}:${agent}:${namespace}`;
}

/** Undefined for a key that is no grant's. */
function namespaceOf(key: string): string | undefined {
  const head = GRANT_HEAD.exec(key);
  return head === null ? undefined : key.slice(head[0].length + Number(head[1]) + 1);
}

/**
 * What a grant in a backup is worth in the store that is made from it: a "grant", a "spent" one, or null when it was on a namespace that
 * was dropped just before the cut.
 *
 * @param isThere whether the backup has a namespace of its name
 */
export function backedUpGrant(value: Uint8Array, isThere: boolean): "grant" | "spent" | null {
  if (value.length !== GRANT_SIZE) return "grant"; // of a version that had one kind only
  if (value[STANDING] === 0) return isThere ? "grant" : null;
  return Buffer.from(value).readDoubleLE(FOR) === SPENT ? "spent" : "grant";
}
