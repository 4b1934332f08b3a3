/** Lines of the journal as messages, and back. A message's value is the line, so whoever reads the topic reads what the journal has. */
import { type Metric, metricOf } from "../metric.js";
import type { Placed } from "../sinks/sink.js";
import type { InMessage, OutMessage } from "./client.js";

/** Which journal the line is of, and its number there: the same each time it is sent. */
const JOURNAL = "journal";
const LINE = "line";

/** @param hot its client brings more than a partition's share: its messages are spread by the names of its metrics, each still in order */
export function messageOf({ metric, line, text }: Placed, journal: string, hot: boolean): OutMessage {
  const { client, name, ms } = metric;
  return {
    key: client,
    route: hot ? `${client}:${name}` : client,
    value: text,
    timestampMs: ms,
    headers: { [JOURNAL]: journal, [LINE]: String(line) },
  };
}

export interface Received {
  readonly metric: Metric | null;
  /** Null for a message that says none: somebody else's. */
  readonly journal: string | null;
  /** The journal's, or the message's own offset. */
  readonly line: number;
}

export function receivedOf({ offset, value, headers }: InMessage): Received {
  const { [JOURNAL]: journal, [LINE]: line = "" } = headers;
  const number = /^\d{1,16}$/.test(line) ? Number(line) : Number.NaN;
  const said = journal !== undefined && Number.isSafeInteger(number);
  return { metric: metricOf(value), journal: said ? journal : null, line: said ? number : Number(offset) };
}
