/** `engram trace record OUT -- COMMAND…`: runs a program with its stores recorded, and brings the operation log home. */
import { rename, rm, stat } from "node:fs/promises";
import { constants } from "node:os";
import { resolve } from "node:path";
import { EngramError, InvalidArgumentError } from "../../src/errors.js";
import { RECORD_VARIABLE, tallyLog } from "../../src/recording/index.js";
import { loadTrace, type WritableFormat, writeTrace } from "../../workloads/index.js";
import { Child } from "../child/index.js";
import { EXIT } from "../command-line/exit-codes.js";

export interface RecordedRun {
  readonly file: string;
  readonly format: string;
  readonly operations: number;
  /** Operations that could not be written, the disk being full. */
  readonly lost: number;
  readonly bytes: number;
  /** The program's exit code, or 128 + the number of the signal that ended it. */
  readonly exitCode: number;
}

/** The program ran, and no operation of a store was recorded. */
export class NothingRecordedError extends EngramError {
  readonly exitCode = EXIT.failed;

  constructor(message: string) {
    super("NOTHING_RECORDED", message);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a command with the variable in its environment that makes its stores record: all threads, and all processes it starts with the
 * environment it has. However it ends, what it did until then is written; a signal is passed on to it and waited for.
 *
 * @param format null: the operation log as it is
 * @throws InvalidArgumentError when the command cannot be started; NothingRecordedError when it used no store
 */
export async function recordCommand(
  out: string,
  command: readonly string[],
  format: WritableFormat | null,
): Promise<RecordedRun> {
  const log = resolve(`${out}.${process.pid}.tmp`);
  await rm(log, { force: true });
  try {
    const exitCode = await run(command, log);
    const exists = (await sizeOf(log)) > 0;
    const { operations, lost } = exists ? await tallyLog(log) : { operations: 0, lost: 0 };
    if (operations === 0) {
      const why = exists ? "asked nothing of its stores" : "opened no store of this package, and no recorder";
      throw new NothingRecordedError(
        `${out}: nothing to write: ${command[0]} ${why}${lost > 0 ? `, or ${lost} operations could not be written` : ""} (it ended with ${exitCode})`,
      );
    }
    if (format === null) await rename(log, out);
    else await writeTrace(out, await loadTrace(log, { format: "oplog" }), format);
    return { file: out, format: format ?? "oplog", operations, lost, bytes: await sizeOf(out), exitCode };
  } finally {
    await rm(log, { force: true });
  }
}

async function run(command: readonly string[], log: string): Promise<number> {
  const [program, ...args] = command;
  const child = Child.program(program, args, { stdio: "inherit", env: { ...process.env, [RECORD_VARIABLE]: log } });
  // a terminal sends its interrupt to the program as well
  const pass = (signal: NodeJS.Signals): void => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  try {
    const { exitCode, killedBy } = await child.ended;
    return exitCode ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]);
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException;
    throw new InvalidArgumentError(
      `${program}: cannot be run (${cause.code ?? cause.message}); expected a program, as in: engram trace record out.oplog -- node program.js`,
      { cause },
    );
  } finally {
    for (const signal of SIGNALS) process.off(signal, pass);
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
