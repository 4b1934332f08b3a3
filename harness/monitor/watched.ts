/** A monitored store as its monitor tells of it over HTTP: figures of the last hour and the latest snapshot. */
import { InvalidArgumentError } from "../../src/errors.js";
import type { FigureName, MonitorSnapshot } from "../../src/monitor/index.js";
import { EventParser } from "./event-stream.js";

export interface Watched {
  readonly figures: ReadonlyMap<FigureName, (number | null)[]>;
  readonly snapshot: MonitorSnapshot;
}

/** How many ticks are kept of each figure: more than a terminal is wide. */
const KEPT = 600;

/**
 * The monitor's state at each tick, from now until it ends or `signal` aborts.
 *
 * @throws InvalidArgumentError when there is no monitor at the address, or it asks for another token
 */
export async function* watchMonitor(url: URL, token: string | undefined, signal: AbortSignal): AsyncGenerator<Watched> {
  const response = await ask(new URL("/events", url), token, signal);
  if (!response.headers.get("content-type")?.startsWith("text/event-stream") || response.body === null) {
    throw new InvalidArgumentError(`${url.href}: is no engram monitor`);
  }
  const parser = new EventParser();
  const decoder = new TextDecoder();
  let figures = new Map<FigureName, (number | null)[]>();
  for await (const bytes of response.body) {
    for (const { event, data } of parser.push(decoder.decode(bytes, { stream: true }))) {
      if (event === "end") return;
      const told = JSON.parse(data);
      if (event === "start") {
        const { names, figures: columns } = told.history as { names: FigureName[]; figures: (number | null)[][] };
        figures = new Map(names.map((name, i) => [name, columns[i].slice(-KEPT)]));
      } else if (event === "tick") {
        for (const [i, column] of [...figures.values()].entries()) {
          column.push(told.figures[i]);
          if (column.length > KEPT) column.shift();
        }
      } else continue;
      yield { figures, snapshot: told.snapshot };
    }
  }
}

async function ask(url: URL, token: string | undefined, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new InvalidArgumentError(`${url.origin}: cannot be reached (${reasonOf(error)})`);
  }
  if (response.status === 401) {
    throw new InvalidArgumentError(
      `${url.origin}: the monitor asks for ${token === undefined ? "a" : "another"} token; give it with --token`,
    );
  }
  if (!response.ok)
    throw new InvalidArgumentError(`${url.origin}: is no engram monitor (it answered ${response.status})`);
  return response;
}

/** Node puts what happened into the cause of a failed fetch. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message: string };
  return cause?.code ?? cause?.message ?? message;
}
