/**
 * One server of a test or campaign as a process: started, waited for, stopped for a while, killed, started again at the same place. What
 * it says goes to a file, since a pipe that a busy test does not read would make the server wait for the test.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const LOOK_MS = 20;
const LAST_WORDS = 2048;
const ANSWER_MS = 1000;
/** After it a process that was told to stop has not stopped: an error rather than a wait without end. */
const STOPPED_MS = 60_000;

export class ServerProcess {
  readonly name: string;
  readonly #command: readonly string[];
  readonly #log: string;
  #child: ChildProcess | null = null;
  /** Why it never ran. */
  #unstarted: Error | null = null;

  /** @param log the file that its output is appended to */
  constructor(name: string, command: readonly string[], log: string) {
    this.name = name;
    this.#command = command;
    this.#log = log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** It was started, and runs no more. */
  get ended(): boolean {
    return (
      this.#unstarted !== null ||
      (this.#child !== null && (this.#child.exitCode !== null || this.#child.signalCode !== null))
    );
  }

  spawn(): void {
    const [program, ...args] = this.#command;
    const log = openSync(this.#log, "a");
    try {
      this.#unstarted = null;
      this.#child = spawn(program, args, { stdio: ["ignore", log, log] });
      this.#child.on("error", (error) => {
        this.#unstarted = error;
      });
    } finally {
      closeSync(log);
    }
  }

  /** @throws Error with its last words when it ends instead, or is not ready in time; it is killed then */
  async until(isReady: () => Promise<boolean>, withinMs: number): Promise<void> {
    for (const began = performance.now(); performance.now() - began < withinMs; await wait(LOOK_MS)) {
      if (this.#unstarted !== null) throw new Error(`${this.name} could not be started: ${this.#unstarted.message}`);
      if (this.ended) throw new Error(`${this.name} ended with code ${this.#child?.exitCode}: ${this.lastWords()}`);
      if (await isReady()) return;
    }
    this.killNow();
    throw new Error(`${this.name} was not ready within ${withinMs / 1000} s: ${this.lastWords()}`);
  }

  /** SIGKILL: without a word to anybody. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** SIGTERM, waited for. */
  end(): Promise<void> {
    return this.#end("SIGTERM");
  }

  killNow(): void {
    this.#child?.kill("SIGKILL");
  }

  /** As `pauseProcess`; nothing when it does not run. */
  async pause(): Promise<void> {
    if (this.pid !== undefined && !this.ended) await pauseProcess(this.pid);
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  lastWords(): string {
    return readFileSync(this.#log, "utf8").slice(-LAST_WORDS);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || this.ended) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
}

/** Whether something answers at an address, and well: what only takes the connection, as another's server may at a port that it was quicker to take, does not. */
export async function answers(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => null))?.ok ?? false;
}

/**
 * SIGSTOP, and none of its threads runs any more. The signal alone does not say so: it reaches a sleeping thread first, and the others go on
 * until that one has had a processor; they may have answered what is asked right after it.
 * @throws Error when it has not stopped within a minute, or there is no such process
 */
export async function pauseProcess(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  for (const began = performance.now(); !allStopped(pid); await wait(1)) {
    if (performance.now() - began > STOPPED_MS) throw new Error(`process ${pid} runs on, a minute after SIGSTOP`);
  }
}

/** Whether each of its threads is stopped, or it is gone. Where the system shows no threads as files, the signal is believed. */
function allStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).every((task) => /^[TtZX]/.test(stateOf(readFileSync(`${tasks}/${task}/stat`, "latin1"))));
  } catch {
    return true;
  }
}

/** "pid (name) state …", where the name may hold spaces and brackets of its own. */
const stateOf = (stat: string): string => stat.slice(stat.lastIndexOf(")") + 2);
