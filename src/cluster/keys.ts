/** What the keys of a log begin with, by what they are. Written into logs and backups: never change one, only add. */
import type { LogKey } from "./engine.js";

export const KEY_KINDS = {
  /** A user's key. */
  data: "k",
  /** A node's barrier: its last one, with what the node says of itself. */
  barrier: "b",
  /** Up to where deleted keys have been taken out of the log. */
  horizon: "h",
  /** Who loads a value. */
  lease: "l",
  /** A checkpoint that a node has. */
  checkpoint: "c",
  /** A node's name, and who has it. */
  member: "m",
  /** Which log it is. */
  log: "i",
} as const;

export type KeyKind = keyof typeof KEY_KINDS;

const KINDS = new Map(Object.entries(KEY_KINDS).map(([kind, letter]) => [letter as string, kind as KeyKind]));

export function logKey(kind: KeyKind, name: string): LogKey {
  return KEY_KINDS[kind] + name;
}

/** Undefined for a key of a kind that this version does not know. */
export function kindOf(key: LogKey): KeyKind | undefined {
  return KINDS.get(key.charAt(0));
}

export function nameIn(key: LogKey): string {
  return key.slice(1);
}
