import { type ChildProcess, fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const CLI = fileURLToPath(new URL("../../dist/harness/cli.js", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the built command line. */
export function start(args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, ended: endOf(child) };
}

/** Runs it to its end. */
export function engram(args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ended> {
  return start(args, options).ended;
}

const EACH = fileURLToPath(new URL("./fixtures/each-command-line.mjs", import.meta.url));
const MAIN = new URL("../../dist/harness/main.js", import.meta.url);

/**
 * One process for many command lines, which run in it one after the other: nothing is loaded and compiled anew for each. Not for what is
 * about the process itself: signals, its exit, its options.
 */
export class OneProcess {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve: (ended: Ended) => void; reject: (error: Error) => void }[] = [];
  #stderr = "";

  /** @param program the module whose `main(args)` runs a command line, and sets the exit code */
  constructor(options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}, program = MAIN) {
    this.#child = fork(EACH, [program.href], {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      execArgv: ["--no-warnings"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#child.on("message", (ended: Ended) => this.#waiting.shift()?.resolve(ended));
    this.#child.once("close", (code) => {
      const error = new Error(`a command line ended the process with ${code}: ${this.#stderr}`);
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** Runs a command line once those before it have ended, in this folder and with these variables besides. */
  run(args: readonly string[], options: { cwd?: string; env?: Record<string, string | null> } = {}): Promise<Ended> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.send({ args, ...options }, (error) => error !== null && reject(error));
    });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.disconnect();
    await ended;
  }
}

/** Runs command lines one after the other in a single process of their own. */
export async function engramEach(lines: readonly string[][], options: { cwd?: string } = {}): Promise<Ended[]> {
  const process = new OneProcess(options);
  try {
    return await Promise.all(lines.map((args) => process.run(args)));
  } finally {
    await process.close();
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
