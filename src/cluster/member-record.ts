/** What a node says of itself, in the log under its name and in casts. */
import { readWhole, WireWriter } from "./wire.js";

/** "who": it is about to join, and asks who is there. */
export type MemberState = "alive" | "left" | "who";

export interface MemberRecord {
  readonly state: MemberState;
  /** Of this life of the node, drawn at random. */
  readonly incarnation: number;
  /** Its wall clock as it said this, ms since 1970. */
  readonly wallMs: number;
  /** How often it gives a sign of life, ms. */
  readonly everyMs: number;
  /** Bytes that it keeps, and may keep. */
  readonly usedBytes: number;
  readonly limitBytes: number;
}

const VERSION = 1;
const STATES = ["alive", "left", "who"] as const;

export function encodeMember(record: MemberRecord): Uint8Array {
  return new WireWriter()
    .number(VERSION)
    .number(STATES.indexOf(record.state))
    .number(record.incarnation)
    .number(Math.max(0, Math.floor(record.wallMs)))
    .number(Math.floor(record.everyMs))
    .number(Math.floor(record.usedBytes))
    .number(Math.floor(record.limitBytes))
    .done();
}

/** Null for what is no record of this version. */
export function decodeMember(bytes: Uint8Array): MemberRecord | null {
  return readWhole(bytes, (reader) => {
    if (reader.number() !== VERSION) return null;
    const state = STATES[reader.number()];
    const [incarnation, wallMs, everyMs, usedBytes, limitBytes] = Array.from({ length: 5 }, () => reader.number());
    return state === undefined ? null : { state, incarnation, wallMs, everyMs, usedBytes, limitBytes };
  });
}
