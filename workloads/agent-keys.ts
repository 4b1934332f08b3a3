/** The key numbers one agent draws in one role. */
import { InvalidArgumentError } from "../src/errors.js";
import type { Random } from "../src/random.js";
import type { KeyChooser } from "./generators/chooser.js";
import { keyChooser } from "./generators/keys.js";
import type { Role, RoleKeys } from "./scenario.js";

export type GeneratedKeys = Exclude<RoleKeys, { distribution: "trace" }>;

/**
 * Numbers: the role's own keys first (of all agents, when each has its own), then inserted ones, dealt out by agent so that no
 * two ever insert the same.
 */
export class AgentKeys {
  readonly #chooser: KeyChooser;
  readonly #count: number;
  readonly #base: number;
  readonly #existing: number;
  readonly #own: boolean;
  readonly #rank: number;
  readonly #peers: number;
  readonly #shiftEvery: number;
  readonly #shiftBy: number;
  #shift: number;
  #untilShift: number;
  #inserted = 0;
  #appended = 0;

  /** `rank` of `peers`: this agent among those that have the role. `shared`: a chooser without state of an agent before. */
  constructor(role: Role, keys: GeneratedKeys, rank: number, peers: number, shared?: KeyChooser) {
    this.#chooser = shared ?? keyChooser(keys, Math.floor((rank * keys.count) / peers));
    this.#count = keys.count;
    this.#own = keys.scope === "agent";
    this.#base = this.#own ? rank * keys.count : 0;
    this.#existing = this.#own ? peers * keys.count : keys.count;
    this.#rank = rank;
    this.#peers = peers;
    this.#shift = Math.floor((role.offset ?? 0) * keys.count) % keys.count;
    this.#shiftEvery = role.shift?.every ?? Number.POSITIVE_INFINITY;
    this.#shiftBy = Math.floor((role.shift?.by ?? 0) * keys.count);
    this.#untilShift = this.#shiftEvery;
    if (this.#existing > 0xffffffff) {
      throw new InvalidArgumentError(`${peers} agents with ${keys.count} keys each; expected at most 2^32 keys in all`);
    }
  }

  /** What draws the keys; agents of one role may share it when they neither insert nor go through keys in order. */
  get chooser(): KeyChooser {
    return this.#chooser;
  }

  get keySpace(): number {
    return this.#existing + this.#inserted * this.#peers;
  }

  next(random: Random): number {
    if (this.#untilShift-- === 0) {
      this.#shift = (this.#shift + this.#shiftBy) % this.#count;
      this.#untilShift = this.#shiftEvery - 1;
    }
    const drawn = this.#chooser.next(random);
    if (drawn >= this.#count) return this.#insertedKey(drawn - this.#count);
    return this.#base + ((drawn + this.#shift) % this.#count);
  }

  insert(): number {
    const key = this.#insertedKey(this.#inserted);
    this.#inserted++;
    this.#chooser.grow?.(this.#count + this.#inserted);
    return key;
  }

  /** The next place of a bounded log: of the agent's own, or dealt out in turn where all write into one. */
  append(): number {
    const nth = this.#appended++;
    return this.#own ? this.#base + (nth % this.#count) : (nth * this.#peers + this.#rank) % this.#count;
  }

  #insertedKey(nth: number): number {
    return this.#existing + this.#rank + nth * this.#peers;
  }
}

/** Whether agents may draw from one chooser: it then keeps nothing that is one agent's. */
export function canShareChooser({ mix, keys }: Pick<Role, "mix" | "keys">): boolean {
  return (mix.insert ?? 0) === 0 && keys.distribution !== "sequential";
}
