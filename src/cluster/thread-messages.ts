/** What threads of one process ask of the one that joined, and are answered. */
import { ClosedError, EngramError, InvalidArgumentError } from "../errors.js";
import { MissingAcksError, StaleError, UnavailableError, UnknownOutcomeError } from "./errors.js";

/** `memory.handle`. */
export interface MemoryHandle {
  /** Version of the handle's form. */
  readonly engramCluster: number;
  /** Of the store that the node keeps its copies in. */
  readonly storeId: number;
  /** Where the node is asked. */
  readonly channel: string;
  /** By name, how many values each thread keeps decoded; 0: none. */
  readonly domains: ReadonlyMap<string, number>;
}

export const HANDLE_VERSION = 2;

/**
 * - "loading": who was told to load still does; "loaded": what came of it, `[number, outcome]`.
 * - "changes" subscribes under the question's number; "next" asks for what has come since, `[number]`; "end" ends it.
 */
export type Method =
  | ("get" | "getEntry" | "put" | "delete" | "compareAndSet" | "invalidate")
  | ("getOrLoad" | "loading" | "loaded")
  | ("changes" | "next" | "end");

export interface Question {
  readonly from: string;
  readonly number: number;
  readonly domain: string;
  readonly method: Method;
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly number: number;
  /** Nothing yet: who asked is to load the value. */
  readonly load?: true;
  readonly value?: unknown;
  readonly error?: ToldError;
}

export interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly detail: unknown;
}

/** How a domain asks. */
export interface Asking {
  /** @param waitMs beyond it there is no answer. @param load what to do when the thread that joined asks for the value */
  ask(method: Method, args: readonly unknown[], waitMs: number, load?: () => Promise<unknown>): Asked;
  /** @param timeout of the call's options */
  waitMs(timeout: unknown): number;
}

export interface Asked {
  readonly number: number;
  readonly answer: Promise<unknown>;
}

/** What a loader gave or threw. */
export type Loaded = { readonly value: unknown } | { readonly error: ToldError };

/** How long the thread that joined waits for changes before it says that there are none, ms. */
export const POLL_MS = 5000;
/** Between signs of a thread that loads, ms. */
export const LOADING_MS = 1000;

export function toldError(error: unknown): ToldError {
  // anything can be thrown, also nothing
  const { code, message, attempt, staleMs, missing }: Partial<UnknownOutcomeError & StaleError & MissingAcksError> =
    Object(error);
  return { code: code ?? "ERROR", message: message ?? String(error), detail: attempt ?? staleMs ?? missing };
}

/** Of the class that its code says, as far as it tells more than the message. */
export function asError({ code, message, detail }: ToldError): Error {
  switch (code) {
    case "STALE":
      return new StaleError(message, detail as number);
    case "UNKNOWN_OUTCOME":
      return new UnknownOutcomeError(message, detail as string);
    case "UNAVAILABLE":
      return new UnavailableError(message);
    case "MISSING_ACKS":
      return new MissingAcksError(message, detail as string[]);
    case "INVALID_ARGUMENT":
      return new InvalidArgumentError(message);
    case "CLOSED":
      return new ClosedError(message);
    case "ERROR":
      return new Error(message);
    default:
      return new EngramError(code, message);
  }
}
