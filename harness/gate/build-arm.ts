/** Turns a revision into something that runs. */
import { existsSync } from "node:fs";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../child/index.js";
import { describeEnd, lastWords } from "./describe-end.js";
import { RunFailedError } from "./errors.js";

/** Where a built arm keeps its command line. */
export const CLI_PATH = join("dist", "harness", "cli.js");

const NPM = process.platform === "win32" ? "npm.cmd" : "npm";

/**
 * Gives a fresh worktree its dependencies. With the same lock file those of the head are the right ones, and sharing
 * them makes a gate minutes shorter; with another lock file it gets its own.
 */
export async function installDependencies(worktree: string, headRoot: string, signal: AbortSignal): Promise<void> {
  const shared = join(headRoot, "node_modules");
  if (existsSync(shared) && (await sameFile("package-lock.json", worktree, headRoot))) {
    await symlink(shared, join(worktree, "node_modules"), "junction");
    return;
  }
  await runNpm(["ci", "--no-audit", "--no-fund"], worktree, signal);
}

export async function buildArm(folder: string, signal: AbortSignal): Promise<void> {
  await runNpm(["run", "build"], folder, signal);
  if (!existsSync(join(folder, CLI_PATH))) {
    throw new RunFailedError(
      `npm run build in ${folder} left no ${CLI_PATH}: this revision has no command line to run`,
    );
  }
}

async function runNpm(args: string[], cwd: string, signal: AbortSignal): Promise<void> {
  const finished = await runProgram(NPM, args, { cwd, interrupt: signal, ownGroup: true });
  if (finished.exitCode !== 0) {
    throw new RunFailedError(`npm ${args.join(" ")} in ${cwd} failed, ${describeEnd(finished)}${lastWords(finished)}`);
  }
}

async function sameFile(name: string, first: string, second: string): Promise<boolean> {
  const read = (folder: string): Promise<string | null> => readFile(join(folder, name), "utf8").catch(() => null);
  const [a, b] = await Promise.all([read(first), read(second)]);
  return a === b;
}
