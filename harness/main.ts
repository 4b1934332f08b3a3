/** Builds the program, runs it, and turns whatever happens into one line and an exit code. */
import { Command, CommanderError } from "commander";
import { InvalidArgumentError } from "../src/errors.js";
import { EXIT } from "./command-line/exit-codes.js";
import { packageVersion } from "./command-line/version.js";
import { COMMANDS } from "./commands/index.js";

const EXIT_CODES = `
Exit codes: 0 done, 1 a regression or a violation was found, 2 bad input, 3 a run failed, 4 not decided, 130 interrupted.`;

/** Runs the command line `args` (without node and script) and sets process.exitCode. */
export async function main(args: readonly string[]): Promise<void> {
  dieQuietlyWithoutReader();
  process.on("uncaughtException", (error) => process.exit(report(error)));
  try {
    const program = await programFor(args);
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = report(error);
  }
}

async function programFor(args: readonly string[]): Promise<Command> {
  const program = new Command("engram")
    .description("a lab for the memory that software agents share")
    .version(packageVersion(), "-V, --version")
    .configureHelp({ subcommandTerm })
    .addHelpText("after", EXIT_CODES);
  throwFaults(program);
  const [first, second] = args.filter((arg) => !arg.startsWith("-"));
  const asked = first === "help" ? second : first;
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    // The others stand in the list, and tell which one was meant by a name that is none.
    const command = name === asked ? await load() : new Command(name).description(summary);
    throwFaults(command);
    program.addCommand(command);
  }
  return program;
}

function subcommandTerm(command: Command): string {
  const takes = Object.hasOwn(COMMANDS, command.name()) ? COMMANDS[command.name()].takes : "[command]";
  return `${command.name()} ${takes}`.trimEnd();
}

/** Errors become exceptions with one line, here and in every subcommand. */
function throwFaults(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const child of command.commands) throwFaults(child);
}

/** Says what went wrong in one line (with ENGRAM_DEBUG=1 where, too) and answers with the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version end as exceptions as well.
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === "commander.help") return EXIT.usage;
    say(error.message.replace(/^error: /, "").replaceAll("\n", " "));
    return EXIT.usage;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof InvalidArgumentError) say(message);
  else if (hasExitCode(error)) say(message);
  else say(`internal error: ${message || String(error)} (ENGRAM_DEBUG=1 shows where)`);
  if (process.env.ENGRAM_DEBUG === "1" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (error instanceof InvalidArgumentError) return EXIT.usage;
  return hasExitCode(error) ? error.exitCode : EXIT.failed;
}

function say(message: string): void {
  process.stderr.write(`engram: ${message}\n`);
}

function hasExitCode(error: unknown): error is Error & { exitCode: number } {
  return error instanceof Error && "exitCode" in error && typeof error.exitCode === "number";
}

/** `engram … | head`: the reader has left, so there is nothing more to say. */
function dieQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? EXIT.ok);
      throw error;
    });
  }
}
