/**
 * What a failed call means: whether it may have been written is what a caller has to know, and all that it can be told. Only what a server
 * answers before it writes counts as not sent; whatever is not known here may have happened.
 */
import { EngineNotSent, EngineUnknown } from "../engine.js";

/** Error codes of the server's JetStream API that it gives instead of writing. */
const REFUSALS = new Map<number, string>([
  [10008, "JetStream is not available for the moment"],
  [10023, "the servers have no room left for JetStream"],
  [10047, "the servers have no room left for JetStream"],
  [10054, "the entry is larger than the stream takes"],
  [10077, "the stream is full: its max_bytes are used up, which refuses changes of present keys as well"],
]);

/** Another version stands there than was expected, or is about to (`wrong last sequence`, without a number). */
const CONFLICTS = [10071, 10164];

interface ClientError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: { readonly name?: string };
}

export function isConflict(error: unknown): boolean {
  const { name, code } = error as ClientError;
  return name === "JetStreamApiError" && CONFLICTS.includes(code as number);
}

/** The server has no such message: it was superseded, or forgotten. */
export function isMissing(error: unknown): boolean {
  const { name, code } = error as ClientError;
  return name === "JetStreamApiError" && (code === 10037 || code === 10043 || code === 10057);
}

/** There is no such stream: never made, deleted, or lost with the memory of all its servers. */
export function isNoStream(error: unknown): boolean {
  return (error as ClientError).code === 10059;
}

/** Nobody listens: no stream has a leader now, or there is no such stream. */
export function isNobody(error: unknown): boolean {
  return (error as ClientError).name === "JetStreamNotEnabled";
}

/** @param what was tried, as the message begins */
export function failureOf(error: unknown, what: string): EngineNotSent | EngineUnknown {
  if (error instanceof EngineNotSent || error instanceof EngineUnknown) return error;
  const { name, message, code, cause } = error as ClientError;
  const refusal = name === "JetStreamApiError" ? REFUSALS.get(code as number) : undefined;
  if (refusal !== undefined) return new EngineNotSent(`${what}: ${refusal} (${message})`, { cause: error });
  // A 503: nobody listened there. No stream has a leader now, or no server with JetStream is in reach.
  if (isNobody(error)) return new EngineNotSent(`${what}: no leader in reach`, { cause: error });
  if (cause?.name === "PermissionViolationError") return new EngineNotSent(`${what}: ${message}`, { cause: error });
  return new EngineUnknown(`${what}: ${name === "TimeoutError" ? "no answer in time" : message}`, { cause: error });
}
