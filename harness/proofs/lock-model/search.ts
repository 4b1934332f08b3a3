/** Searches a model whole: every state that its steps lead to, nearest first. */

/** States are words of bytes; what the model says of them it says of the state it is given, which it does not keep. */
export interface Model {
  readonly start: Uint8Array;
  /** Calls `emit` with each state that one step leads to; each time with another array. */
  step(state: Uint8Array, emit: (next: Uint8Array) => void): void;
  /** What is wrong with the state; null = nothing. */
  fault(state: Uint8Array): string | null;
}

export interface Search {
  readonly states: number;
  /** Steps from the start to the last state found. */
  readonly depth: number;
  readonly fault: string | null;
  /** False: it was given up at `most` states. */
  readonly whole: boolean;
}

/** @param most states at most */
export function search(model: Model, most = Number.POSITIVE_INFINITY): Search {
  const seen = new Set<string>([keyOf(model.start)]);
  let frontier: Uint8Array[] = [model.start];
  let depth = 0;
  for (; frontier.length > 0; depth++) {
    const next: Uint8Array[] = [];
    for (const state of frontier) {
      const fault = model.fault(state);
      if (fault !== null) return { states: seen.size, depth, fault, whole: false };
      model.step(state, (after) => {
        const key = keyOf(after);
        if (seen.has(key)) return;
        seen.add(key);
        next.push(after);
      });
    }
    if (seen.size > most) return { states: seen.size, depth, fault: null, whole: false };
    frontier = next;
  }
  return { states: seen.size, depth, fault: null, whole: true };
}

function keyOf(state: Uint8Array): string {
  return String.fromCharCode(...state);
}
