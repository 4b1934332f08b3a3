/**
 * A history: what clients asked of a shared object and what they were told, as JSON Lines, so that other programs can
 * write one and other checkers can read it. One operation a line, in any order:
 *
 *     {"client":"w1","key":"k","op":"set","input":{"value":"a"},"output":true,"call":1200,"return":1530}
 *     {"client":"w2","key":"k","op":"get","input":null,"output":"a","call":1400,"return":1610}
 *     {"client":"w1","key":"k","op":"delete","input":null,"output":null,"call":1700,"return":null}
 *
 * - `client`: who asked, a string or a number.
 * - `key`: the object; operations on different keys are independent and checked apart.
 * - `op`, `input`, `output`: as the model says (models/cell.ts, models/fifo.ts).
 * - `call`, `return`: nanoseconds since any origin common to all clients, taken outside the operation: the clock is read
 *   before asking and again after the answer. `return` is null where no answer ever came: the operation may have
 *   taken effect at any time after its call, or never. An operation that failed *without effect* is left out.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { InvalidArgumentError } from "../../src/store/errors.js";

export interface Operation {
  client: string;
  key: string;
  op: string;
  input: unknown;
  /** null where no answer came. */
  output: unknown;
  /** Nanoseconds. */
  call: number;
  /** Nanoseconds; Infinity where no answer came. */
  return: number;
  /** Line in the file, from 1, for messages. */
  line: number;
}

/** Beyond 2^53 a double no longer tells neighbouring nanoseconds apart, and the order of events would be made up. */
const time = z
  .number()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER, "beyond 2^53 ns; write times relative to the start of the recording");

const lineSchema = z.strictObject({
  client: z.union([z.string(), z.number()]),
  key: z.string(),
  op: z.string().min(1),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  call: time,
  return: time.nullable(),
});

/** One operation as a line of a history file, without the line's end. */
export function formatOperation(operation: Omit<Operation, "line">): string {
  const { client, key, op, input = null, output = null, call } = operation;
  const answer = Number.isFinite(operation.return) ? operation.return : null;
  return JSON.stringify({ client, key, op, input, output, call, return: answer });
}

/** @throws InvalidArgumentError naming file and line */
export async function readHistory(file: string): Promise<Operation[]> {
  const operations: Operation[] = [];
  const stream = createReadStream(file, "utf8");
  let line = 0;
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() !== "") operations.push(parseOperation(text, line, file));
    }
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InvalidArgumentError(`${file}: ${code === "ENOENT" ? "no such file" : message}`, { cause });
  } finally {
    stream.destroy();
  }
  if (operations.length === 0) throw new InvalidArgumentError(`${file}: no operations in it`);
  return operations;
}

/** @throws InvalidArgumentError naming `file` and `line` */
export function parseOperation(text: string, line: number, file: string): Operation {
  const fail = (what: string): never => {
    throw new InvalidArgumentError(`${file}:${line}: ${what}`);
  };
  const parsed = lineSchema.safeParse(parseJson(text, fail));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    return fail(path.length > 0 ? `${path.join(".")}: ${message}` : message);
  }
  const { client, key, op, input = null, output = null, call, return: answer } = parsed.data;
  if (answer !== null && answer < call) return fail(`return ${answer} is before call ${call}`);
  if (answer === null && output !== null) return fail("an output, but return is null: answered or not?");
  return { client: String(client), key, op, input, output, call, return: answer ?? Number.POSITIVE_INFINITY, line };
}

function parseJson(text: string, fail: (what: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail(`not one JSON object a line: ${(cause as Error).message}`);
  }
}
