/** A look at the agents of one store, from whichever thread: what is there, whose it is, and what nobody alive has. */
import { layout } from "../core/index.js";
import type { ClaimedResource, Claims } from "../store/index.js";
import { formatBytes } from "../units.js";
import type { Arena, PieceRecord } from "./arena.js";
import { BudgetLine } from "./budget.js";
import { heldMemory } from "./held.js";
import { type Names, SETTINGS, type Thing } from "./names.js";
import { isTicket, type Ownership, ownershipOf } from "./ownership.js";
import type { BlockPool, PoolStats } from "./pools.js";

/** An agent as it stands. */
export interface AgentInfo {
  /** As it was made with. */
  readonly name: string;
  /** Whose it is. */
  readonly ownership: Ownership;
  /** Worker slot of who has it, or sent it; -1 for nobody. */
  readonly worker: number;
  /** Its owner died inside a change of several steps: `claim` wants `{ recover: true }`. */
  readonly poisoned: boolean;
  /** Bytes that it has, counted from what is there. */
  readonly used: number;
  /** Bytes that it may have. */
  readonly budget: number;
  /** Number of the arena that it lies in. */
  readonly arena: number;
  /** Unix time, ms, when it was made. */
  readonly sinceMs: number;
}

/** What arenas, pools and agents hold: each count as of some moment during the call. */
export interface AgentsStats {
  /** Bytes reserved so far, at most, and in use; and how many pieces those are. */
  readonly arenas: readonly {
    /** Reserved so far. */
    readonly bytes: number;
    /** That it may have. */
    readonly limit: number;
    /** In use. */
    readonly used: number;
    /** How many pieces those are. */
    readonly pieces: number;
  }[];
  /** By name. */
  readonly pools: Readonly<Record<string, PoolStats>>;
  /** In no order. */
  readonly agents: readonly AgentInfo[];
}

/** What nobody alive has, or will ever give back. */
export interface Leak {
  /** Number of its arena. */
  readonly arena: number;
  /** Of its first byte there. */
  readonly address: number;
  /** How large it is. */
  readonly bytes: number;
  /** What it was taken for, as `take` was told. */
  readonly purpose: string;
  /** Worker slot of the thread that took it. */
  readonly worker: number;
  /** Since it was taken, ms. */
  readonly ageMs: number;
  /** Why nobody will give it back, in a sentence. */
  readonly why: string;
}

/** What a check of all arenas has found. */
export interface AgentsVerification {
  /** Whether nothing is violated; leaks are no violation. */
  readonly ok: boolean;
  /** One sentence each. */
  readonly violations: readonly string[];
  /** Oldest first. */
  readonly leaks: readonly Leak[];
}

/** Every piece of every arena. */
export interface AgentsLayout {
  /** Bytes reserved so far and at most, and the pieces by address. */
  readonly arenas: readonly {
    /** Reserved so far. */
    readonly bytes: number;
    /** That it may have. */
    readonly limit: number;
    /** By address. */
    readonly pieces: readonly LaidOut[];
  }[];
  /** A picture for people. */
  toString(): string;
}

/** A piece of an arena. */
export interface LaidOut extends Omit<PieceRecord, "claim" | "group"> {
  /** What it belongs to: `agent "scout-17"`, or a thread. */
  readonly owner: string;
  /** Since it was taken, ms. */
  readonly ageMs: number;
}

const PICTURE_WIDTH = 72;

export interface Looked {
  readonly arenas: readonly Arena[];
  readonly pools: Readonly<Record<string, BlockPool>>;
  readonly names: Names;
  readonly claims: Claims;
}

export class AgentsView {
  private readonly arenas: readonly Arena[];
  private readonly pools: Readonly<Record<string, BlockPool>>;
  private readonly names: Names;
  private readonly claims: Claims;

  constructor({ arenas, pools, names, claims }: Looked) {
    this.arenas = arenas;
    this.pools = pools;
    this.names = names;
    this.claims = claims;
  }

  /** All agents, in no order. */
  list(): AgentInfo[] {
    return this.names.list("agent").map((thing) => this.describe(thing));
  }

  stats(): AgentsStats {
    return {
      arenas: this.arenas.map((arena) => ({
        bytes: arena.bytes.byteLength,
        limit: arena.limit,
        used: arena.used,
        pieces: [...arena.pieces()].length,
      })),
      pools: Object.fromEntries(Object.entries(this.pools).map(([name, pool]) => [name, pool.stats()])),
      agents: this.list(),
    };
  }

  /** Every piece of every arena: where, how large, what for, whose, how old; as text, a picture. */
  layout(): AgentsLayout {
    const owners = this.groupNames();
    const now = Date.now();
    const arenas = this.arenas.map((arena) => ({
      bytes: arena.bytes.byteLength,
      limit: arena.limit,
      pieces: [...arena.pieces()]
        .sort((a, b) => a.address - b.address)
        .map(({ claim, group, ...piece }) => ({
          ...piece,
          owner: group === 0 ? `worker ${slotOf(claim)}` : (owners.get(group) ?? "nothing"),
          ageMs: piece.inHand ? 0 : Math.max(0, now - piece.sinceMs),
        })),
    }));
    const pictures = this.arenas.map((arena) => arena.picture(PICTURE_WIDTH));
    return {
      arenas,
      toString: () => arenas.map(({ pieces }, i) => [pictures[i], ...pieces.map(line)].join("\n")).join("\n\n"),
    };
  }

