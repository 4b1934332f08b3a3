/**
 * Recovery of a node's copies, in the fourth source's five steps: detection, assessment, reconstruction, validation, reintegration.
 *
 * | mode | the copy is rebuilt from | lost |
 * |---|---|---|
 * | full | all that stands in the log | nothing that the log acknowledged |
 * | delta | what the log has had since | nothing; where deletions since may have been taken out of the log, it becomes full |
 * | peer | another node's copy, then the log if it answers | what the peer had not heard of, until the log answers |
 * | snapshot | the latest checkpoint alone | what came after it, until the log answers |
 * | auto | delta or full if the log answers, else a peer, else a checkpoint | |
 */
import { choice, describe, KnownOptions } from "../check.js";
import { ClosedError, InvalidArgumentError } from "../errors.js";
import { type Duration, milliseconds } from "../units.js";
import { type ClusterClock, type Engine, EngineConflict } from "./engine.js";
import { encodeEntry } from "./entry.js";
import { UnavailableError } from "./errors.js";
import { logKey } from "./keys.js";
import { Pauses } from "./pauses.js";
import type { PeerCopies } from "./peer-copies.js";
import type { Replica } from "./replica.js";
import { type CopyFault, verifyCopy } from "./verify-copy.js";
import type { Version } from "./versions.js";

/** All of them. */
export const RECOVERY_MODES = ["full", "delta", "peer", "snapshot", "auto"] as const;
/** From where a copy is made whole: the whole log, what of it is missing, another node, a checkpoint, or what suits best. */
export type RecoveryMode = (typeof RECOVERY_MODES)[number];

export const RECOVERY_STEPS = ["detection", "assessment", "reconstruction", "validation", "reintegration"] as const;
/** The source's five, in their order. */
export type RecoveryStep = (typeof RECOVERY_STEPS)[number];

/** What is recovered, and from where. */
export interface RecoverOptions {
  /** Default "auto". */
  mode?: RecoveryMode;
  /** Default: all that are replicated. */
  domain?: string;
  /** Of "peer": which. Default: any that is alive. */
  peer?: string;
  /** Of "snapshot": which. Default: the latest. */
  checkpoint?: string;
  /** For each domain. Default 60 s. */
  timeout?: Duration;
}

/** How far a recovery is. */
export interface RecoveryProgress {
  /** Which is under way. */
  readonly domain: string;
  /** What is being done. */
  readonly step: RecoveryStep;
  /** Of the whole recovery of all domains asked for, 0 to 100. */
  readonly percent: number;
  /** The same in words. */
  readonly note: string;
}

/** What the recovery of one domain came to. */
export interface RecoveredDomain {
  /** Its name. */
  readonly domain: string;
  /** What was done, which is not what was asked for where that could not be. */
  readonly mode: Exclude<RecoveryMode, "auto">;
  /** Why in this mode, in words. */
  readonly because: string;
  /** Versions that came in. */
  readonly taken: number;
  /** Keys that went because they were deleted. */
  readonly removed: number;
  /** Faults that validation found. */
  readonly faults: readonly CopyFault[];
  /** How many of them were mended from the log. */
  readonly repaired: number;
  /** Writes that did not know of each other. */
  readonly conflictsResolved: number;
  /** Nothing of this node's is left that the log does not have. */
  readonly merged: boolean;
  /** Where the copy is in the log now. */
  readonly applied: number;
  /** How long it took, ms. */
  readonly tookMs: number;
}

/** How the latest recovery stands. */
export interface RecoveryStatus {
  /** Whether one is under way, and how the last one ended. */
  readonly status: "idle" | "in_progress" | "done" | "failed";
  /** 0 to 100. */
  readonly progress: number;
  /** What is being done; null while nothing is. */
  readonly step: RecoveryStep | null;
  /** Which is under way; null while none is. */
  readonly domain: string | null;
  /** Of the last one that failed. */
  readonly error: string | null;
}

/** A domain's part of a checkpoint. */
export interface CheckpointCopy {
  readonly checkpoint: string;
  /** The word of the log that it is of, */
  readonly log: string;
  /** and where the copy was in it, at least. */
  readonly applied: number;
  /** Whether all is there that the copy had. */
  readonly isWhole: boolean;
  versions(): Iterable<[key: string, version: Version]>;
}

