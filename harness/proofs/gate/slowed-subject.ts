/** A subject made slower by a known amount, for the proof that the gate sees it. */
import type { AgentContext, Subject, SubjectAgent } from "../../subjects/index.js";

/** Turns of the delay loop after each operation: one dependent multiplication a turn. */
export interface Delays {
  readonly get: number;
  readonly set: number;
}

/**
 * The same subject, whose agents do so many turns of arithmetic after each operation: get's after what reads, set's after what writes.
 * With no turns it is still wrapped, so that two arms differ in the turns alone.
 */
export function slowed(subject: Subject, delays: Delays): Subject {
  return {
    ...subject,
    async attach(attachment: unknown, context: AgentContext): Promise<SubjectAgent> {
      return new SlowedAgent(await subject.attach(attachment, context), delays);
    },
  };
}

class SlowedAgent implements SubjectAgent {
  readonly #agent: SubjectAgent;
  readonly #onGet: number;
  readonly #onSet: number;
  #sink = 1;

  constructor(agent: SubjectAgent, delays: Delays) {
    this.#agent = agent;
    this.#onGet = delays.get;
    this.#onSet = delays.set;
  }

  get(key: number): number {
    const length = this.#agent.get(key);
    // Begun from the operation's own answer, so that the processor cannot do both at once.
    this.#sink = turn(this.#sink ^ length, this.#onGet);
    return length;
  }

  set(key: number, size: number, ttlMs: number): void {
    this.#agent.set(key, size, ttlMs);
    this.#sink = turn(this.#sink ^ size, this.#onSet);
  }

  delete(key: number): boolean {
    const there = this.#agent.delete(key);
    this.#sink = turn(this.#sink, this.#onSet);
    return there;
  }

  increment(key: number): void {
    this.#agent.increment(key);
    this.#sink = turn(this.#sink, this.#onSet);
  }

  close(): Promise<void> {
    return this.#agent.close();
  }
}

export function turn(seed: number, turns: number): number {
  let value = seed | 1;
  for (let i = 0; i < turns; i++) value = Math.imul(value, 0x5851f42d) | 1;
  return value;
}
