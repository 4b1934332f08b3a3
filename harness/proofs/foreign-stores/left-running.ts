/** Processes that a command left running, wherever they moved to: all that it starts have a word of its in their environment. */
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

const VARIABLE = "ENGRAM_FOREIGN_STORES";
/** A process that is ending may take so long on a busy machine. */
const PATIENCE_MS = 10_000;

export interface Marked {
  readonly env: NodeJS.ProcessEnv;
  /** After the command's end. @returns how many are still there; they are killed. Always none where the system does not show environments */
  leftRunning(): Promise<number>;
}

export function marked(): Marked {
  const word = `${VARIABLE}=${randomUUID()}`;
  return {
    env: { ...process.env, [VARIABLE]: word.slice(VARIABLE.length + 1) },
    async leftRunning() {
      const until = performance.now() + PATIENCE_MS;
      let pids = await withWord(word);
      while (pids.length > 0 && performance.now() < until) {
        await setTimeout(100);
        pids = await withWord(word);
      }
      for (const pid of pids) kill(pid);
      return pids.length;
    },
  };
}

async function withWord(word: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // of others' processes, and of those that are gone meanwhile, there is nothing to read
      const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
      return environment.split("\0").includes(word);
    }),
  );
  return pids.filter((_, i) => found[i]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone by itself
  }
}
