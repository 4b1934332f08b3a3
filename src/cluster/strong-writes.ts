/**
 * Writes through the log's quorum: one attempt id until the log has answered or the time is up. What is told in the end is what is known: written, not
 * written, or that it may be.
 */
import { type ClusterClock, type Engine, EngineConflict, EngineNotSent, EngineUnknown } from "./engine.js";
import { type ClusterEntry, encodeEntry } from "./entry.js";
import { UnavailableError, UnknownOutcomeError } from "./errors.js";
import type { Pace } from "./feed.js";
import { readable } from "./flusher.js";
import { logKey } from "./keys.js";
import { isSameVersion } from "./merge.js";
import type { Pauses } from "./pauses.js";
import type { CommitOptions, Committed } from "./replica-options.js";
import type { Version } from "./versions.js";

export interface StrongWriteSink {
  nextAttempt(): string;
  /** It stands in the log. */
  stands(key: string, seq: number, entry: ClusterEntry): void;
}

export class StrongWrites {
  constructor(
    private readonly engine: Engine,
    private readonly clock: ClusterClock,
    private readonly pauses: Pauses,
    private readonly pace: Pace,
    private readonly sink: StrongWriteSink,
  ) {}

  /**
   * @returns null when `expect` is not what stands there: nothing was written
   * @throws UnavailableError when it certainly had no effect, UnknownOutcomeError when it may have had, or have one yet
   */
  async write(key: string, entry: ClusterEntry, options: CommitOptions): Promise<Committed | null> {
    const { expect, timeoutMs, attempt } = options;
    const id = attempt ?? this.sink.nextAttempt();
    const until = this.clock.elapsed() + timeoutMs;
    let uncertain = attempt !== undefined;
    const bytes = encodeEntry(entry);
    for (let pause = this.pace.retryMs; ; pause = Math.min(2 * pause, this.pace.retryMostMs)) {
      let failure: unknown;
      try {
        const { seq, duplicate } = await this.engine.append(logKey("data", key), bytes, { expect, id });
        // of an earlier call's attempt: what that one wrote, which may have another stamp
        if (duplicate && attempt !== undefined) return { seq, entry: (await this.readVersion(key, seq)) ?? entry };
        this.sink.stands(key, seq, entry);
        return { seq, entry };
      } catch (error) {
        failure = error;
        if (error instanceof EngineUnknown) uncertain = true;
        else if (error instanceof EngineConflict && !uncertain) return null;
        else if (!(error instanceof EngineConflict) && !(error instanceof EngineNotSent)) throw error;
      }
      if (failure instanceof EngineConflict) {
        // it may have met its own version, which an earlier try wrote
        const met = await this.whatStands(key);
        if (met?.entry != null && isSameVersion(met.entry, entry)) return { seq: met.seq, entry };
        // another's: ours may have stood in between. What was expected: who answered is behind
        if (met !== undefined && (met?.seq ?? 0) !== expect) throw unknown(key, id, failure);
      }
      if (this.pauses.closed || this.clock.elapsed() + pause >= until) {
        if (uncertain) throw unknown(key, id, failure);
        throw new UnavailableError(
          `"${key}" was not written: the log did not take it within ${timeoutMs} ms (${(failure as Error).message}); nothing has changed`,
          { cause: failure },
        );
      }
      await this.pauses.sleep(pause);
    }
  }

  /** What the log says stands there; null for nothing, undefined when it does not answer. */
  private async whatStands(key: string): Promise<Version | null | undefined> {
    try {
      const logged = await this.engine.read(logKey("data", key));
      return logged === null ? null : { seq: logged.seq, entry: readable(logged.entry) };
    } catch {
      return undefined;
    }
  }

  /** The version that an earlier try wrote, if it still stands. */
  private async readVersion(key: string, seq: number): Promise<ClusterEntry | null> {
    const stands = await this.whatStands(key);
    if (stands === null || stands === undefined || stands.seq !== seq) return null;
    if (stands.entry !== null) this.sink.stands(key, seq, stands.entry);
    return stands.entry;
  }
}

function unknown(key: string, attempt: string, cause: unknown): UnknownOutcomeError {
  const message = `"${key}" was sent and not answered: it may be written, now or later; ask again with { attempt } of this error, which cannot write twice, or read the key`;
  return new UnknownOutcomeError(message, attempt, { cause });
}
