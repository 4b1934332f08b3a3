/** Measures a group in a process of its own. */
import { type CannotStartError, Child, tellingLine, withTemporaryFolder } from "../../child/index.js";
import type { FromGroupProcess, GroupOrder } from "./group-messages.js";
import type { GroupResult } from "./results.js";
import type { BenchSettings } from "./settings.js";

/** A group could not be measured: its process failed or died. */
export class GroupFailedError extends Error {
  override readonly name = "GroupFailedError";
}

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
  return withTemporaryFolder("engram-bench-", (directory) =>
    runInProcess({ name, settings, directory }, interrupt, onShare),
  );
}

async function runInProcess(
  order: GroupOrder,
  interrupt: AbortSignal,
  onShare: (share: number) => void,
): Promise<GroupResult> {
  let answer: Exclude<FromGroupProcess, { type: "progress" }> | undefined;
  const child = Child.module(new URL("./group-process.js", import.meta.url), {
    // turns.ts empties the young generation between turns
    execArgv: ["--expose-gc"],
    interrupt,
    // It has nothing to hand over.
    ask: (asked) => asked.kill(),
    onMessage: (message: FromGroupProcess) => {
      if (message.type === "progress") onShare(message.done / message.total);
      else answer = message;
    },
  });
  child.send(order);
  const { exitCode, killedBy, stderr } = await child.ended.catch((error: CannotStartError) => {
    throw new GroupFailedError(`${order.name}: ${error.message}`, { cause: error });
  });
  if (answer?.type === "result") {
    const { title, outcome, profiles } = answer;
    return { name: order.name, title, answers: [], ...outcome, profiles };
  }
  if (answer?.type === "failure") throw new GroupFailedError(`${order.name}: ${answer.message}`);
  const how = killedBy ?? `exit code ${exitCode}`;
  throw new GroupFailedError(`${order.name}: its process ended (${how}) ${tellingLine(stderr) ?? ""}`.trimEnd());
}
