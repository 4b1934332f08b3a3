import { cpus, loadavg, totalmem } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "../../reports/results.js";
import { runProgram } from "../child/index.js";

/** What a figure cannot be read without. `timerFloorNs` and `noise` are measured elsewhere. */
export async function captureEnvironment(timerFloorNs: number, noise: number | null): Promise<Environment> {
  const processors = cpus();
  return {
    cpuModel: processors[0]?.model.trim() || "unknown",
    cpuCount: Math.max(1, processors.length),
    memoryBytes: totalmem(),
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    v8: process.versions.v8,
    flags: [...process.execArgv, ...(process.env.NODE_OPTIONS?.split(/\s+/).filter(Boolean) ?? [])],
    loadAverage: loadavg(),
    commit: await currentCommit(),
    timerFloorNs,
    noise,
  };
}

/** Enough for the largest of trees; a repository on a disk that hangs is not waited for. */
const GIT_LIMIT_MS = 5000;

/** The commit of this checkout, `-dirty` when files differ from it; null outside a checkout or without git. */
async function currentCommit(): Promise<string | null> {
  const git = async (...args: string[]) => {
    const folder = dirname(fileURLToPath(import.meta.url));
    const { stdout, exitCode } = await runProgram("git", args, { cwd: folder, limitMs: GIT_LIMIT_MS });
    if (exitCode !== 0) throw new Error(`git ${args[0]}: exit code ${exitCode}`);
    return stdout.trim();
  };
  try {
    const commit = await git("rev-parse", "HEAD");
    // An installed copy may lie inside somebody else's checkout: only a tracked module speaks for its commit.
    await git("ls-files", "--error-unmatch", "--", ":/harness/measure/environment.ts");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return changes === "" ? commit : `${commit}-dirty`;
  } catch {
    return null;
  }
}
