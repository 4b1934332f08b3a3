/** Where a restored store comes from, and whether that has moved on since. */
import { dirname, resolve } from "node:path";
import type { Store } from "../store/index.js";
import { findGenerations, inspectHeader } from "./generations.js";

export interface Origin {
  readonly directory: string;
  /** The newest generation there, whole or not, when the store was restored. */
  readonly generation: number;
}

const origins = new WeakMap<Store, Origin>();

export function originOf(store: Store): Origin | undefined {
  return origins.get(store);
}

export function noteOrigin(store: Store, origin: Origin): void {
  origins.set(store, origin);
}

/** As it is now: to be asked before anything there is read, so that what comes later is noticed. */
export function originAt(path: string, isDirectory: boolean): Origin {
  const directory = resolve(isDirectory ? path : dirname(path));
  return { directory, generation: newestGeneration(directory) };
}

/** The highest number that a header in a directory says. */
export function newestGeneration(directory: string): number {
  return Math.max(0, ...findGenerations(directory).map((file) => inspectHeader(file)?.generation ?? 0));
}
