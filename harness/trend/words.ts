/** Forecasts and changes in words, the same in the terminal and on the page. */
import { FIGURES } from "../../src/monitor/index.js";
import { figureText } from "../monitor/index.js";
import type { Forecast } from "./forecasts.js";
import type { Change, RecordSeries } from "./record-series.js";

const UNITS = [
  ["days", 86_400_000],
  ["hours", 3_600_000],
  ["minutes", 60_000],
  ["seconds", 1000],
] as const;
/** From so many of a unit on it is the one to count in. */
const COUNTED_FROM = 2;

/** `memory utilisation reaches 90 % in 5 to 9 days`, or that it cannot be told, and why. */
export function forecastWords({ figure, limit, beyond, crossing, now }: Forecast, end: number): string {
  const what = `${FIGURES[figure].label}`;
  const at = figureText(figure, limit);
  if (now === null) return `${what}: cannot tell: it was never told`;
  switch (crossing.kind) {
    case "past":
      return `${what} is ${beyond} ${at} now`;
    case "not within":
      return `${what} does not reach ${at} within ${span(crossing.until - end)}`;
    case "reaches":
      return `${what} reaches ${at} ${spanOf(crossing.from - end, crossing.to === null ? null : crossing.to - end)}`;
    case "cannot tell":
      return `${what}: cannot tell when it reaches ${at}: ${crossing.why}`;
  }
}

/** `in 5 to 9 days`, in the unit of the later end. */
function spanOf(from: number, to: number | null): string {
  const [name, unit] = unitFor(to ?? from);
  const first = digits(from / unit);
  if (to === null) return from <= 0 ? "at some time, perhaps soon" : `in ${first} ${name} or later`;
  const last = digits(to / unit);
  if (from <= 0) return `within ${last} ${name}`;
  return first === last ? `in about ${last} ${name}` : `in ${first} to ${last} ${name}`;
}

export function span(ms: number): string {
  const one = UNITS.find(([, unit]) => ms === unit);
  if (one !== undefined) return `1 ${one[0].slice(0, -1)}`;
  const [name, unit] = unitFor(ms);
  return `${digits(ms / unit)} ${name}`;
}

function unitFor(ms: number): (typeof UNITS)[number] {
  return UNITS.find(([, unit]) => ms >= COUNTED_FROM * unit) ?? UNITS[UNITS.length - 1];
}

function digits(value: number): string {
  return String(Number(value.toPrecision(2)));
}

/** `+12.3 % [10.1, 14.0]`, of points `-1.2 points […]`. */
export function changeWords({ change, interval }: Change, scale: RecordSeries["scale"]): string {
  const unit = scale === "points" ? "points" : "%";
  const part = (share: number) => `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)}`;
  return `${part(change)} ${unit} [${part(interval.lower)}, ${part(interval.upper)}]`;
}

export function commitWords(commit: string | null, dirty = false): string {
  return commit === null ? "no commit" : `${commit.slice(0, 12)}${dirty ? " with changes" : ""}`;
}

/** Of a metric, in three digits. */
export function valueWords(value: number, { unit, scale }: Pick<RecordSeries, "unit" | "scale">): string {
  if (scale === "points") return `${(100 * value).toFixed(2)} %`;
  const text =
    Math.abs(value) >= 1e4 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
  return `${text} ${unit}`.trim();
}
