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
import { z } from "zod";
import { schemaFault } from "../../reports/schema-faults.js";
import { InvalidArgumentError } from "../../src/errors.js";

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
  let line = 0;
  try {
    for await (const text of linesOf(file)) {
      line++;
      if (text.trim() !== "") operations.push(parseOperation(text, line, file));
    }
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) throw cause;
    throw new InvalidArgumentError(whyUnreadable(cause, file, line), { cause });
  }
  if (operations.length === 0) throw new InvalidArgumentError(`${file}: no operations in it`);
  return operations;
}

/**
 * The lines of a UTF-8 file. Only a line feed ends one: readline also ends them at U+2028 and U+2029, which may stand in JSON's
 * strings. What is no UTF-8 is an error, lest two values that differ are read as the same.
 */
async function* linesOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of createReadStream(file)) {
    const lines = decoder.decode(chunk as Uint8Array, { stream: true }).split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? "";
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

function whyUnreadable(cause: unknown, file: string, line: number): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${file}: no such file`;
  if (code === "EISDIR") return `${file}: is a folder, expected a history file`;
  if (code === "EACCES") return `${file}: permission denied`;
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return `${file}: bytes after line ${line} are not UTF-8`;
  return `${file}: ${message}`;
}

/** @throws InvalidArgumentError naming `file` and `line` */
export function parseOperation(text: string, line: number, file: string): Operation {
  const fail = (what: string): never => {
    throw new InvalidArgumentError(`${file}:${line}: ${what}`);
  };
  const document = parseJson(text, fail);
  const parsed = lineSchema.safeParse(document);
  if (!parsed.success) throw new InvalidArgumentError(schemaFault(`${file}:${line}`, null, document, parsed.error));
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
