/**
 * InfluxDB's line protocol, as its versions 1 and 2 take it: `measurement,tag=value field=1.5,other=2i 1556813561098000000`.
 * Source: InfluxDB 1.8 documentation, "Line protocol reference".
 *
 * A field that is a number or a truth value is a metric: `measurement.field`, or `measurement` alone for a field called `value`. Fields of
 * text are no metrics and are counted. The client is the tag `client_id`, else `host`, else whoever sends. Good lines are taken and bad ones told,
 * as InfluxDB does it. Numbers are 64-bit floats here: integers beyond 2^53 lose their last digits.
 */
import type { Metric } from "../metric.js";
import { type Instant, instantOfNs, whyNotTaken } from "../time.js";
import { Faults, type ParseContext, type Parsed } from "./context.js";
import { LineScanner } from "./line-scanner.js";
import { whyNoName, whyNoTagValue, whyTooManyTags } from "./names.js";

/** Digits that are missing to ns, by the name of a precision; minutes and hours are no powers of ten. */
const PRECISION: Readonly<Record<string, { readonly zeros: string } | { readonly ms: number }>> = {
  ns: { zeros: "" },
  n: { zeros: "" },
  us: { zeros: "000" },
  u: { zeros: "000" },
  µ: { zeros: "000" },
  ms: { zeros: "000000" },
  s: { zeros: "000000000" },
  m: { ms: 60_000 },
  h: { ms: 3_600_000 },
};
export type Precision = keyof typeof PRECISION & string;
export const PRECISIONS: readonly string[] = Object.keys(PRECISION);

export function isPrecision(text: string): boolean {
  return Object.hasOwn(PRECISION, text);
}

/** @param precision one of PRECISIONS */
export function parseLineProtocol(text: string, precision: Precision, context: ParseContext): Parsed {
  const scanner = new LineScanner(text);
  const faults = new Faults();
  const metrics: Metric[] = [];
  let skipped = 0;
  while (scanner.nextLine()) {
    const before = metrics.length;
    const { line } = scanner;
    try {
      skipped += takeLine(scanner, precision, context, metrics);
    } catch (fault) {
      if (!(fault instanceof LineFault)) throw fault;
      metrics.length = before;
      faults.add(`line ${line}, column ${fault.column}`, fault.message);
      scanner.leaveLine();
    }
  }
  return { metrics, faults: faults.kept, refused: faults.count, skipped };
}

/** What is wrong with a line, for the rest of which it is not looked at. */
class LineFault extends Error {
  constructor(
    message: string,
    readonly column: number,
  ) {
    super(message);
  }
}

/** Of one line. @returns how many of its fields are texts. @throws LineFault */
function takeLine(scanner: LineScanner, precision: Precision, context: ParseContext, into: Metric[]): number {
  const measurement = scanner.word("measurement");
  check(scanner, "the measurement", whyNoName(measurement));
  const tags = takeTags(scanner);
  if (!scanner.blank()) throw faultAt(scanner, "missing fields");
  const fields: { name: string; value: number }[] = [];
  let skipped = 0;
  do {
    const name = scanner.word("key");
    check(scanner, "the name of a field", whyNoName(name));
    if (!scanner.is("=")) throw faultAt(scanner, "missing field value");
    const value = takeValue(scanner);
    if (value === null) skipped++;
    else fields.push({ name: name === "value" ? measurement : `${measurement}.${name}`, value });
  } while (scanner.is(","));
  const time = takeTime(scanner, precision, context);
  const client = tags.client_id ?? tags.host ?? context.client;
  for (const { name, value } of fields) {
    check(scanner, "measurement and field together", whyNoName(name));
    into.push({ client, name, value, ...time, tags });
  }
  return skipped;
}

function takeTags(scanner: LineScanner): Record<string, string> {
  const tags: Record<string, string> = Object.create(null);
  let count = 0;
  while (scanner.is(",")) {
    const tag = scanner.word("key");
    if (tag === "") throw faultAt(scanner, "missing tag key");
    check(scanner, "the name of a tag", whyNoName(tag));
    if (!scanner.is("=")) throw faultAt(scanner, "missing tag value");
    const value = scanner.word("value");
    if (value === "") throw faultAt(scanner, "missing tag value");
    check(scanner, "the value of a tag", whyNoTagValue(value));
    if (tag in tags) throw faultAt(scanner, "duplicate tags");
    tags[tag] = value;
    count++;
  }
  check(scanner, "the line", whyTooManyTags(count));
  return tags;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;
const TRUTHS: Readonly<Record<string, number>> = {
  t: 1,
  T: 1,
  true: 1,
  True: 1,
  TRUE: 1,
  f: 0,
  F: 0,
  false: 0,
  False: 0,
  FALSE: 0,
};

/** Null for a text. */
function takeValue(scanner: LineScanner): number | null {
  if (scanner.isQuote()) {
    if (!scanner.text()) throw faultAt(scanner, "unbalanced quotes");
    return null;
  }
  const written = scanner.plain();
  if (written === "") throw faultAt(scanner, "missing field value");
  if (Object.hasOwn(TRUTHS, written)) return TRUTHS[written];
  const suffix = written.at(-1);
  if (suffix === "i" || suffix === "u") {
    const digits = written.slice(0, -1);
    if (INTEGER.test(digits) && isWithin(digits, suffix)) return Number(digits);
    throw faultAt(scanner, suffix === "i" ? "invalid integer" : "invalid unsigned integer");
  }
  const value = NUMBER.test(written) ? Number(written) : Number.NaN;
  if (!Number.isFinite(value)) throw faultAt(scanner, "invalid number");
  return value;
}

/** More digits than 20 are beyond 64 bits, whatever they are; a bigint of all of them would be the sender's to choose the price of. */
function isWithin(digits: string, suffix: "i" | "u"): boolean {
  if (digits.replace(/^[+-]?0*/, "").length > 20) return false;
  const value = BigInt(digits.replace(/^\+/, ""));
  return suffix === "u" ? BigInt.asUintN(64, value) === value : BigInt.asIntN(64, value) === value;
}

function takeTime(scanner: LineScanner, precision: Precision, { nowMs, latestMs }: ParseContext): Instant {
  const written = scanner.blank() ? scanner.plain() : "";
  scanner.blank();
  if (!scanner.atEnd()) throw faultAt(scanner, "text after the timestamp");
  if (written === "") return { ms: nowMs, belowMs: null };
  if (!/^-?\d{1,19}$/.test(written)) throw faultAt(scanner, "bad timestamp");
  const time = instantOf(written, precision);
  const why = whyNotTaken(time.ms, latestMs);
  if (why !== null) throw faultAt(scanner, `the timestamp ${written} ${why}`);
  return time;
}

function instantOf(written: string, precision: Precision): Instant {
  const unit = PRECISION[precision];
  if ("ms" in unit) return { ms: Number(written) * unit.ms, belowMs: 0 };
  return instantOfNs(written + unit.zeros);
}

function check(scanner: LineScanner, what: string, why: string | null): void {
  if (why !== null) throw faultAt(scanner, `${what} ${why}`);
}

function faultAt(scanner: LineScanner, reason: string): LineFault {
  return new LineFault(reason, scanner.column);
}
