/** One step of an agent's life, and the 32 bytes that it is in a replay buffer or a trajectory (assembly/replay.ts draws them). */
import { InvalidArgumentError } from "../errors.js";
import { wantFinite, wantWhole } from "./arguments.js";

/** One step: what an agent did in a state, what it got, and where it came. */
export interface Transition {
  /** Any whole number from 0 on, as the states of a table are. */
  state: number;
  /** 0 up. */
  action: number;
  /** Any finite number. */
  reward: number;
  /** The state afterwards. */
  next: number;
  /** Whether the episode ended there. */
  terminal: boolean;
}

export const RECORD_BYTES = 32;

export function wantTransition(given: Transition): void {
  if (typeof given !== "object" || given === null)
    throw new InvalidArgumentError(`a transition is { state, action, reward, next, terminal }, not ${String(given)}`);
  wantWhole(given.state, 0, Number.MAX_SAFE_INTEGER, "state");
  wantWhole(given.action, 0, 2 ** 32 - 1, "action");
  wantFinite(given.reward, "reward");
  if (!given.terminal) wantWhole(given.next, 0, Number.MAX_SAFE_INTEGER, "next");
}

/** Records of memory: `wide` and `narrow` are views of the same bytes. */
export class Records {
  readonly #wide: Float64Array;
  readonly #narrow: Uint32Array;

  constructor(buffer: ArrayBufferLike, address: number, count: number) {
    this.#wide = new Float64Array(buffer, address, count * 4);
    this.#narrow = new Uint32Array(buffer, address, count * 8);
  }

  write(index: number, { state, action, reward, next, terminal }: Transition): void {
    this.#wide[index * 4] = state;
    this.#wide[index * 4 + 1] = terminal ? 0 : next;
    this.#wide[index * 4 + 2] = reward;
    this.#narrow[index * 8 + 6] = action;
    this.#narrow[index * 8 + 7] = terminal ? 1 : 0;
  }

  read(index: number, into: Transition): Transition {
    into.state = this.#wide[index * 4];
    into.next = this.#wide[index * 4 + 1];
    into.reward = this.#wide[index * 4 + 2];
    into.action = this.#narrow[index * 8 + 6];
    into.terminal = this.#narrow[index * 8 + 7] === 1;
    return into;
  }
}

export function blankTransition(): Transition {
  return { state: 0, action: 0, reward: 0, next: 0, terminal: false };
}
