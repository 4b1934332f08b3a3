/**
 * The process of a group. As a rule it measures that one alone: nothing then inherits compiled code, call sites or a heap from another
 * group, and a group measures the same alone (`--only`) as in the whole bench. Started, and ended, by run-group.ts.
 */
import type { FromGroupProcess, GroupOrder } from "./group-messages.js";
import { loadGroup } from "./groups/index.js";
import { takenProfiles } from "./profile.js";
import { kept } from "./sink.js";

// Ctrl-C reaches the whole process group; the parent decides, and takes this process with it.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit(3));

process.on("message", (order: GroupOrder) => void measure(order));

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
}

function send(message: FromGroupProcess): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}
