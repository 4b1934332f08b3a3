/** Options of a program of its own, such as `npm run stress`: a bad one is one line on stderr and exit code 2, before anything starts. */
import { type Command, CommanderError } from "commander";
import { EXIT } from "./exit-codes.js";

export function optionsOf<T extends object>(program: Command): T {
  program.exitOverride().configureOutput({ outputError: () => {} });
  try {
    return program.parse().opts<T>();
  } catch (error) {
    // Help ends as an exception as well.
    if (error instanceof CommanderError && error.exitCode === 0) process.exit(EXIT.ok);
    process.stderr.write(`${program.name()}: ${(error as Error).message.replace(/^error: /, "")}\n`);
    process.exit(EXIT.usage);
  }
}