  /** What threads have of them: agents, and memory of their own. */
  *held(): Generator<ClaimedResource> {
    yield* heldMemory(this.arenas, this.pools);
    const now = Date.now();
    for (const thing of this.names.list("agent")) {
      const word = this.ownerWord(thing);
      if (this.ownership(thing, word) !== "owned") continue;
      yield { kind: "agent", label: thing.name, claim: word, ageMs: Math.max(0, now - thing.sinceMs) };
    }
  }

  /** Checks the arenas' invariants and lists what nobody alive has. Only while no thread takes or gives. */
  verify(): AgentsVerification {
    const { isLiving } = this.claims;
    const violations = this.arenas.flatMap((arena) => arena.violations());
    const leaks: Leak[] = [];
    const now = Date.now();
    for (const arena of this.arenas) {
      for (const { address, bytes, taken, purpose, claim, group, inHand, sinceMs } of arena.pieces()) {
        const dead = !isLiving(claim);
        const why =
          group !== 0 && !inHand && !this.names.isGroup(group)
            ? "what it belonged to is gone"
            : dead && (inHand || group === 0)
              ? "its thread is gone"
              : "";
        if (why === "") continue;
        const ageMs = inHand ? 0 : now - sinceMs;
        leaks.push({
          arena: arena.number,
          address,
          bytes: inHand ? taken : bytes,
          purpose,
          worker: slotOf(claim),
          ageMs,
          why,
        });
      }
    }
    for (const [name, pool] of Object.entries(this.pools)) {
      for (const [index, claim] of pool.owners().entries()) {
        if (claim === 0 || isLiving(claim)) continue;
        const { arena, address } = pool;
        const purpose = `block ${index} of pool ${name}`;
        leaks.push({
          arena: arena.number,
          address,
          bytes: pool.bytes,
          purpose,
          worker: slotOf(claim),
          ageMs: 0,
          why: "its thread is gone",
        });
      }
    }
    for (const thing of this.names.list("agent")) {
      if (this.ownership(thing, this.ownerWord(thing)) === "dead") continue;
      const counted = this.usedBy(thing);
      const noted = new BudgetLine(thing.name, this.arenas[thing.arena], thing.address).used;
      if (counted !== noted)
        violations.push(`agent "${thing.name}" has ${counted} bytes, and ${noted} are charged to it`);
    }
    leaks.sort((a, b) => b.ageMs - a.ageMs);
    return { ok: violations.length === 0 && leaks.length === 0, violations, leaks };
  }

  ownerWord(thing: Thing): number {
    return this.arenas[thing.arena].words.get(thing.address + layout.OWN_WORD);
  }

  sender(thing: Thing): number {
    return this.arenas[thing.arena].words.get(thing.address + layout.OWN_SENDER);
  }

  ownership(thing: Thing, word: number): Ownership {
    return ownershipOf(word, this.sender(thing), this.claims.isLiving);
  }

  /** Counted from what is there. */
  usedBy({ group, arena }: Thing): number {
    let bytes = Number(this.arenas[arena].kernels.groupBytes(0, group));
    if (arena !== 0) bytes += Number(this.arenas[0].kernels.groupBytes(0, group));
    for (const pool of Object.values(this.pools)) {
      bytes += pool.bytes * pool.arena.kernels.blocksChargedTo(pool.address, group);
    }
    return bytes;
  }

  private describe(thing: Thing): AgentInfo {
    const arena = this.arenas[thing.arena];
    const word = this.ownerWord(thing);
    const ownership = this.ownership(thing, word);
    const claim = isTicket(word) ? this.sender(thing) : word === layout.FROZEN ? 0 : word;
    return {
      name: thing.name,
      ownership,
      worker: slotOf(claim),
      poisoned:
        (ownership === "dead" || ownership === "released") &&
        arena.view.getUint32(thing.address + layout.OWN_BUSY, true) !== 0,
      used: this.usedBy(thing),
      budget: new BudgetLine(thing.name, arena, thing.address).limit,
      arena: thing.arena,
      sinceMs: thing.sinceMs,
    };
  }

  private groupNames(): Map<number, string> {
    return new Map(
      this.names.list().map(({ group, kind, name }) => [group, name === SETTINGS ? "the agents" : `${kind} "${name}"`]),
    );
  }
}

function slotOf(claim: number): number {
  return (claim & layout.CLAIM_SLOT_MASK) - 1;
}

function line({ address, taken, purpose, owner, ageMs, inHand }: LaidOut): string {
  const size = formatBytes(taken).padStart(10);
  const what = inHand ? "being taken or given" : purpose;
  return `  ${String(address).padStart(10)} ${size}  ${what.padEnd(24)} ${owner}, ${(ageMs / 1000).toFixed(1)} s`;
}
