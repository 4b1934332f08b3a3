/**
 * csv: one request a line, columns as `--columns` says, or as a header with the usual names does (csv-layout.ts). Ids are strings as they stand. A row
 * with a count stands for so many requests, one after the other.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import { TraceBatch } from "../batch.js";
import type { ColumnField } from "../columns.js";
import { parseWhole } from "../decimal.js";
import type { ReadingNotes, ReadOptions, TraceFormat } from "../format.js";
import { lineBlocks, shown } from "../lines.js";
import type { ByteSource } from "../source.js";
import { judgeUnit, seconds, type TimeUnit } from "../time-unit.js";
import { splitFields } from "./csv-fields.js";
import { describeLayout, type Layout, layOut, mayBeColumns, type Positions, sampleLines } from "./csv-layout.js";
import { type OperationReader, operationReader } from "./csv-operations.js";

/** How the lines are read. */
interface Plan {
  readonly layout: Layout;
  readonly operations: OperationReader;
  readonly timeUnit: TimeUnit;
  readonly ttlUnit: TimeUnit;
}

export const csv: TraceFormat = {
  name: "csv",
  description: "text, columns by --columns id=2,time=1,size=3 or by a header line",
  endings: [".csv", ".tsv"],
  looksLike: mayBeColumns,
  read,
};

async function* read(source: ByteSource, options: ReadOptions): AsyncGenerator<TraceBatch> {
  let plan: Plan | undefined;
  let batch: TraceBatch | undefined;
  /** The header line, should it come again: files that were put together have one each. */
  let header: string | null = null;
  let headers = 0;
  let empty = 0;
  for await (const { lines, firstLine } of lineBlocks(source)) {
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i];
      if (line.trim() === "") continue;
      const where = `${source.path}:${firstLine + i}`;
      if (plan === undefined || batch === undefined) {
        plan = planFor(source, options, where);
        const { size, op, time, ttl } = plan.layout.positions;
        batch = new TraceBatch("string", { size: size >= 0, op: op >= 0, time: time >= 0, ttl: ttl >= 0 });
        if (plan.layout.header !== null) {
          if (plan.layout.header.length > 1) header = line;
          continue;
        }
      }
      if (line === header) {
        headers++;
        continue;
      }
      const fields = fieldsOf(line, plan.layout.delimiter, where);
      const times = requestsOf(fields, plan.layout.positions, where);
      if (times === 0) {
        empty++;
        continue;
      }
      readRequest(batch, fields, plan, where);
      for (let left = times; left > 0; left--) {
        const slot = batch.count++;
        if (batch.full) {
          yield batch;
          batch.count = 0;
        }
        if (left > 1) copyRequest(batch, slot, batch.count);
      }
    }
  }
  if (batch !== undefined && batch.count > 0) yield batch;
  if (headers > 0)
    options.reading.warnings.push(`the header line comes ${headers + 1} times: it was skipped each time`);
  if (empty > 0) options.reading.warnings.push(`${empty} rows stand for 0 requests: they were skipped`);
}

/** Judges the first lines, and says how they are read. */
function planFor(source: ByteSource, options: ReadOptions, where: string): Plan {
  const lines = sampleLines(source.head);
  const layout = layOut(lines, options.columns, where);
  const { positions, delimiter, header } = layout;
  const rows = lines.slice(header === null ? 0 : 1).map((line) => splitFields(line, delimiter) ?? []);
  const operations = operationReader(rows.map((row) => row[positions.op] ?? ""));
  const { reading } = options;
  reading.columns = describeLayout(layout, positions.op < 0 ? null : operations.what);
  reading.unknownSizes = layout.isCacheLib;
  reading.warnings.push(...layout.warnings);
  const timeUnit = positions.time < 0 ? "s" : timeUnitOf(rows, layout, options, reading);
  const ttlUnit = options.ttlUnit ?? layout.ttlUnit ?? timeUnit;
  if (reading.times !== null && positions.ttl >= 0) reading.times += `; ttl in ${ttlUnit}`;
  return { layout, operations, timeUnit, ttlUnit };
}

function timeUnitOf(
  rows: readonly (readonly string[])[],
  { positions, timeUnit }: Layout,
  options: ReadOptions,
  reading: ReadingNotes,
): TimeUnit {
  if (options.timeUnit !== undefined) {
    reading.times = `times in ${options.timeUnit} (as --time-unit says)`;
    return options.timeUnit;
  }
  if (timeUnit !== null) {
    reading.times = `times in ${timeUnit} (by the header)`;
    return timeUnit;
  }
  const times = rows.map((row) => Number(row[positions.time])).filter(Number.isFinite);
  const judged = judgeUnit(times.reduce((most, time) => Math.max(most, time), 0));
  reading.times = `times in ${judged.unit} (${judged.why})`;
  if (judged.warning !== undefined) reading.warnings.push(judged.warning);
  return judged.unit;
}

/** Fills the slot behind the batch's last request. */
function readRequest(batch: TraceBatch, fields: readonly string[], plan: Plan, where: string): void {
  const { layout, operations, timeUnit, ttlUnit } = plan;
  const at = layout.positions;
  const n = batch.count;
  batch.keys[n] = field(fields, at.id, "id", where);
  if (batch.keys[n] === "")
    throw new InvalidArgumentError(`${where}: the id is empty; expected a key in column ${at.id + 1}`);
  if (at.time >= 0) batch.times[n] = seconds(timeOf(field(fields, at.time, "time", where).trim(), where), timeUnit);
  if (at.size >= 0) batch.sizes[n] = wholeOf(field(fields, at.size, "size", where), "size", where);
  if (at.ttl >= 0) batch.ttls[n] = seconds(ttlOf(field(fields, at.ttl, "ttl", where).trim(), where), ttlUnit);
  if (at.op >= 0) batch.ops[n] = operations.read(field(fields, at.op, "op", where), where);
}

function copyRequest(batch: TraceBatch, from: number, to: number): void {
  batch.keys[to] = batch.keys[from];
  batch.sizes[to] = batch.sizes[from];
  batch.ops[to] = batch.ops[from];
  batch.times[to] = batch.times[from];
  batch.ttls[to] = batch.ttls[from];
}

/** Requests that a row stands for. */
function requestsOf(fields: readonly string[], { count }: Positions, where: string): number {
  return count < 0 ? 1 : wholeOf(field(fields, count, "count", where), "count", where);
}

function field(fields: readonly string[], position: number, name: ColumnField, where: string): string {
  if (position >= fields.length) {
    throw new InvalidArgumentError(`${where}: ${fields.length} column(s); expected ${name} in column ${position + 1}`);
  }
  return fields[position];
}

function timeOf(text: string, where: string): number {
  const value = text === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError(`${where}: time is ${shown(text)}; expected a number`);
  return value;
}

/** Nothing, as 0, is for ever. */
function ttlOf(text: string, where: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
    throw new InvalidArgumentError(`${where}: ttl is ${shown(text)}; expected a number from 0`);
  return value;
}

function wholeOf(text: string, name: string, where: string): number {
  const value = parseWhole(text.trim());
  if (value >= 0) return value;
  throw new InvalidArgumentError(
    `${where}: ${name} is ${shown(text)}; expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
  );
}

function fieldsOf(line: string, delimiter: string, where: string): string[] {
  const fields = splitFields(line, delimiter);
  if (fields !== undefined) return fields;
  throw new InvalidArgumentError(
    `${where}: ${shown(line)}: a quoted field does not end on its line, or goes on after its quote`,
  );
}
