/**
 * A child process, watched to its end. Whatever becomes of it, `ended` settles: a child that was asked to end and does not is killed, as is
 * one that takes longer than it may, and what it left running does not hold its streams open for ever. None outlives this process.
 */
import { type ChildProcess, fork, type StdioOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RunFailedError } from "../command-line/errors.js";
import { undoAtExit } from "./at-exit.js";
import { keepLast } from "./last-words.js";

export interface Ended {
  readonly exitCode: number | null;
  /** The signal that ended it, if one did. */
  readonly killedBy: NodeJS.Signals | null;
  /** It was killed from here: it took longer than `limitMs`. */
  readonly late: boolean;
  /** The ends of what it said, where that was piped. */
  readonly stdout: string;
  readonly stderr: string;
  /** From its start to its exit, ms; what it left running may have held its streams open for longer. */
  readonly wallMs: number;
}

/** When and how a child is ended from here. */
export interface Limits {
  /** An abort asks the child to end. */
  readonly interrupt?: AbortSignal;
  /** How it is asked, by a message, say; by SIGTERM when left out. */
  ask?(child: Child): void;
  /** Time it then has to end by itself, before it is killed. */
  readonly graceMs?: number;
  /** Time it has in all. */
  readonly limitMs?: number;
  /** What the child left running may hold its streams open: they are closed so long after its end. */
  readonly drainMs?: number;
}

export interface ProgramOptions extends Limits {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** `inherit`: the child talks to the user, and nothing is kept of it. By default its output is kept. */
  readonly stdio?: "keep" | "inherit";
  /** Ended together with all that it starts (not on Windows, which has no process groups). */
  readonly ownGroup?: boolean;
  /** What it says, as it comes. */
  onStdout?(text: string): void;
}

export interface ModuleOptions<Message> extends Limits {
  /** As of a program. */
  readonly ownGroup?: boolean;
  readonly execArgv?: readonly string[];
  /** `ignore`: of a process that may say very much which nobody needs. */
  readonly stderr?: "keep" | "ignore";
  onMessage?(message: Message): void;
}

/** There is no such program, or the system has no room for another process. */
export class CannotStartError extends RunFailedError {
  constructor(program: string, cause: Error) {
    super(`cannot start ${program}: ${cause.message}`, { cause });
  }
}

const GRACE_MS = 2000;
/** Of each stream the end is kept; results come by message or file. */
const KEPT_CHARACTERS = 1 << 20;
/** Enough for a busy machine to read the rest of what was said. */
const DRAIN_MS = 10_000;

export class Child {
  /** Its end. @throws CannotStartError */
  readonly ended: Promise<Ended>;

  private readonly process: ChildProcess;
  private readonly ownGroup: boolean;

  private constructor(program: string, process: ChildProcess, ownGroup: boolean, limits: Limits) {
    this.process = process;
    this.ownGroup = ownGroup;
    this.ended = this.watch(program, limits);
    // Whoever started it may be busy otherwise when it ends.
    this.ended.catch(() => {});
  }

  /** Starts a program. */
  static program(program: string, args: readonly string[], options: ProgramOptions = {}): Child {
    const { cwd, env, stdio = "keep", ownGroup = false } = options;
    const detached = ownGroup && globalThis.process.platform !== "win32";
    const streams: StdioOptions = stdio === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"];
    const spawned = spawn(program, args, { cwd, env, detached, stdio: streams });
    const child = new Child(program, spawned, detached, options);
    if (options.onStdout !== undefined) spawned.stdout?.on("data", options.onStdout);
    return child;
  }

  /** Starts a module of this package in a process of its own, to which and from which messages go by structured clone. */
  static module<Message>(module: URL, options: ModuleOptions<Message> = {}): Child {
    const { execArgv = process.execArgv, stderr = "keep", ownGroup = false, onMessage } = options;
    const detached = ownGroup && process.platform !== "win32";
    const forked = fork(fileURLToPath(module), [], {
      detached,
      execArgv: [...execArgv],
      // A result may hold Infinity, and undefined stays away.
      serialization: "advanced",
      stdio: ["ignore", "ignore", stderr === "keep" ? "pipe" : "ignore", "ipc"],
    });
    if (onMessage !== undefined) forked.on("message", onMessage);
    const child = new Child(`a process of ${fileURLToPath(module)}`, forked, detached, options);
    if (process.env.ENGRAM_DEBUG === "1")
      void child.ended.then(
        ({ stderr }) => process.stderr.write(stderr),
        () => {},
      );
    return child;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** To a module. One that is gone already is dealt with when it ends. */
  send(message: object): void {
    if (this.process.connected) this.process.send(message, () => {});
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    const { pid } = this.process;
    if (pid === undefined) return;
    try {
      if (this.ownGroup) process.kill(-pid, signal);
      else this.process.kill(signal);
    } catch {
      // Gone already, which is what was wanted.
    }
  }

  /** After its end: kills what it started and left running. Whether there was any; never of a child that has no group of its own. */
  endGroup(): boolean {
    const { pid } = this.process;
    if (!this.ownGroup || pid === undefined) return false;
    try {
      process.kill(-pid, "SIGKILL");
      return true;
    } catch {
      return false; // Nobody is in it.
    }
  }

  private watch(program: string, limits: Limits): Promise<Ended> {
    const {
      interrupt,
      ask = (child) => child.kill("SIGTERM"),
      graceMs = GRACE_MS,
      limitMs,
      drainMs = DRAIN_MS,
    } = limits;
    const stdout = keepLast(this.process.stdout, KEPT_CHARACTERS);
    const stderr = keepLast(this.process.stderr, KEPT_CHARACTERS);
    const timers: NodeJS.Timeout[] = [];
    const after = (milliseconds: number, act: () => void) => timers.push(setTimeout(act, milliseconds));
    let late = false;
    const startedAt = performance.now();
    let wallMs = 0;
    const onAbort = (): void => {
      ask(this);
      after(graceMs, () => this.kill());
    };
    const forgetExit = undoAtExit(() => this.kill());
    const letGo = (): void => {
      forgetExit();
      interrupt?.removeEventListener("abort", onAbort);
      for (const timer of timers) clearTimeout(timer);
    };
    return new Promise((resolve, reject) => {
      this.process.on("error", (cause) => {
        // Of a child that runs it is a message or signal that did not reach it: its end is still to come.
        if (this.process.pid !== undefined) return;
        letGo();
        reject(new CannotStartError(program, cause));
      });
      this.process.once("exit", () => {
        wallMs = performance.now() - startedAt;
        after(drainMs, () => {
          this.process.stdout?.destroy();
          this.process.stderr?.destroy();
        });
      });
      this.process.once("close", (exitCode, killedBy) => {
        letGo();
        resolve({ exitCode, killedBy, late, stdout: stdout(), stderr: stderr(), wallMs });
      });
      interrupt?.addEventListener("abort", onAbort, { once: true });
      if (interrupt?.aborted) onAbort();
      if (limitMs === undefined) return;
      after(limitMs, () => {
        late = true;
        this.kill();
      });
    });
  }
}

/** Runs a program to its end. @throws CannotStartError; the reason of the interrupt when that came, once the child is gone */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Ended> {
  options.interrupt?.throwIfAborted();
  const ended = await Child.program(program, args, options).ended;
  options.interrupt?.throwIfAborted();
  return ended;
}
