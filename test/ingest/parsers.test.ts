import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PROPERTIES } from "#dist/harness/proofs/ingest-fuzz/properties.js";
import {
  BadBodyError,
  findJsonFault,
  type Metric,
  parseJsonBody,
  parseLineProtocol,
  parseOtlp,
} from "#dist/src/ingest/index.js";
import { runsOr } from "../given.js";

const NOW = Date.parse("2025-10-04T12:00:00.123Z");
const CONTEXT = { nowMs: NOW, latestMs: NOW + 3_600_000, client: "10.0.0.7" };

const shown = ({ name, value, client, ms, belowMs, tags }: Metric) => ({
  name,
  value,
  client,
  ms,
  belowMs,
  tags: { ...tags },
});

describe("properties of the parsers (npm run ingest:fuzz)", () => {
  it.each(Object.entries(PROPERTIES))("%s", (_, property) => {
    fc.assert(property, { numRuns: runsOr(300) });
  });
});

describe("POST /ingest", () => {
  const json = (body: unknown) => parseJsonBody(JSON.stringify(body), CONTEXT);

  it("takes one metric beside its client, or many, with times in ms, RFC 3339 to the ns, or the server's", () => {
    expect(json({ client_id: "c", name: "cpu", value: 1, unit: "%" })[0]).toMatchObject({
      ms: NOW,
      belowMs: null,
      unit: "%",
    });
    const metrics = [
      { name: "a", value: 1.5, timestamp: NOW - 1, tags: { host: "h", __proto__x: "y" } },
      { name: "b", value: -0, timestamp: "2025-10-04T14:00:00.5+02:00" },
      { name: "c", value: 3, timestamp: "2025-10-04T12:00:00.123456789Z" },
    ];
    const [a, b, c] = json({ client_id: "c", metrics }).map(shown);
    expect(a).toEqual({
      name: "a",
      value: 1.5,
      client: "c",
      ms: NOW - 1,
      belowMs: null,
      tags: { host: "h", __proto__x: "y" },
    });
    expect([b.ms, b.belowMs]).toEqual([Date.parse("2025-10-04T12:00:00.500Z"), null]);
    expect([c.ms, c.belowMs]).toEqual([NOW, 456_789]);
    expect(json({ client_id: "c", metrics: [] })).toEqual([]);
  });

  it("takes a tag of any name", () => {
    const [metric] = parseJsonBody(
      '{"client_id":"c","name":"n","value":1,"tags":{"__proto__":"p","toString":"t"}}',
      CONTEXT,
    );
    expect(Object.entries(metric.tags)).toEqual([
      ["__proto__", "p"],
      ["toString", "t"],
    ]);
  });

  const metric = (fields: object) => ({
    client_id: "c",
    metrics: [
      { name: "ok", value: 1 },
      { name: "n", value: 1, ...fields },
    ],
  });
  it.each([
    ["no client", { metrics: [] }, "client_id is missing"],
    ["an empty client", { client_id: "", metrics: [] }, "client_id is empty"],
    [
      "a client of a megabyte",
      { client_id: "c".repeat(1e6), metrics: [] },
      "client_id has 1000000 characters; expected 256 at most",
    ],
    ["an array", [1], "the body is an array of 1"],
    ["null", null, "the body is null"],
    [
      "metrics that are none",
      { client_id: "c", metrics: { name: "n" } },
      "metrics is an object (Object); expected an array",
    ],
    ["a metric that is none", { client_id: "c", metrics: [3] }, "metrics[0] is 3; expected an object"],
    ["a missing name", metric({ name: undefined }), "metrics[1].name is missing"],
    ["a line feed in a name", metric({ name: "a\nb" }), "metrics[1].name has a control character"],
    ["a text for a value", metric({ value: "1" }), 'metrics[1].value is "1"; expected a finite number'],
    ["NaN", metric({ value: Number.NaN }), "metrics[1].value is null; expected a finite number"],
    ["a misspelt field", metric({ timestmap: 1 }), 'metrics[1]."timestmap" is no field; did you mean "timestamp"?'],
    ["seconds for ms", metric({ timestamp: NOW / 1000 }), "metrics[1].timestamp (1759579200.123) is 1970-01-21"],
    ["ns for ms", metric({ timestamp: NOW * 1e6 }), "is beyond any calendar"],
    ["the far future", metric({ timestamp: NOW + 3_600_001 }), "is 2025-10-04T13:00:00.124Z; expected 2000-01-01"],
    [
      "a day that is none",
      metric({ timestamp: "2025-02-30T00:00:00Z" }),
      "expected milliseconds since 1970 or a text of RFC 3339",
    ],
    ["a tag that is no text", metric({ tags: { host: 3 } }), 'metrics[1].tags["host"] is 3; expected text'],
    [
      "too many tags",
      metric({ tags: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`t${i}`, ""])) }),
      "has 65 tags",
    ],
  ])("refuses %s, by its place", (_, body, said) => {
    expect(() => json(body)).toThrow(BadBodyError);
    expect(() => json(body)).toThrow(said);
  });

  it("refuses an infinite number, which JSON can write", () => {
    expect(() => parseJsonBody('{"client_id":"c","name":"n","value":1e999}', CONTEXT)).toThrow("value is Infinity");
  });

  it.each([
    ["", "line 1, column 1 on: unexpected the end"],
    ['{"client_id":"c",\n "metrics":[}', 'line 2, column 13 on: unexpected "}"'],
    ['{"a":tru}', 'line 1, column 6 on: unexpected "t"'],
    ["NaN", 'line 1, column 1 on: unexpected "N"'],
    ['{"a":"\\x"}', 'line 1, column 7 on: unexpected "\\\\"'],
    ["[1] 2", 'line 1, column 5 on: unexpected "2"'],
  ])("says where %j stops being JSON", (text, said) => {
    expect(() => parseJsonBody(text, CONTEXT)).toThrow(said);
  });

  it("finds the place in a body that is nested a million deep", () => {
    expect(findJsonFault("[".repeat(1_000_000))).toEqual({ line: 1, column: 1_000_001, found: "the end" });
  });
});

