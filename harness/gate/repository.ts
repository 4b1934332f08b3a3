/** What the gate asks of git. */
import { rm } from "node:fs/promises";
import { devNull } from "node:os";
import { InvalidArgumentError } from "../../src/errors.js";
import { type Ended, runProgram } from "../child/index.js";
import { describeEnd } from "./describe-end.js";
import { RunFailedError } from "./errors.js";

export interface Repository {
  /** Absolute path of the top folder of the working tree. */
  root: string;
  signal: AbortSignal;
}

export async function openRepository(folder: string, signal: AbortSignal): Promise<Repository> {
  const { exitCode, stdout } = await git(["rev-parse", "--show-toplevel"], folder, signal);
  if (exitCode !== 0) {
    throw new InvalidArgumentError(
      `--against: ${folder} is not inside a git repository; run the gate in a clone, or compare with --baseline FILE`,
    );
  }
  return { root: stdout.trim(), signal };
}

/** The full commit id that a revision (branch, tag, HEAD~3, id) names. */
export async function resolveRevision({ root, signal }: Repository, revision: string): Promise<string> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  const { exitCode, stdout } = await git(args, root, signal);
  const commit = stdout.trim();
  if (exitCode !== 0 || !/^[0-9a-f]{40,64}$/.test(commit)) {
    throw new InvalidArgumentError(
      `--against ${revision}: no such revision in this repository (a shallow clone may lack it: git fetch --unshallow)`,
    );
  }
  return commit;
}

/** The head arm is the working tree as it stands; this says which commit that is and whether files were changed since. */
export async function describeHead({ root, signal }: Repository): Promise<{ commit: string | null; dirty: boolean }> {
  const head = await git(["rev-parse", "--verify", "--quiet", "HEAD"], root, signal);
  const status = await git(["status", "--porcelain", "--untracked-files=no"], root, signal);
  return { commit: head.exitCode === 0 ? head.stdout.trim() : null, dirty: status.stdout.trim() !== "" };
}

export async function addWorktree({ root, signal }: Repository, folder: string, commit: string): Promise<void> {
  // Without the repository's hooks: a post-checkout hook is for people, and may change what is measured.
  const args = ["-c", `core.hooksPath=${devNull}`, "worktree", "add", "--quiet", "--detach", folder, commit];
  const finished = await git(args, root, signal);
  if (finished.exitCode !== 0) throw new RunFailedError(`git worktree add failed, ${describeEnd(finished)}`);
}

/** Never rejects for what is already gone. Not tied to the gate's signal: it has to work after an interrupt. */
export async function removeWorktree({ root }: Repository, folder: string): Promise<void> {
  const signal = new AbortController().signal;
  const { exitCode } = await git(["worktree", "remove", "--force", folder], root, signal);
  // Interrupted halfway through being added: its folder goes with the gate's own, this drops git's note of it.
  if (exitCode !== 0) {
    await rm(folder, { recursive: true, force: true });
    await git(["worktree", "prune"], root, signal);
  }
}

/** Called from a git hook, the environment names that hook's repository and index, which are not those of a worktree. */
const HOOK_VARIABLES = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"];

function git(args: readonly string[], cwd: string, signal: AbortSignal): Promise<Ended> {
  const env = { ...process.env };
  for (const name of HOOK_VARIABLES) delete env[name];
  return runProgram("git", args, { cwd, env, interrupt: signal, ownGroup: true });
}
