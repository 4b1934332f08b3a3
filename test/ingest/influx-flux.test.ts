import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backfill, compare, createIngest, fluxRows, InfluxSink } from "#dist/src/ingest/index.js";
import { field, memoryInflux2 } from "./memory-influx2.js";
import { one, post, removeTemporary, temporary } from "./posting.js";

describe("the tables that version 2 answers with", () => {
  const head = ",result,table,_start,_stop,_time,_value,_field,_measurement,";
  const row = ",_result,0,2025-10-04T00:00:00Z,2025-10-05T00:00:00Z,2025-10-04T12:00:00Z,15.5,value,m,";

  it("are read with their own headers, by their own tags", () => {
    const csv = `#datatype,string\r\n${head}host\r\n${row}h1\r\n\r\n#datatype,string\r\n${head}host,name\r\n${row},"a,""b"\r\n\r\n`;
    const ms = Date.parse("2025-10-04T12:00:00Z");
    expect(fluxRows(csv)).toEqual([
      { ms, value: 15.5, tags: { host: "h1" } },
      { ms, value: 15.5, tags: { name: 'a,"b' } },
    ]);
    expect(fluxRows("\r\n")).toEqual([]);
  });

  it("say what went wrong behind a good beginning", () => {
    const csv = `${head}host\r\n${row}h1\r\n\r\n#datatype,string,string\r\n,error,reference\r\n,query terminated: memory,897\r\n`;
    expect(() => fluxRows(csv)).toThrow("query terminated: memory");
    expect(() => fluxRows("<html>\n<body>")).toThrow("expected rows with _time and _value");
  });

  it("are read whatever a tag says, and end whatever they are", () => {
    const tag = fc.string({ minLength: 1, unit: fc.constantFrom('"', ",", "\n", "a", "é", " ", "=", "#") });
    fc.assert(
      fc.property(tag, (text) => {
        const [{ tags }] = fluxRows(`${head}host,name\r\n${row}${field(text)},n\r\n`);
        expect({ ...tags }).toEqual({ host: text, name: "n" });
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "#", "_time", "_value", "1") }), (csv) => {
        try {
          fluxRows(csv);
        } catch (error) {
          expect((error as Error).message).not.toBe("");
        }
      }),
    );
  });
});

describe("a version 2, as its reference describes it", () => {
  let influx: Awaited<ReturnType<typeof memoryInflux2>>;
  beforeAll(async () => {
    influx = await memoryInflux2();
  });
  afterAll(() => {
    influx.close();
    removeTemporary();
  });
  const sink = () => new InfluxSink({ url: influx.url, bucket: "b", organisation: "o", token: "t" });

  it("is compared with the journal by series and hour, filled from it, and is then the same", async () => {
    const directory = temporary();
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const ingest = await createIngest({
      ...{ journal: directory, port: 0 },
      influx: { url: influx.url, bucket: "b", organisation: "o", token: "t" },
    });
    for (let client = 0; client < 3; client++) {
      const metrics = Array.from({ length: 20 }, (_, i) => ({
        ...{ name: "cpu", value: i / 4, timestamp: hour - 120_000 * (3 * i + client) },
        tags: i % 2 === 0 ? { host: 'a,b "c"', datacenter: "eu=1" } : {},
      }));
      const answer = await post(`${ingest.url}/ingest`, JSON.stringify({ client_id: `c ${client}`, metrics }));
      expect(answer.status).toBe(202);
    }
    await ingest.drained();
    await ingest.close();
    const same = await compare(directory, sink());
    expect(same).toMatchObject({ series: 6, hours: 3, journalPoints: 60, databasePoints: 60, differences: [] });
    expect(influx.asked.at(-1)).toBe("Token t /api/v2/query?org=o");

    const [[name, points]] = influx.series;
    influx.series.delete(name);
    const { differences } = await compare(directory, sink());
    expect(differences.reduce((sum, { journal }) => sum + journal.count, 0)).toBe(points.size);
    expect(differences.every(({ database }) => database.count === 0)).toBe(true);
    await backfill(directory, sink());
    expect((await compare(directory, sink())).differences).toEqual([]);
    const [[, some]] = influx.series;
    for (const time of some.keys()) some.set(time, 1e6);
    expect((await compare(directory, sink())).differences.length).toBeGreaterThan(0); // as many, of another sum
  });

  it("is told of when it cannot be asked, or says that it failed", async () => {
    const directory = temporary();
    const ingest = await createIngest({ journal: directory, port: 0 });
    await post(`${ingest.url}/ingest`, one("c", "n", 1));
    await ingest.close();
    influx.state.failWith = ",error,reference\r\n,out of memory,897\r\n";
    await expect(compare(directory, sink())).rejects.toThrow("says of a query: out of memory");
    influx.state.failWith = null;
    const other = new InfluxSink({ url: influx.url, bucket: "other", organisation: "o" });
    await expect(compare(directory, other)).rejects.toThrow("answered 400 to a query");
  });
});
