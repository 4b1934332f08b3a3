/** Two trees in which a command can run: the working tree, and a worktree of the revision with its dependencies. */
import { existsSync } from "node:fs";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { InvalidArgumentError } from "../../../src/errors.js";
import { Child } from "../../child/index.js";
import { describeEnd, lastWords } from "../describe-end.js";
import { RunFailedError } from "../errors.js";
import type { Shell } from "./processor-time.js";

/** What fixes the versions of dependencies; without any of them the manifest alone is compared. */
const LOCKS = ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];
const MANIFEST = "package.json";

/**
 * Shares the head's node_modules with a fresh worktree where the same dependencies are asked for, in its top folder and in the one the
 * command runs in.
 *
 * @throws InvalidArgumentError where that cannot be right: other versions, or packages of the repository itself among them
 */
export async function shareDependencies(worktree: string, headRoot: string, within: string): Promise<void> {
  for (const folder of new Set(["", within])) {
    const own = join(headRoot, folder, "node_modules");
    const place = join(worktree, folder, "node_modules");
    if (!existsSync(own) || existsSync(place) || !existsSync(join(worktree, folder))) continue;
    await refuseOthers(join(worktree, folder), join(headRoot, folder));
    await symlink(own, place, "junction");
  }
}

async function refuseOthers(base: string, head: string): Promise<void> {
  const asks = 'give the command that installs the base\'s own, such as --setup "npm ci"';
  const manifest = await readFile(join(head, MANIFEST), "utf8").catch(() => "");
  if (/"workspaces"\s*:/.test(manifest) || existsSync(join(head, "pnpm-workspace.yaml"))) {
    throw new InvalidArgumentError(
      `the head's node_modules holds packages of its own workspace, which the base must not run; ${asks}`,
    );
  }
  const locks = LOCKS.filter((name) => existsSync(join(head, name)) || existsSync(join(base, name)));
  for (const name of locks.length > 0 ? locks : [MANIFEST]) {
    const [own, before] = await Promise.all(
      [head, base].map((folder) => readFile(join(folder, name)).catch(() => null)),
    );
    const same = own === null || before === null ? own === before : own.equals(before);
    if (!same)
      throw new InvalidArgumentError(
        `${name} is not the same in both, so that the head's node_modules is not the base's; ${asks}`,
      );
  }
}

/** Runs a step of preparation, such as a build. @param what for messages: `--build of the base` */
export async function prepare(
  what: string,
  command: string,
  cwd: string,
  shell: Shell,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const flags = process.platform === "win32" ? ["/d", "/s", "/c"] : ["-c"];
  const child = Child.program(shell.program, [...flags, command], { cwd, interrupt: signal, ownGroup: true });
  const ended = await child.ended;
  child.endGroup();
  signal.throwIfAborted();
  if (ended.exitCode === 0) return;
  throw new RunFailedError(`${what} (${command}) failed in ${cwd}, ${describeEnd(ended)}${lastWords(ended)}`);
}
