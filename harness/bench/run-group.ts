/** Measures a group in a process of its own. */
import { fork } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FromGroupProcess, GroupOrder } from "./group-messages.js";
import type { GroupResult } from "./results.js";
import type { BenchSettings } from "./settings.js";

/** A group could not be measured: its process failed or died. */
export class GroupFailedError extends Error {
  override readonly name = "GroupFailedError";
}

/** The tail of what a dying process said, to be shown with its end. */
const LAST_WORDS = 4096;

/**
 * @param onShare share of the group's rounds that is done, 0 to 1
 * @throws GroupFailedError, also when interrupted
 */
export async function runGroup(
  name: string,
  settings: BenchSettings,
  interrupt: AbortSignal,
  onShare: (share: number) => void,
): Promise<GroupResult> {
  const directory = await mkdtemp(join(tmpdir(), "engram-bench-"));
  const removeAtExit = () => rmSync(directory, { recursive: true, force: true });
  process.on("exit", removeAtExit);
  try {
    return await runInProcess({ name, settings, directory }, interrupt, onShare);
  } finally {
    process.off("exit", removeAtExit);
    // Here and not in the process itself: it may have been killed.
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

function runInProcess(
  order: GroupOrder,
  interrupt: AbortSignal,
  onShare: (share: number) => void,
): Promise<GroupResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL("./group-process.js", import.meta.url), [], {
      // turns.ts empties the young generation between turns
      execArgv: ["--expose-gc"],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let lastWords = "";
    let answer: FromGroupProcess | undefined;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS);
    });
    child.on("message", (message: FromGroupProcess) => {
      if (message.type === "progress") onShare(message.done / message.total);
      else answer = message;
    });
    const kill = () => child.kill("SIGKILL");
    process.on("exit", kill);
    interrupt.addEventListener("abort", kill, { once: true });
    if (interrupt.aborted) kill();
    const fail = (why: string) => reject(new GroupFailedError(`${order.name}: ${why}`));
    child.on("error", (error) => fail(`no process could be started (${error.message})`));
    child.on("close", (code, signal) => {
      process.off("exit", kill);
      interrupt.removeEventListener("abort", kill);
      if (process.env.ENGRAM_DEBUG === "1") process.stderr.write(lastWords);
      if (answer?.type === "result") {
        const { title, outcome, profiles } = answer;
        resolve({ name: order.name, title, answers: [], ...outcome, profiles });
      } else if (answer?.type === "failure") fail(answer.message);
      else fail(`its process ended (${signal ?? `exit code ${code}`}) ${lastWords.trim().split("\n").at(-1) ?? ""}`);
    });
    child.send(order, () => {}); // a process that is gone already is dealt with when it closes
  });
}
