/**
 * OTLP/HTTP with a JSON body, `POST /v1/metrics`: opentelemetry-proto 1.x, `ExportMetricsServiceRequest` in the JSON mapping of protobuf.
 *
 * A point of a gauge or a sum is a metric. A histogram's is `name.count`, `.sum`, `.min`, `.max` and, cumulated, `.bucket` with a tag `le`; a summary's
 * is `.count`, `.sum` and `.quantile` with a tag `quantile`; of an exponential histogram there are no buckets. Attributes of the resource and of
 * the point are tags, the point's first. The client is the attribute `client_id`, `service.instance.id` or `service.name`, in this order.
 *
 * Points that cannot be taken are told by a partial success, as the protocol has it; a body that is none is refused whole.
 */
import { describe } from "../../check.js";
import { BadBodyError } from "../errors.js";
import type { Metric } from "../metric.js";
import { type Instant, instantOfNs, whyNotTaken } from "../time.js";
import { Faults, type ParseContext, type Parsed } from "./context.js";
import { whyNoName, whyNoTagValue, whyNoUnit, whyTooManyTags } from "./names.js";
import { tagsFrom } from "./otlp-attributes.js";
import { isObject, readJson } from "./read-json.js";

/** @throws BadBodyError when it is no such request at all */
export function parseOtlp(text: string, context: ParseContext): Parsed {
  const body = readJson(text);
  if (!isObject(body)) throw new BadBodyError(`the body is ${describe(body)}; expected { resourceMetrics: […] }`);
  return new OtlpReader(context).read(body);
}

const CLIENT_ATTRIBUTES = ["client_id", "service.instance.id", "service.name"];

/** A point that cannot be taken. */
class PointFault extends Error {}

/** What is the same for all points of one metric. */
interface Series {
  readonly name: string;
  readonly unit: string | undefined;
  readonly client: string;
  readonly resource: Readonly<Record<string, string>>;
}

class OtlpReader {
  private readonly metrics: Metric[] = [];
  private readonly faults = new Faults();

  constructor(private readonly context: ParseContext) {}

  read(body: Record<string, unknown>): Parsed {
    each(body, "resourceMetrics", "", (resourceMetrics, at) => {
      const { resource } = resourceMetrics;
      const tags = tagsFrom(isObject(resource) ? resource.attributes : undefined);
      const attribute = CLIENT_ATTRIBUTES.find((name) => tags[name] !== undefined && tags[name] !== "");
      const client = attribute === undefined ? this.context.client : tags[attribute];
      each(resourceMetrics, "scopeMetrics", at, (scope, inScope) => {
        each(scope, "metrics", inScope, (metric, place) => this.takeMetric(metric, place, client, tags));
      });
    });
    return { metrics: this.metrics, faults: this.faults.kept, refused: this.faults.count, skipped: 0 };
  }

  private takeMetric(read: Record<string, unknown>, place: string, client: string, resource: Series["resource"]): void {
    const kind = KINDS.find((one) => isObject(read[one.field]));
    if (kind === undefined) {
      this.faults.add(place, `has no data; expected one of ${KINDS.map(({ field }) => field).join(", ")}`);
      return;
    }
    const data = read[kind.field] as Record<string, unknown>;
    each(data, "dataPoints", `${place}.${kind.field}`, (point, at) => {
      const before = this.metrics.length;
      try {
        const series = seriesOf(read, client, resource);
        this.takePoint(series, point, kind.parts(point));
      } catch (fault) {
        if (!(fault instanceof PointFault)) throw fault;
        this.metrics.length = before;
        this.faults.add(at, fault.message);
      }
    });
  }

  private takePoint({ name, unit, client, resource }: Series, point: Record<string, unknown>, parts: Part[]): void {
    const own = tagsFrom(point.attributes);
    const tags: Record<string, string> = Object.assign(Object.create(null), resource, own);
    const time = this.timeOf(point.timeUnixNano);
    for (const { suffix, value, tag } of parts) {
      const all = tag === undefined ? tags : Object.assign(Object.create(null), tags, { [tag[0]]: tag[1] });
      checkTags(all);
      const full = name + suffix;
      check(`the name ${describe(full)}`, whyNoName(full));
      const metric: Metric = { client, name: full, value, ...time, ...(unit === undefined ? {} : { unit }), tags: all };
      this.metrics.push(metric);
    }
  }

  /** 0, as protobuf says nothing: now. */
  private timeOf(nanos: unknown): Instant {
    const digits = wholeText(nanos ?? "0");
    if (digits === null) throw new PointFault(`timeUnixNano is ${describe(nanos)}; expected nanoseconds since 1970`);
    if (/^0+$/.test(digits)) return { ms: this.context.nowMs, belowMs: null };
    const time = instantOfNs(digits);
    check(`timeUnixNano ${describe(nanos)}`, whyNotTaken(time.ms, this.context.latestMs));
    return time;
  }
}

function seriesOf(read: Record<string, unknown>, client: string, resource: Series["resource"]): Series {
  const { name, unit } = read;
  if (typeof name !== "string") throw new PointFault(`name is ${describe(name)}; expected text`);
  if (unit !== undefined && typeof unit !== "string") throw new PointFault(`unit is ${describe(unit)}; expected text`);
  if (unit !== undefined) check("unit", whyNoUnit(unit));
  check(`the client ${describe(client)}`, whyNoName(client));
  return { name, unit: unit === "" ? undefined : unit, client, resource };
}

