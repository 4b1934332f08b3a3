/** What a trace has and a format that is written cannot hold: what is left out is told, and what would come out as something else is refused. */
import { InvalidArgumentError } from "../../src/errors.js";
import type { NumberColumn } from "./load-columns.js";
import type { Trace } from "./open.js";
import { logKnowsOperations, unloggedRequests } from "./write-operation-log.js";

const LARGEST = 2 ** 32 - 1;
/** Seconds of the longest time to live in an operation log: 49.7 days. */
const LONGEST_TTL = LARGEST / 1000;

/** What is left out, for people. */
export function lossesOf(trace: Trace, format: "oracleGeneral" | "csv" | "txt" | "oplog"): string[] {
  switch (format) {
    case "csv":
      return [];
    case "txt":
      return present({ times: trace.times, sizes: trace.sizes, operations: trace.ops, ttls: trace.ttls });
    case "oracleGeneral": {
      const whole = trace.times?.every((time) => Number.isInteger(time)) ?? true;
      const left = present({ operations: trace.ops, ttls: trace.ttls });
      return whole ? left : ["fractions of seconds in times", ...left];
    }
    case "oplog":
      return logLosses(trace);
  }
}

function logLosses(trace: Trace): string[] {
  const left = unloggedRequests(trace);
  const cut = countOf(trace.ttls, (ttl) => ttl > LONGEST_TTL);
  return [
    ...(logKnowsOperations(trace)
      ? []
      : ["operations other than get, set, delete, increment (the nearest are written)"]),
    ...(left > 0 ? [`${left.toLocaleString("en-US")} requests that neither read nor write`] : []),
    ...(cut > 0 ? [`${cut.toLocaleString("en-US")} times to live beyond 49 days (they are cut to that)`] : []),
  ];
}

function present(columns: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(columns)
    .filter(([, column]) => column !== null)
    .map(([name]) => name);
}

function countOf(column: NumberColumn | null, is: (value: number) => boolean): number {
  let count = 0;
  if (column !== null) for (let i = 0; i < column.length; i++) if (is(column[i])) count++;
  return count;
}

/** @throws InvalidArgumentError naming the first request whose time or size does not fit the format's 32 bits */
export function refuseUnfit(trace: Trace, format: "oracleGeneral" | "oplog"): void {
  const sizes = firstOf(trace.sizes, (size) => size > LARGEST);
  if (sizes >= 0) {
    throw new InvalidArgumentError(
      `${trace.name}: request ${sizes + 1} has a size of ${trace.sizes?.[sizes]} bytes, and ${format} holds at most ${LARGEST}; expected --to csv`,
    );
  }
  if (format === "oplog") return;
  const times = firstOf(trace.times, (time) => !(time >= 0 && time < LARGEST + 1));
  if (times >= 0) {
    throw new InvalidArgumentError(
      `${trace.name}: request ${times + 1} has a time of ${trace.times?.[times]} s, and oracleGeneral holds whole seconds from 0 to ${LARGEST}; expected another unit (--time-unit ms, us or ns), or --to csv`,
    );
  }
}

function firstOf(column: NumberColumn | null, is: (value: number) => boolean): number {
  if (column !== null) for (let i = 0; i < column.length; i++) if (is(column[i])) return i;
  return -1;
}
