/**
 * The process of one run: one scenario against one subject, nothing else, so that no run inherits another's heap,
 * compiled code or page cache. Started by conductor.ts; plan in, result out.
 */
import { rmSync } from "node:fs";
import { InvalidArgumentError } from "../../src/errors.js";
import { endWithGroup } from "../child/index.js";
import { executeRun } from "./execute-run.js";
import type { FromRunProcess, ToRunProcess } from "./messages.js";
import { LeftOutError } from "./unsupported.js";

const stopping = new AbortController();
/** Of the subject's files. */
let directory: string | undefined;

// Ctrl-C reaches the whole process group. The parent decides what happens then; it says "stop" when it wants the rest.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
// The parent is gone: nobody will read the result, nor remove the files.
process.on("disconnect", () => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  endWithGroup(3);
});

process.on("message", (message: ToRunProcess) => {
  if (message.type === "stop") stopping.abort();
  else void run(message);
});

async function run(message: Extract<ToRunProcess, { type: "plan" }>): Promise<void> {
  directory = message.plan.directory;
  try {
    const outcome = await executeRun(
      message.plan,
      stopping.signal,
      (fraction, label) => send({ type: "progress", fraction, label }),
      (tick) => send({ type: "live", tick }),
    );
    await send({ type: "result", ...outcome });
  } catch (error) {
    if (process.env.ENGRAM_DEBUG === "1" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    await send({ type: "failure", message: messageOf(error), kind: kindOf(error) });
  }
  // Whatever a subject has left open: the result is out.
  process.exit(0);
}

function send(message: FromRunProcess): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

function kindOf(error: unknown): "usage" | "left-out" | "failed" {
  if (error instanceof InvalidArgumentError) return "usage";
  return error instanceof LeftOutError ? "left-out" : "failed";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
