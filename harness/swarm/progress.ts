/**
 * How far each agent is, for whoever claims it: kept in the store, which outlives the thread. An agent's contribution is announced before it
 * is made and confirmed after it. Whoever finds it announced and not confirmed does not know whether it counts, and leaves it: what an agent
 * learned is lost for one round at worst, and never counted twice.
 */
import type { Namespace, Store } from "../../src/index.js";

export class Progress {
  readonly #rounds: Namespace<string>;

  constructor(store: Store) {
    this.#rounds = store.namespace("progress", { encoding: "string" });
  }

  /** Whether this round of the agent is done, or may be. */
  isBegun(agent: string, round: number): boolean {
    return Number(this.#rounds.get(agent)?.split(" ")[0] ?? 0) >= round;
  }

  announce(agent: string, round: number): void {
    this.#rounds.set(agent, `${round} announced`);
  }

  confirm(agent: string, round: number): void {
    this.#rounds.set(agent, `${round} done`);
  }

  /** Agents that are through so many rounds. */
  through(round: number): number {
    let count = 0;
    for (const value of this.#rounds.values()) if (Number(value.split(" ")[0]) >= round) count++;
    return count;
  }
}
