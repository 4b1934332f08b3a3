/** Options on how a trace is read, for every command that reads one, and what is said of how it was. */
import type { Command } from "commander";
import { describeReading, type TraceOptions, type TraceReading } from "../../workloads/index.js";

export interface ReadingFlags {
  format?: string;
  columns?: string;
  pattern?: string;
  timeUnit?: string;
  ttlUnit?: string;
}

/** Adds the options. */
export function withReadingOptions(command: Command): Command {
  return command
    .option("--format <name>", "the trace's format, instead of guessing it from name and content")
    .option(
      "--columns <spec>",
      "for csv and jsonl: which column, or path in an object, is what, such as time=1,id=2,size=3 (also op, ttl, count, header=yes|no, delimiter=comma|tab|semicolon|pipe|space)",
    )
    .option(
      "--pattern <regex>",
      "any log, by named groups: (?<key>…), and any of (?<time>…), (?<size>…), (?<op>…), (?<ttl>…)",
    )
    .option(
      "--time-unit <unit>",
      "for csv, jsonl and --pattern: s, ms, us or ns, instead of judging it by the header and the times",
    )
    .option("--ttl-unit <unit>", "for the same: the unit of times to live, when it is not that of the times");
}

export function readingOptions({ format, columns, pattern, timeUnit, ttlUnit }: ReadingFlags): TraceOptions {
  return { format, columns, pattern, timeUnit, ttlUnit };
}

/** Says on stderr what makes it doubtful that a trace was read as it is meant. */
export function warnOfReading(trace: string, { warnings }: Pick<TraceReading, "warnings">): void {
  for (const warning of warnings) process.stderr.write(`warning: ${trace}: ${warning}\n`);
}

/** One line on how a trace was read. */
export function noteOnReading(trace: string, reading: TraceReading): string {
  return `${trace}: read as ${describeReading(reading)}`;
}