export interface RecoveryDomain {
  readonly name: string;
  readonly replica: Replica;
  readonly engine: Engine;
  readonly copies: PeerCopies;
  /** Asks which log it is: a copy of another one starts over. Its word. @throws EngineNotSent, EngineUnknown */
  checkLog(): Promise<string>;
  /** Nodes that are alive, but for this one. */
  live(): readonly string[];
}

export interface RecoverySource {
  readonly clock: ClusterClock;
  /** Those that are replicated. */
  domains(): Iterable<RecoveryDomain>;
  /**
   * Opens a checkpoint for reading, the latest if no name is given; null when there is none. `close` when done.
   *
   * @throws InvalidArgumentError, CorruptBackupError
   */
  openCheckpoint(
    name?: string,
  ): Promise<{ copyOf(domain: string): CheckpointCopy | null; close(): Promise<void> } | null>;
  /** Tells the others that this node is there. */
  announce(): void;
}

interface Assessment {
  readonly mode: Exclude<RecoveryMode, "auto">;
  readonly because: string;
  readonly peer?: string;
}

const OPTIONS = new KnownOptions("recover", ["mode", "domain", "peer", "checkpoint", "timeout"]);
const TIMEOUT_MS = 60_000;
/** For an answer of the log, before it is taken to be out of reach. */
const ANSWER_MS = 3000;

