/** Children of the gate: each in a process group of its own, so that none of their children outlives the gate. */
import { spawn } from "node:child_process";
import { RunFailedError } from "./errors.js";

export interface ChildOptions {
  cwd: string;
  signal: AbortSignal;
  env?: NodeJS.ProcessEnv;
}

export interface Finished {
  stdout: string;
  stderr: string;
  exitCode: number | null;
  /** The signal that ended it, if one did. */
  killedBy: NodeJS.Signals | null;
}

/** Time a child gets to end by itself after SIGTERM. */
const GRACE_MS = 2000;
/** Of each stream, the end is kept: errors come last. Results are read from files, not from here. */
const KEPT_CHARACTERS = 1 << 20;

/**
 * Runs a program to its end. An abort ends its whole process group, waits until it is gone, and then rejects with the
 * abort's reason. A program that cannot be started rejects with RunFailedError.
 */
export function runChild(program: string, args: readonly string[], options: ChildOptions): Promise<Finished> {
  const { cwd, signal, env } = options;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: env ?? process.env,
      // A group of its own (POSIX); Windows has no groups, there the child itself is ended.
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        output[name] = (output[name] + chunk).slice(-KEPT_CHARACTERS);
      });
    }
    let killTimer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      endGroup(child.pid, "SIGTERM");
      killTimer = setTimeout(() => endGroup(child.pid, "SIGKILL"), GRACE_MS);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(killTimer);
    };
    child.once("error", (cause) => {
      settle();
      reject(new RunFailedError(`cannot start ${program}: ${cause.message}`, { cause }));
    });
    child.once("close", (exitCode, killedBy) => {
      settle();
      if (signal.aborted) reject(signal.reason);
      else resolve({ ...output, exitCode, killedBy });
    });
  });
}

/** How a child ended, in words, with the line it died on. */
export function describeEnd({ exitCode, killedBy, stderr, stdout }: Finished): string {
  const how = killedBy ? `ended by ${killedBy}` : `exit code ${exitCode}`;
  const last = lastLine(stderr) ?? lastLine(stdout);
  return last ? `${how}: ${last}` : how;
}

function lastLine(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.findLast((line) => line !== "");
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // Gone already, which is what was wanted.
  }
}
