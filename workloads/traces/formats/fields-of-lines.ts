/** A request from named fields, whatever they were found by: a path in JSON, or a group of a pattern. */
import { OP_GET } from "../../operations.js";
import type { ColumnField } from "../columns.js";
import type { ReadingNotes } from "../format.js";
import { judgeUnit, seconds, type TimeUnit } from "../time-unit.js";
import { type LogRequest, operationOf, secondsOfDate } from "./log-lines.js";

export interface FieldUnits {
  time: TimeUnit;
  ttl: TimeUnit;
}

/** Units of times that are numbers: as asked for, else judged by the first lines. */
export function unitsOf(
  times: readonly unknown[],
  asked: { timeUnit?: TimeUnit; ttlUnit?: TimeUnit },
  reading: ReadingNotes,
): FieldUnits {
  const numbers = times.map(Number).filter(Number.isFinite);
  if (asked.timeUnit !== undefined || numbers.length === 0) {
    const unit = asked.timeUnit ?? "s";
    if (asked.timeUnit !== undefined) reading.times = `times in ${unit} (as --time-unit says)`;
    return { time: unit, ttl: asked.ttlUnit ?? unit };
  }
  const judged = judgeUnit(numbers.reduce((most, time) => Math.max(most, time), 0));
  reading.times = `times in ${judged.unit} (${judged.why})`;
  if (judged.warning !== undefined) reading.warnings.push(judged.warning);
  return { time: judged.unit, ttl: asked.ttlUnit ?? judged.unit };
}

/** Fills the request. @returns what is wrong with a field; null: nothing */
export function fillRequest(
  request: LogRequest,
  valueIn: (field: ColumnField) => unknown,
  has: (field: ColumnField) => boolean,
  units: FieldUnits,
): string | null {
  const key = valueIn("id");
  if ((typeof key !== "string" && typeof key !== "number") || key === "") return "no key";
  request.key = String(key);
  if (has("time")) {
    request.time = timeOf(valueIn("time"), units.time);
    if (!Number.isFinite(request.time)) return "no time";
  }
  // An empty size, or none, is one that is not known.
  request.size = has("size") ? wholeOf(valueIn("size")) : 0;
  if (request.size < 0) return "the size is no whole number";
  request.ttl = has("ttl") ? ttlOf(valueIn("ttl"), units.ttl) : 0;
  if (!(request.ttl >= 0)) return "the time to live is no number";
  request.op = OP_GET;
  if (!has("op")) return null;
  const op = operationOf(String(valueIn("op") ?? ""));
  if (op === undefined) return "no operation that is known";
  request.op = op;
  return null;
}

function timeOf(value: unknown, unit: TimeUnit): number {
  if (typeof value !== "number" && (typeof value !== "string" || value === "")) return Number.NaN;
  const number = Number(value);
  return Number.isFinite(number) ? seconds(number, unit) : secondsOfDate(String(value));
}

function wholeOf(value: unknown): number {
  if (value === undefined || value === null || value === "" || value === "-") return 0;
  const size = Number(value);
  return Number.isSafeInteger(size) ? size : -1;
}

function ttlOf(value: unknown, unit: TimeUnit): number {
  if (value === undefined || value === null || value === "") return 0;
  return seconds(Number(value), unit);
}