/** One metric that a point makes. */
interface Part {
  readonly suffix: string;
  readonly value: number;
  readonly tag?: readonly [string, string];
}

interface Kind {
  readonly field: string;
  parts(point: Record<string, unknown>): Part[];
}

const KINDS: readonly Kind[] = [
  { field: "gauge", parts: numberPoint },
  { field: "sum", parts: numberPoint },
  {
    field: "histogram",
    parts: (point) => [...countAndSum(point), ...limits(point), ...buckets(point)],
  },
  { field: "exponentialHistogram", parts: (point) => [...countAndSum(point), ...limits(point)] },
  { field: "summary", parts: (point) => [...countAndSum(point), ...quantiles(point)] },
];

function numberPoint({ asDouble, asInt }: Record<string, unknown>): Part[] {
  if (asDouble !== undefined) return [{ suffix: "", value: finite("asDouble", asDouble) }];
  if (asInt === undefined) throw new PointFault("has neither asDouble nor asInt");
  return [{ suffix: "", value: whole("asInt", asInt) }];
}

function countAndSum({ count, sum }: Record<string, unknown>): Part[] {
  const counted: Part = { suffix: ".count", value: whole("count", count ?? 0) };
  return sum === undefined ? [counted] : [counted, { suffix: ".sum", value: finite("sum", sum) }];
}

function limits(point: Record<string, unknown>): Part[] {
  return ["min", "max"]
    .filter((name) => point[name] !== undefined)
    .map((name) => ({ suffix: `.${name}`, value: finite(name, point[name]) }));
}

/** Counts at or below each bound, the last one without. */
function buckets({ bucketCounts, explicitBounds }: Record<string, unknown>): Part[] {
  if (bucketCounts === undefined) return [];
  const bounds = explicitBounds ?? [];
  if (!Array.isArray(bucketCounts) || !Array.isArray(bounds)) throw new PointFault("bucketCounts is no array");
  if (bucketCounts.length === 0) return [];
  if (bucketCounts.length !== bounds.length + 1) {
    throw new PointFault(
      `has ${bucketCounts.length} bucketCounts for ${bounds.length} explicitBounds; expected one more`,
    );
  }
  let below = 0;
  return bucketCounts.map((count, i) => {
    below += whole("bucketCounts", count);
    const le = i < bounds.length ? String(finite("explicitBounds", bounds[i])) : "+Inf";
    return { suffix: ".bucket", value: below, tag: ["le", le] as const };
  });
}

function quantiles({ quantileValues }: Record<string, unknown>): Part[] {
  if (quantileValues === undefined) return [];
  if (!Array.isArray(quantileValues)) throw new PointFault("quantileValues is no array");
  return quantileValues.map((one) => {
    if (!isObject(one)) throw new PointFault("quantileValues holds what is no object");
    const quantile = String(finite("quantile", one.quantile ?? 0));
    return { suffix: ".quantile", value: finite("value", one.value ?? 0), tag: ["quantile", quantile] as const };
  });
}

/** A double: as a number, or as a text of one, which the mapping allows. */
function finite(field: string, read: unknown): number {
  const value = typeof read === "string" && /^[-+\d.eE]+$/.test(read) ? Number(read) : read;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new PointFault(`${field} is ${describe(read)}; expected a finite number`);
}

/** A 64-bit integer: the mapping writes it as text, and some write numbers. */
function whole(field: string, read: unknown): number {
  const value = typeof read === "string" && /^-?\d{1,20}$/.test(read) ? Number(read) : read;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new PointFault(`${field} is ${describe(read)}; expected a whole number`);
}

function wholeText(read: unknown): string | null {
  if (typeof read === "string") return /^\d{1,20}$/.test(read) ? read : null;
  return typeof read === "number" && Number.isInteger(read) && read >= 0 && read < 1e20
    ? BigInt(read).toString()
    : null;
}

function checkTags(tags: Readonly<Record<string, string>>): void {
  let count = 0;
  for (const tag in tags) {
    count++;
    check(`the attribute ${describe(tag)}`, whyNoName(tag) ?? whyNoTagValue(tags[tag]));
  }
  check("the point", whyTooManyTags(count));
}

function check(what: string, why: string | null): void {
  if (why !== null) throw new PointFault(`${what} ${why}`);
}

/** Each object of an array that may be missing. @throws BadBodyError for what is no array of objects: that is another protocol's */
function each(
  from: Record<string, unknown>,
  field: string,
  place: string,
  visit: (one: Record<string, unknown>, place: string) => void,
): void {
  const list = from[field];
  const at = place === "" ? field : `${place}.${field}`;
  if (list === undefined || list === null) return;
  if (!Array.isArray(list)) throw new BadBodyError(`${at} is ${describe(list)}; expected an array`);
  list.forEach((one, i) => {
    if (!isObject(one)) throw new BadBodyError(`${at}[${i}] is ${describe(one)}; expected an object`);
    visit(one, `${at}[${i}]`);
  });
}