describe("POST /write", () => {
  const lines = (text: string, precision = "ns") => parseLineProtocol(text, precision, CONTEXT);
  const ns = `${NOW}000007`;

  it("makes a metric of each field that is a number or a truth value, and counts texts", () => {
    const { metrics, skipped, faults } = lines(
      `cpu,host=h1,dc=eu value=1.5,idle=2i,big=3u,up=T,down=false,note="a, b=\\"c\\" d" ${ns}`,
    );
    expect(faults).toEqual([]);
    expect(skipped).toBe(1);
    expect(metrics.map(({ name, value }) => [name, value])).toEqual([
      ["cpu", 1.5],
      ["cpu.idle", 2],
      ["cpu.big", 3],
      ["cpu.up", 1],
      ["cpu.down", 0],
    ]);
    expect(shown(metrics[0])).toMatchObject({ client: "h1", ms: NOW, belowMs: 7, tags: { host: "h1", dc: "eu" } });
  });

  it("undoes escapes as InfluxDB does: each where it is one", () => {
    const { metrics } = lines("my\\ m\\,e\\=x,ta\\=g\\ 1=a\\ b\\,c\\d v\\,1=1\n# a comment\r\n\n  plain value=2\r\n");
    expect(metrics.map(shown)).toMatchObject([
      { name: "my m,e\\=x.v,1", tags: { "ta=g 1": "a b,c\\d" } },
      { name: "plain", client: "10.0.0.7", ms: NOW, belowMs: null },
    ]);
  });

  it("goes on behind a text with line feeds in it, and counts its lines", () => {
    const { metrics, faults } = lines('a s="one\ntwo\n",v=1\nb v=x');
    expect(metrics.map(({ name }) => name)).toEqual(["a.v"]);
    expect(faults).toEqual([{ place: "line 4, column 5", reason: "invalid number" }]);
  });

  it.each([
    ["ns", "1759579200123456789", 1_759_579_200_123, 456_789],
    ["us", "1759579200123456", 1_759_579_200_123, 456_000],
    ["u", "1759579200123456", 1_759_579_200_123, 456_000],
    ["ms", "1759579200123", 1_759_579_200_123, 0],
    ["s", "1759579200", 1_759_579_200_000, 0],
    ["m", "29326320", 1_759_579_200_000, 0],
    ["h", "488772", 1_759_579_200_000, 0],
  ])("reads a time in %s", (precision, text, ms, belowMs) => {
    expect(lines(`a v=1 ${text}`, precision).metrics[0]).toMatchObject({ ms, belowMs });
  });

  it.each([
    ["cpu", "line 1, column 4: missing fields"],
    ["cpu,host value=1", "missing tag value"],
    ["cpu,host= value=1", "missing tag value"],
    ["cpu,=h value=1", "missing tag key"],
    ["cpu,a=1,a=2 value=1", "duplicate tags"],
    [",a=1 v=1", "the measurement is empty"],
    ["cpu value", "missing field value"],
    ["cpu value=", "missing field value"],
    ["cpu value=1x", "line 1, column 11: invalid number"],
    ["cpu value=NaN", "invalid number"],
    ["cpu value=1e400", "invalid number"],
    ["cpu value=9223372036854775808i", "invalid integer"],
    ["cpu value=-1u", "invalid unsigned integer"],
    [`cpu value=${"9".repeat(1000)}i`, "invalid integer"],
    ['cpu value="open', "unbalanced quotes"],
    ["cpu value=1 yesterday", "line 1, column 13: bad timestamp"],
    ["cpu value=1 1 2", "text after the timestamp"],
    ["cpu value=1 1759579200", "the timestamp 1759579200 is 1970-01-01"],
    ["cpu value=1 99999999999999999999", "bad timestamp"],
    ["cpu value=1 9223372036854775807", "is 2262-04-11"],
  ])("tells what is wrong with %j, and takes the lines around it", (bad, said) => {
    const { metrics, faults, refused } = lines(`good v=1\n${bad}\ngood v=2`);
    expect(refused).toBe(1);
    expect(`${faults[0].place.replace("line 2", "line 1")}: ${faults[0].reason}`).toContain(said);
    expect(metrics.map(({ value }) => value)).toEqual([1, 2]);
  });

  it("counts all faults and tells the first ones", () => {
    const { faults, refused } = lines("bad\n".repeat(1000));
    expect([faults.length, refused]).toEqual([5, 1000]);
  });
});