export class Recovery {
  private current: RecoveryStatus = { status: "idle", progress: 0, step: null, domain: null, error: null };
  private readonly listeners = new Set<(progress: RecoveryProgress) => void>();
  private readonly pauses: Pauses;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly source: RecoverySource) {
    this.pauses = new Pauses(source.clock);
  }

  status(): RecoveryStatus {
    return this.current;
  }

  onProgress(listener: (progress: RecoveryProgress) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * One at a time: another that is asked for meanwhile begins when it is done.
   *
   * @throws InvalidArgumentError; UnavailableError when there is nothing to recover from: what had come in is kept
   */
  async recover(options: RecoverOptions = {}): Promise<RecoveredDomain[]> {
    const checked = this.check(options);
    const run = this.last.then(() => this.run(checked));
    this.last = run.catch(() => {});
    return run;
  }

  /** Whoever waits gets an error. */
  close(): void {
    this.pauses.close();
  }

  // ---------------------------------------------------------------- the steps

  private async run(options: Checked): Promise<RecoveredDomain[]> {
    const recovered: RecoveredDomain[] = [];
    try {
      for (const [i, domain] of options.domains.entries()) {
        const tell = (step: RecoveryStep, share: number, note: string) => {
          const done = (RECOVERY_STEPS.indexOf(step) + share) / RECOVERY_STEPS.length;
          const percent = Math.min(100, Math.round((100 * (i + done)) / options.domains.length));
          this.current = { status: "in_progress", progress: percent, step, domain: domain.name, error: null };
          for (const listener of this.listeners) listener({ domain: domain.name, step, percent, note });
        };
        recovered.push(await this.recoverOne(domain, options, tell));
      }
    } catch (error) {
      this.current = { ...this.current, status: "failed", error: (error as Error).message };
      throw error;
    }
    this.source.announce();
    this.current = { status: "done", progress: 100, step: null, domain: null, error: null };
    return recovered;
  }

  private async recoverOne(domain: RecoveryDomain, options: Checked, tell: Tell): Promise<RecoveredDomain> {
    const { clock } = this.source;
    const { replica } = domain;
    const began = clock.elapsed();
    const left = () => options.timeoutMs - (clock.elapsed() - began);
    tell(
      "detection",
      0,
      replica.fault === null ? "the copy goes on" : `the copy stands still: ${replica.fault.message}`,
    );
    const answers = await this.logAnswers(domain);
    tell("assessment", 0, answers ? "the log answers" : "the log does not answer");
    const assessment = this.assess(domain, options, answers);
    tell("reconstruction", 0, `${assessment.mode}: ${assessment.because}`);
    let taken = 0;
    let removed = 0;
    const stop = replica.onApply((_, entry) => {
      if (entry === null) removed++;
      else taken++;
    });
    let done: Assessment;
    try {
      done = await this.reconstruct(domain, assessment, options, answers, left, tell);
    } finally {
      stop();
    }
    tell("validation", 0, `${taken} versions came in, ${removed} keys went`);
    const faults = verifyCopy(replica, clock.now());
    const repaired = answers ? await this.mend(domain, faults) : 0;
    tell(
      "reintegration",
      0,
      faults.length === 0 ? "the copy is sound" : `${repaired} of ${faults.length} faults mended`,
    );
    const healed = answers
      ? await replica.heal(Math.max(1, left()))
      : { merged: replica.overlaySize === 0, conflictsResolved: 0 };
    tell("reintegration", 1, healed.merged ? "all is in the log" : "some writes wait for the log");
    return {
      domain: domain.name,
      mode: done.mode,
      because: done.because,
      taken,
      removed,
      faults,
      repaired,
      ...healed,
      applied: replica.applied,
      tookMs: clock.elapsed() - began,
    };
  }

  private assess({ replica, live }: RecoveryDomain, options: Checked, answers: boolean): Assessment {
    const { mode, peer } = options;
    const whole = replica.applied === 0 || replica.applied < replica.horizon;
    const full = whole
      ? replica.applied === 0
        ? "the copy is new"
        : "deletions since have been taken out of the log"
      : "it was asked for";
    if (mode === "full" || (mode === "delta" && whole)) return { mode: "full", because: full };
    if (mode === "delta") return { mode: "delta", because: "it was asked for" };
    if (mode === "snapshot") return { mode, because: "it was asked for" };
    if (mode === "peer") {
      const [first] = live();
      if (peer !== undefined || first !== undefined) return { mode, because: "it was asked for", peer: peer ?? first };
      throw new UnavailableError(
        "no other node is alive to take a copy from; recover with mode full, delta or snapshot",
      );
    }
    if (answers) {
      return whole ? { mode: "full", because: full } : { mode: "delta", because: `the copy is at ${replica.applied}` };
    }
    const [alive] = live();
    if (alive !== undefined)
      return { mode: "peer", because: "the log does not answer, another node does", peer: alive };
    return { mode: "snapshot", because: "neither the log nor another node answers" };
  }

  private async reconstruct(
    domain: RecoveryDomain,
    assessment: Assessment,
    options: Checked,
    answers: boolean,
    left: () => number,
    tell: Tell,
  ): Promise<Assessment> {
    const { replica } = domain;
    const { mode, peer } = assessment;
    const late = () => new UnavailableError(`domain "${domain.name}" was not recovered within ${options.timeoutMs} ms`);
    if (mode === "full") {
      if (await this.within(replica.reload(), left(), late)) return assessment;
      throw new UnavailableError(
        `the log of domain "${domain.name}" did not give all it has${replica.fault === null ? "" : ` (${replica.fault.message})`}; recover with mode peer or snapshot, or when it answers again`,
      );
    }
    if (mode === "delta") {
      await this.within(replica.repair(), left(), late);
      return assessment;
    }
    if (mode === "snapshot") {
      if (answers) await this.within(replica.repair(), left(), late);
      const { checkpoint, added } = await this.loadCheckpoint(domain, options.checkpoint, answers);
      tell("reconstruction", 0.8, `checkpoint "${checkpoint}" is merged`);
      if (answers) await this.within(replica.repair(), left(), late);
      const lost = added === 0 ? "" : `; the log had lost ${added} of its keys, which it has again`;
      return { ...assessment, because: `${assessment.because}; checkpoint "${checkpoint}"${lost}` };
    }
    const copied = await this.within(
      domain.copies.pull(peer as string, (share) => tell("reconstruction", share, `from "${peer}"`)),
      left(),
      late,
    );
    if (answers) {
      for (const key of copied.leftOut) await replica.refetch(key);
      replica.resumeAt(copied.applied);
      await this.within(replica.repair(), left(), late);
    }
    return { ...assessment, because: `${assessment.because}; node "${peer}" at ${copied.applied}` };
  }

  /**
   * Merges a checkpoint into the copy. Where the log answers, that is right already. Only where it is another log than the checkpoint's, which has lost
   * what it had (its servers kept it in memory, and all of them died), keys of which it has nothing go back to it.
   */
  private async loadCheckpoint(
    { name, replica, engine, checkLog }: RecoveryDomain,
    wanted: string | undefined,
    answers: boolean,
  ) {
    const opened = await this.source.openCheckpoint(wanted);
    const copy = opened?.copyOf(name) ?? null;
    try {
      if (copy === null) {
        throw new UnavailableError(
          `there is no checkpoint with domain "${name}" to recover from; take some with checkpoint(), or recover with mode full or peer`,
        );
      }
      const { checkpoint } = copy;
      const wasEmpty = replica.size === 0 && replica.applied === 0;
      const isLost = answers && copy.log !== (await checkLog());
      let added = 0;
      for (const [key, { seq, entry }] of copy.versions()) {
        if (entry === null) continue;
        if (!answers) replica.takeOver(seq, key, encodeEntry(entry));
        else if (isLost && (await addTo(engine, key, encodeEntry(entry), `${checkpoint}.${seq}`))) added++;
      }
      // a copy that had gone on from somewhere else has holes that only the log can fill
      if (wasEmpty && !answers && copy.isWhole) replica.resumeAt(copy.applied);
      return { checkpoint, added };
    } finally {
      await opened?.close();
    }
  }

  private async mend({ replica }: RecoveryDomain, faults: readonly CopyFault[]): Promise<number> {
    let mended = 0;
    for (const { key } of faults) {
      try {
        await replica.refetch(key);
        const { entry } = replica.confirmed(key) ?? {};
        if (entry !== null) mended++;
      } catch {
        break; // the log is gone again
      }
    }
    return mended;
  }

  private async logAnswers({ checkLog }: RecoveryDomain): Promise<boolean> {
    try {
      const late = () => new UnavailableError("late");
      await this.within(checkLog(), ANSWER_MS, late);
      return true;
    } catch (error) {
      if (this.pauses.closed) throw error;
      return false;
    }
  }

  private within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
    if (!this.pauses.closed) return this.pauses.within(promise, ms, late);
    promise.catch(() => {}); // nobody waits for it any more
    return Promise.reject(new ClosedError("the distributed memory was closed during a recovery"));
  }

  private check(options: RecoverOptions): Checked {
    const { mode, domain, peer, checkpoint, timeout } = OPTIONS.check(options);
    const all = [...this.source.domains()];
    const domains = domain === undefined ? all : all.filter(({ name }) => name === domain);
    if (domain !== undefined && domains.length === 0) {
      const names = all.map(({ name }) => name).join(", ") || "none";
      throw new InvalidArgumentError(`option domain is ${describe(domain)}; replicated domains here: ${names}`);
    }
    for (const [name, value] of Object.entries({ peer, checkpoint })) {
      if (value === undefined || (typeof value === "string" && value !== "")) continue;
      throw new InvalidArgumentError(`option ${name} is ${describe(value)}; expected a name`);
    }
    return {
      mode: choice("option mode", mode, RECOVERY_MODES, "auto"),
      domains,
      peer,
      checkpoint,
      timeoutMs: milliseconds("option timeout", timeout, TIMEOUT_MS, 1, 2 ** 31 - 1),
    };
  }
}

/** False when something stands there. @throws EngineNotSent, EngineUnknown */
async function addTo(engine: Engine, key: string, entry: Uint8Array, id: string): Promise<boolean> {
  try {
    await engine.append(logKey("data", key), entry, { id: `r.${Buffer.from(id).toString("base64url")}`, expect: 0 });
    return true;
  } catch (error) {
    if (error instanceof EngineConflict) return false;
    throw error;
  }
}

interface Checked {
  readonly mode: RecoveryMode;
  readonly domains: readonly RecoveryDomain[];
  readonly peer: string | undefined;
  readonly checkpoint: string | undefined;
  readonly timeoutMs: number;
}

type Tell = (step: RecoveryStep, share: number, note: string) => void;
