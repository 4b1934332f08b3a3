/**
 * Formats that a publisher has laid down: a line is a request, every line, and each field has its place. A line that is otherwise is refused
 * with its number, the field, and what was expected there.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import { TraceBatch, type TraceColumns } from "../batch.js";
import { headLines } from "../head.js";
import { lineBlocks, shown } from "../lines.js";
import type { ByteSource } from "../source.js";
import type { LogRequest } from "./log-lines.js";

/** What is wrong with a line. */
export interface Fault {
  /** 1-based; 0: the line as a whole. */
  readonly column: number;
  /** What belongs there, in words. */
  readonly expected: string;
}

/** Fills the request from a line's fields. @returns null when all is well */
export type ReadFields = (fields: readonly string[], request: LogRequest) => Fault | null;

export interface LineFormat {
  readonly split: (line: string) => string[];
  /** The header that the first line may be, lower case; its fields are not looked at. */
  readonly header: string | null;
  readonly read: ReadFields;
  readonly columns: Partial<TraceColumns>;
}

const blank = (): LogRequest => ({ key: "", time: 0, size: 0, op: 0, ttl: 0 });

/** Whether the whole lines of a head are all requests of the format, a header before them left aside. */
export function allRequests(head: Buffer, { split, header, read }: LineFormat): boolean {
  const lines = headLines(head).filter((line) => line !== "");
  if (lines[0]?.toLowerCase() === header) lines.shift();
  const request = blank();
  return lines.length > 0 && lines.every((line) => read(split(line), request) === null);
}

/** @throws InvalidArgumentError naming file, line, column, what was found and what was expected */
export async function* strictRequests(source: ByteSource, format: LineFormat): AsyncGenerator<TraceBatch> {
  const { columns, header, read, split } = format;
  const batch = new TraceBatch("string", columns);
  const request = blank();
  for await (const { lines, firstLine } of lineBlocks(source)) {
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i].trim();
      if (line === "" || (firstLine + i === 1 && line.toLowerCase() === header)) continue;
      const fields = split(line);
      const fault = read(fields, request);
      if (fault !== null)
        throw new InvalidArgumentError(`${source.path}:${firstLine + i}: ${told(fault, fields, line)}`);
      const n = batch.count++;
      batch.keys[n] = request.key;
      batch.ops[n] = request.op;
      if (columns.time) batch.times[n] = request.time;
      if (columns.size) batch.sizes[n] = request.size;
      if (batch.full) {
        yield batch;
        batch.count = 0;
      }
    }
  }
  if (batch.count > 0) yield batch;
}

function told({ column, expected }: Fault, fields: readonly string[], line: string): string {
  if (column === 0) return `${shown(line)}; expected ${expected}`;
  return `column ${column} is ${shown(fields[column - 1] ?? "")}; expected ${expected}`;
}