describe("POST /v1/metrics", () => {
  const attributes = (values: Record<string, unknown>) =>
    Object.entries(values).map(([key, value]) => ({ key, value }));
  const request = (...metrics: object[]) =>
    parseOtlp(
      JSON.stringify({
        resourceMetrics: [
          {
            resource: {
              attributes: attributes({ "service.name": { stringValue: "shop" }, zone: { stringValue: "a" } }),
            },
            scopeMetrics: [{ scope: { name: "s" }, metrics }],
          },
        ],
      }),
      CONTEXT,
    );
  const time = `${NOW}000042`;

  it("takes gauges and sums, with attributes of resource and point as tags", () => {
    const { metrics, refused } = request(
      {
        name: "queue",
        unit: "1",
        gauge: {
          dataPoints: [
            {
              asDouble: 1.5,
              timeUnixNano: time,
              attributes: attributes({ zone: { stringValue: "b" }, n: { intValue: "3" } }),
            },
          ],
        },
      },
      { name: "orders", sum: { isMonotonic: true, dataPoints: [{ asInt: "7" }] } },
    );
    expect(refused).toBe(0);
    expect(shown(metrics[0])).toEqual({
      name: "queue",
      value: 1.5,
      client: "shop",
      ms: NOW,
      belowMs: 42,
      tags: { "service.name": "shop", zone: "b", n: "3" },
    });
    expect(metrics[1]).toMatchObject({ name: "orders", value: 7, ms: NOW, belowMs: null });
  });

  it("takes histograms with cumulated buckets, and summaries with quantiles", () => {
    const { metrics } = request(
      {
        name: "h",
        histogram: {
          dataPoints: [
            { count: "6", sum: 10, min: 1, max: 4, bucketCounts: ["1", "2", "3"], explicitBounds: [1, 2.5] },
          ],
        },
      },
      { name: "s", summary: { dataPoints: [{ count: 2, sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }] } },
    );
    expect(metrics.map(({ name, value, tags }) => [name, value, tags.le ?? tags.quantile])).toEqual([
      ["h.count", 6, undefined],
      ["h.sum", 10, undefined],
      ["h.min", 1, undefined],
      ["h.max", 4, undefined],
      ["h.bucket", 1, "1"],
      ["h.bucket", 3, "2.5"],
      ["h.bucket", 6, "+Inf"],
      ["s.count", 2, undefined],
      ["s.sum", 3, undefined],
      ["s.quantile", 1, "0.5"],
    ]);
  });

  it("tells of points that it cannot take, and takes the others", () => {
    const { metrics, faults, refused } = request(
      {
        name: "g",
        gauge: { dataPoints: [{ asDouble: "NaN" }, { asDouble: 1 }, {}, { asDouble: 1, timeUnixNano: "5" }] },
      },
      { name: "nothing" },
      { name: "h", histogram: { dataPoints: [{ count: 1, bucketCounts: [1], explicitBounds: [1] }] } },
    );
    expect(metrics.length).toBe(1);
    expect(refused).toBe(5);
    const at = "resourceMetrics[0].scopeMetrics[0].metrics";
    expect(faults.map(({ place, reason }) => `${place}: ${reason}`)).toEqual([
      `${at}[0].gauge.dataPoints[0]: asDouble is "NaN"; expected a finite number`,
      `${at}[0].gauge.dataPoints[2]: has neither asDouble nor asInt`,
      expect.stringContaining(`${at}[0].gauge.dataPoints[3]: timeUnixNano "5" is 1970-01-01`),
      `${at}[1]: has no data; expected one of gauge, sum, histogram, exponentialHistogram, summary`,
      `${at}[2].histogram.dataPoints[0]: has 1 bucketCounts for 1 explicitBounds; expected one more`,
    ]);
  });

  it("refuses a body that is none", () => {
    expect(() => parseOtlp('{"resourceMetrics":{}}', CONTEXT)).toThrow(
      "resourceMetrics is an object (Object); expected an array",
    );
    expect(() => parseOtlp("[]", CONTEXT)).toThrow("expected { resourceMetrics");
  });
});
