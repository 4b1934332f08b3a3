/** Why an agent cannot be claimed. */
import { NotOwnerError, PoisonedError } from "../errors.js";
import type { Ownership } from "./ownership.js";

export function refusal(name: string, state: Ownership, here: boolean): NotOwnerError {
  const why = {
    owned: here ? "this thread has it, through other agents of the same store" : "a living thread has it",
    dead: "another thread has just claimed it",
    released: "another thread has just claimed it",
    "in-transit": "it is under way to another thread",
    "lost-in-transit": "another thread has just claimed it",
    frozen: "it is frozen",
  }[state];
  return new NotOwnerError(`agent "${name}" cannot be claimed: ${why}`);
}

export function poisoned(name: string): PoisonedError {
  return new PoisonedError(
    `agent "${name}" may be half changed: its owner died inside a change; claim it with { recover: true } and mend or remake what it holds`,
  );
}
