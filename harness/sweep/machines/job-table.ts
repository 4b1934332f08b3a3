/** What a coordinator has ordered and what came back: each job's outcome counts once, whoever told it, and however often. */
import { RunFailedError } from "../../command-line/errors.js";
import type { Simulated } from "../messages.js";
import type { Result } from "./messages.js";

export interface Ordered {
  /** Such as `lru at 100 objects`. */
  readonly what: string;
  /** Requests of its trace. */
  readonly requests: number;
  readonly windows: number;
}

interface Entry extends Ordered {
  replayed: number;
  outcome: Simulated | null;
  by: string;
}

export interface Account {
  readonly jobs: number;
  /** Jobs by who was first to tell their outcome. */
  readonly workers: ReadonlyMap<string, number>;
  /** Jobs whose outcome came from another time than the first that they were given out. */
  readonly givenAgain: number;
  /** Outcomes of jobs that had one. */
  readonly cameTwice: number;
}

export class JobTable {
  readonly #entries = new Map<string, Entry>();
  readonly #workers = new Map<string, number>();
  #open = 0;
  #givenAgain = 0;
  #cameTwice = 0;

  order(job: string, ordered: Ordered): void {
    this.#entries.set(job, { ...ordered, replayed: 0, outcome: null, by: "" });
    this.#open++;
  }

  /** Jobs without an outcome. */
  get open(): number {
    return this.#open;
  }

  get done(): number {
    return this.#entries.size - this.#open;
  }

  /** What the jobs without an outcome are. */
  openJobs(): string[] {
    return [...this.#entries.values()].filter(({ outcome }) => outcome === null).map(({ what }) => what);
  }

  outcomeOf(job: string): Simulated | null {
    return this.#entries.get(job)?.outcome ?? null;
  }

  /** @returns requests that are replayed beyond those that were known of; a job that was given out again begins anew and adds none at first */
  replayed(job: string, requests: number): number {
    const entry = this.#entries.get(job);
    if (entry === undefined || entry.outcome !== null) return 0;
    const more = Math.min(requests, entry.requests) - entry.replayed;
    if (more <= 0) return 0;
    entry.replayed += more;
    return more;
  }

  /**
   * @returns whether it is the first of this job; one that nobody ordered is none
   * @throws RunFailedError when the job cannot be done, when its outcome cannot be, and when two workers came to different ones
   */
  take(result: Result): { isFirst: boolean; replayed: number } {
    const { job, worker, delivery, outcome, failure } = result;
    const entry = this.#entries.get(job);
    if (entry === undefined) return { isFirst: false, replayed: 0 };
    if (entry.outcome !== null) {
      this.#cameTwice++;
      if (outcome !== undefined && countsIn(outcome) !== countsIn(entry.outcome)) {
        throw new RunFailedError(`${entry.what}: worker ${worker} came to other counts than worker ${entry.by}`);
      }
      return { isFirst: false, replayed: 0 };
    }
    if (outcome === undefined) throw new RunFailedError(`${entry.what} failed at worker ${worker}: ${failure}`);
    const wrong = impossible(entry, outcome);
    if (wrong !== null) throw new RunFailedError(`${entry.what}: worker ${worker} told what cannot be: ${wrong}`);
    const replayed = this.replayed(job, entry.requests);
    entry.outcome = outcome;
    entry.by = worker;
    this.#open--;
    this.#workers.set(worker, (this.#workers.get(worker) ?? 0) + 1);
    if (delivery > 1) this.#givenAgain++;
    return { isFirst: true, replayed };
  }

  account(): Account {
    const { done: jobs } = this;
    return { jobs, workers: this.#workers, givenAgain: this.#givenAgain, cameTwice: this.#cameTwice };
  }
}

/** All that is not measured, to be compared. */
function countsIn({ milliseconds, ...counts }: Simulated): string {
  const { hits, misses, missedBytes, evictions, windows = [], decisions = [] } = counts;
  return JSON.stringify([hits, misses, missedBytes, evictions, windows, decisions]);
}

function impossible(ordered: Ordered, { hits, misses, windows }: Simulated): string | null {
  const lookups = hits + misses;
  if (lookups > ordered.requests) return `${lookups} look-ups in ${ordered.requests} requests`;
  if ((windows?.length ?? 0) !== ordered.windows) {
    return `${windows?.length ?? 0} windows where ${ordered.windows} were asked for`;
  }
  if (windows === undefined) return null;
  const inWindows = windows.reduce((sum, window) => sum + window.lookups, 0);
  const over = windows.some((window) => window.hits > window.lookups);
  return inWindows === lookups && !over ? null : `windows of ${inWindows} look-ups where there were ${lookups}`;
}

/** One line on who did what. */
export function describe({ jobs, workers, givenAgain, cameTwice }: Account): string {
  const each = [...workers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([worker, done]) => `${worker} ${done}`);
  const by =
    each.length === 0 ? "" : ` by ${each.length === 1 ? "1 worker" : `${each.length} workers`}: ${each.join(", ")}`;
  const again = givenAgain === 0 ? "" : `; ${givenAgain} given out again`;
  const twice = cameTwice === 0 ? "" : `; ${cameTwice} told twice`;
  return `${jobs} ${jobs === 1 ? "job" : "jobs"}${by}${again}${twice}`;
}
