/**
 * How processor time and instructions of a command are measured: by the shell that runs it, whose `times` counts all children that were
 * waited for (POSIX; in bash to the millisecond, in dash to the hundredth of a second), and by perf where it can count instructions.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { runProgram } from "../../child/index.js";

/** $0: the shell; $1: the command; $2: where the times go; from $3 on: what counts instructions, if anything does. */
const SCRIPT = 'command=$1; times=$2; shift 2; "$@" "$0" -c "$command"; code=$?; times >"$times"; exit $code';

export interface Shell {
  program: string;
  /** perf counts instructions here. */
  instructions: boolean;
}

/** Whether perf counts instructions is found out by one that counts some. */
export async function findShell(temporary: string, signal: AbortSignal): Promise<Shell> {
  if (process.platform === "win32") return { program: process.env.comspec ?? "cmd.exe", instructions: false };
  const program = onPath("bash") ?? "/bin/sh";
  const perf = onPath("perf");
  if (perf === undefined) return { program, instructions: false };
  const file = join(temporary, "perf-check");
  const { exitCode } = await runProgram(perf, [...perfArguments(file), "true"], { interrupt: signal, ownGroup: true });
  return { program, instructions: exitCode === 0 && (await instructionsIn(file)) !== null };
}

export interface Invocation {
  program: string;
  args: string[];
  /** After its end, in ms and instructions; null: not counted here. */
  read(): Promise<{ cpuMs: number | null; instructions: number | null }>;
}

/** @param name of files in `temporary` that are this process's own */
export function invocationOf(shell: Shell, command: string, temporary: string, name: string): Invocation {
  if (process.platform === "win32") {
    const nothing = async () => ({ cpuMs: null, instructions: null });
    return { program: shell.program, args: ["/d", "/s", "/c", command], read: nothing };
  }
  const timesFile = join(temporary, `${name}.times`);
  const perfFile = join(temporary, `${name}.perf`);
  const counter = shell.instructions ? ["perf", ...perfArguments(perfFile)] : [];
  return {
    program: shell.program,
    args: ["-c", SCRIPT, shell.program, command, timesFile, ...counter],
    async read() {
      return {
        cpuMs: cpuIn(await readFile(timesFile, "utf8").catch(() => "")),
        instructions: shell.instructions ? await instructionsIn(perfFile) : null,
      };
    },
  };
}

/** User's and system's of the second line, which is the children's: `0m0.135s 0m0.060s`. Null: it tells none. */
export function cpuIn(times: string): number | null {
  const [, children] = times.trim().split("\n");
  const match = /^(\d+)m(\d+(?:[.,]\d+)?)s\s+(\d+)m(\d+(?:[.,]\d+)?)s$/.exec(children?.trim() ?? "");
  if (match === null) return null;
  const [user, userSeconds, system, systemSeconds] = match.slice(1).map((part) => Number(part.replace(",", ".")));
  return (user * 60 + userSeconds + system * 60 + systemSeconds) * 1000;
}

function perfArguments(file: string): string[] {
  return ["stat", "-x", ",", "-e", "instructions:u", "-o", file, "--"];
}

async function instructionsIn(file: string): Promise<number | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  const line = text.split("\n").find((one) => one.includes("instructions"));
  const count = Number(line?.split(",")[0] || Number.NaN);
  return count > 0 ? count : null;
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}
