/** How InfluxDB 2 is asked for amounts: a query in Flux, and the tables in annotated CSV that it answers with. */

/** Points, or the sum of their values, of each series and hour. An hour is named by its beginning. */
export function amountsQuery(
  bucket: string,
  measurement: string,
  fromMs: number,
  toMs: number,
  what: "count" | "sum",
): string {
  return [
    `from(bucket: ${quoted(bucket)})`,
    `range(start: ${new Date(fromMs).toISOString()}, stop: ${new Date(toMs).toISOString()})`,
    `filter(fn: (r) => r._measurement == ${quoted(measurement)} and r._field == "value")`,
    `aggregateWindow(every: 1h, fn: ${what}, createEmpty: false, timeSrc: "_start")`,
  ].join(" |> ");
}

/** What a query answers with beside its tags. */
const OWN = new Set(["", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement"]);

export interface FluxRow {
  readonly ms: number;
  readonly value: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** The rows of all tables. @throws Error with what the database says, when that is what the tables are about */
export function fluxRows(csv: string): FluxRow[] {
  const rows: FluxRow[] = [];
  let header: string[] | null = null;
  for (const record of records(csv)) {
    if (record.length === 1 && record[0] === "")
      header = null; // a blank line: another header
    else if (record[0].startsWith("#"))
      header = null; // annotations come before one
    else if (header === null) header = record;
    else rows.push(rowOf(header, record));
  }
  return rows;
}

function rowOf(header: readonly string[], record: readonly string[]): FluxRow {
  const error = header.indexOf("error");
  if (error >= 0 && header.includes("reference")) throw new Error(record[error]);
  const tags: Record<string, string> = Object.create(null);
  header.forEach((name, i) => {
    const text = record[i] ?? "";
    if (!OWN.has(name) && text !== "") tags[name] = text;
  });
  const at = (name: string) => record[header.indexOf(name)] ?? "";
  const [ms, value] = [Date.parse(at("_time")), Number(at("_value") || Number.NaN)];
  if (Number.isNaN(ms) || Number.isNaN(value)) {
    throw new Error(
      `expected rows with _time and _value, and was given ${JSON.stringify(record.join(",").slice(0, 100))}`,
    );
  }
  return { ms, value, tags };
}

/** Of RFC 4180: fields in quotes may have commas, line feeds and doubled quotes. Ends with the text, whatever it is. */
function* records(csv: string): Generator<string[]> {
  let record: string[] = [];
  for (let at = 0; at < csv.length; ) {
    let field = "";
    if (csv[at] === '"') {
      for (at++; at < csv.length; at++) {
        if (csv[at] === '"' && csv[++at] !== '"') break;
        field += csv[at] ?? "";
      }
    }
    for (; at < csv.length && csv[at] !== "," && csv[at] !== "\n"; at++) if (csv[at] !== "\r") field += csv[at];
    record.push(field);
    if (csv[at] === "," && at + 1 === csv.length) record.push("");
    if (csv[at] !== ",") {
      yield record;
      record = [];
    }
    at++;
  }
  if (record.length > 0) yield record;
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("${", "\\${");
}
