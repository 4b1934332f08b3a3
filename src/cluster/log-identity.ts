/**
 * Which log this is. Numbers do not tell a log that was made anew from the one that was there before it: it counts from 1 again, and one day has grown
 * beyond what a copy knows. So whoever comes first writes a word, drawn at random, under a key of its own, which stands for as long as the log does.
 */
import { randomUUID } from "node:crypto";
import { type Engine, EngineConflict } from "./engine.js";
import { logKey } from "./keys.js";
import type { Pauses } from "./pauses.js";

const RETRY_MS = 50;
const WORD = /^[\x21-\x7e]{1,64}$/;

export class LogIdentity {
  /** As it was answered last; "" before. */
  known = "";
  private asking: Promise<string> | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly pauses: Pauses,
  ) {}

  /** Asks which log it is; one that has no word yet gets one. @throws EngineNotSent, EngineUnknown */
  async check(): Promise<string> {
    this.asking ??= this.word().finally(() => {
      this.asking = null;
    });
    this.known = await this.asking;
    return this.known;
  }

  private async word(): Promise<string> {
    const key = logKey("log", "");
    const drawn = randomUUID();
    for (;;) {
      const stands = await this.engine.read(key);
      const word = stands === null ? "" : Buffer.from(stands.entry).toString();
      if (WORD.test(word)) return word;
      try {
        // a server that is behind may show nothing: the log itself decides whether there is a word
        await this.engine.append(key, Buffer.from(drawn), { expect: stands?.seq ?? 0, id: `i.${drawn}` });
        return drawn;
      } catch (error) {
        if (!(error instanceof EngineConflict) || this.pauses.closed) throw error;
      }
      await this.pauses.sleep(RETRY_MS);
    }
  }
}
