/** Runs the bench, and turns what goes wrong into one line and an exit code. */
import { CommanderError } from "commander";
import { InvalidArgumentError } from "../../../src/errors.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { benchCommand } from "./command.js";
import { GroupFailedError } from "./run-group.js";

// `npm run bench | head`: the reader has left, so there is nothing more to say.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
});

try {
  await benchCommand((code) => {
    process.exitCode = code;
  })
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok; // help
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`bench: ${message.replace(/^error: /, "").replaceAll("\n", " ")}\n`);
  if (process.env.ENGRAM_DEBUG === "1" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (error instanceof CommanderError || error instanceof InvalidArgumentError) return EXIT.usage;
  if (!(error instanceof GroupFailedError))
    process.stderr.write("bench: this is a fault in the bench (ENGRAM_DEBUG=1 shows where)\n");
  return EXIT.failed;
}
