/**
 * Up to where keys have been taken out of a log for good: a key of the log itself, moved before they are. A node that was away, and has been told of
 * less, is told by it that its copy has to be compared whole.
 */
import { type Engine, EngineConflict } from "./engine.js";
import { logKey } from "./keys.js";

/**
 * Moves it to `seq`, or finds it beyond.
 *
 * @param late whether a conflict is to be given up on
 * @returns where it is then. @throws EngineConflict, EngineNotSent, EngineUnknown
 */
export async function moveHorizon(
  engine: Engine,
  seq: number,
  nextId: () => string,
  late: () => boolean,
): Promise<number> {
  const key = logKey("horizon", "");
  for (;;) {
    const stands = await engine.read(key);
    const known = stands === null ? 0 : readHorizon(stands.entry);
    if (known >= seq) return known;
    try {
      await engine.append(key, writeHorizon(seq), { expect: stands?.seq ?? 0, id: nextId() });
      return seq;
    } catch (error) {
      if (!(error instanceof EngineConflict) || late()) throw error;
    }
  }
}

export function readHorizon(bytes: Uint8Array): number {
  if (bytes.length !== 8) return 0;
  const seq = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  return Number.isSafeInteger(seq) && seq > 0 ? seq : 0;
}

function writeHorizon(seq: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, seq, true);
  return bytes;
}
