/** One engine's casts, shared by all that talk over them: a first byte says whose a message is. */
import type { Engine } from "./engine.js";

/** Whose a cast is. The numbers go over the wire: none is ever given another meaning. */
export const LANES = { entries: 1, membership: 2, invalidation: 3, recovery: 4 } as const;

export type Lane = keyof typeof LANES;

/** Casts of one kind; the same promises as the engine's: once at most, to whom can be reached now. */
export interface Casts {
  cast(message: Uint8Array): void;
  onCast(listener: (from: string, message: Uint8Array) => void): void;
}

export class CastLanes {
  private readonly listeners = new Map<number, ((from: string, message: Uint8Array) => void)[]>();
  /** Casts of no lane that is known here: of a later version. */
  foreign = 0;

  constructor(private readonly engine: Engine) {
    engine.onCast((from, message) => {
      const listeners = this.listeners.get(message[0]);
      if (listeners === undefined) this.foreign++;
      else for (const listener of listeners) listener(from, message.subarray(1));
    });
  }

  lane(name: Lane): Casts {
    const number = LANES[name];
    return {
      cast: (message) => {
        const marked = new Uint8Array(message.length + 1);
        marked[0] = number;
        marked.set(message, 1);
        this.engine.cast(marked);
      },
      onCast: (listener) => {
        const listeners = this.listeners.get(number);
        if (listeners === undefined) this.listeners.set(number, [listener]);
        else listeners.push(listener);
      },
    };
  }

  /** The same engine, whose casts are those of one lane: for what takes an engine and knows of no others. */
  engineOf(name: Lane): Engine {
    const { engine } = this;
    const casts = this.lane(name);
    return {
      facts: engine.facts,
      append: (key, entry, options) => engine.append(key, entry, options),
      read: (key) => engine.read(key),
      since: (seq, visit) => engine.since(seq, visit),
      onChange: (listener) => engine.onChange(listener),
      onReconnect: (listener) => engine.onReconnect(listener),
      cast: casts.cast,
      onCast: casts.onCast,
      forget: (key, seq) => engine.forget(key, seq),
      close: () => engine.close(),
    };
  }
}
