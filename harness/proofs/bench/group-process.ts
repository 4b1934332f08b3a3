/**
 * The process of one group: nothing it measures inherits compiled code, call sites or a heap from another group, so a group
 * measures the same alone (`--only`) as in the whole bench. Started by run-group.ts.
 */
import type { FromGroupProcess, GroupOrder } from "./group-messages.js";
import { loadGroup } from "./groups/index.js";
import { takenProfiles } from "./profile.js";
import { kept } from "./sink.js";

// Ctrl-C reaches the whole process group; the parent decides, and takes this process with it.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit(3));

process.once("message", (order: GroupOrder) => void measure(order));

async function measure({ name, settings, directory }: GroupOrder): Promise<void> {
  try {
    const group = await loadGroup(name);
    const outcome = await group.measure({
      settings,
      directory,
      onRound: (done, total) => void send({ type: "progress", done, total }),
    });
    await send({ type: "result", outcome, title: group.title, profiles: takenProfiles(), kept: kept() });
  } catch (error) {
    if (process.env.ENGRAM_DEBUG === "1" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    await send({ type: "failure", message: error instanceof Error ? error.message : String(error) });
  }
  // Threads of a group that failed may still wait on a barrier.
  process.exit(0);
}

function send(message: FromGroupProcess): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}
