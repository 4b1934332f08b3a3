/** Clients under load: at a rate, whatever the server makes of it, or as fast as it answers. */
import { setImmediate as turn } from "node:timers/promises";
import { Histogram } from "../../src/metrics/index.js";
import { Connection, requestOf } from "./connection.js";

/** What became of the requests of one load. */
export class Tally {
  sent = 0;
  answered = 0;
  failed = 0;
  readonly refused: Record<string, number> = {};
  /** Until the last answer. */
  seconds = 0;

  count(status: number): void {
    if (status === 0) this.failed++;
    else if (status < 300) this.answered++;
    else this.refused[status] = (this.refused[status] ?? 0) + 1;
  }

  add(other: Tally): void {
    this.sent += other.sent;
    this.answered += other.answered;
    this.failed += other.failed;
    this.seconds += other.seconds;
    for (const [status, count] of Object.entries(other.refused)) {
      this.refused[status] = (this.refused[status] ?? 0) + count;
    }
  }
}

/** Of an open loop: latencies from when each request was meant to be sent, by period, and from when it was. Nanoseconds. */
export interface Offered {
  readonly tally: Tally;
  readonly intended: readonly Histogram[];
  readonly sentAt: Histogram;
}

const NS_PER_MS = 1e6;
/** Time that what is under way has when the load is over. */
const LAST_ANSWERS_MS = 20_000;
/** A client that was refused comes again: sooner than it was asked to. */
const REFUSED_MS = 100;

/** Connections of clients that each send the same request again and again. */
export class Clients {
  private readonly connections: Connection[];
  private readonly requests: Uint8Array[];

  constructor(
    port: number,
    readonly size: number,
    metrics: number,
  ) {
    this.connections = Array.from({ length: size }, () => new Connection(port));
    this.requests = Array.from({ length: size }, (_, client) => requestOf(client, metrics));
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  /**
   * An open loop: request k is due k / rate seconds after the start, by client k modulo their number. One whose client still waits for the answer
   * before waits too, and its latency counts that. The clock is looked at all the time, for a timer comes up to a millisecond late.
   *
   * @param ends of the periods, seconds from the start; the last is the end
   */
  async offer(rate: number, ends: readonly number[], stop: AbortSignal): Promise<Offered> {
    const tally = new Tally();
    const intended = ends.map(() => new Histogram());
    const sentAt = new Histogram();
    const queues: number[][] = this.connections.map(() => []);
    const busy = new Uint8Array(this.size);
    const total = Math.max(1, Math.round(rate * (ends.at(-1) ?? 0)));
    let under = 0;
    const begun = performance.now();
    const send = (client: number, due: number) => {
      busy[client] = 1;
      under++;
      tally.sent++;
      const from = performance.now();
      this.connections[client].send(this.requests[client], (status) => {
        const now = performance.now();
        under--;
        tally.count(status);
        if (status !== 0) {
          intended[periodOf(due - begun, ends)].record(Math.round((now - due) * NS_PER_MS));
          sentAt.record(Math.round((now - from) * NS_PER_MS));
        }
        tally.seconds = (now - begun) / 1000;
        const next = queues[client].shift();
        if (next === undefined) busy[client] = 0;
        else send(client, next);
      });
    };
    for (let k = 0; k < total && !stop.aborted; ) {
      for (let due = begun + (k * 1000) / rate; k < total && due <= performance.now(); ) {
        const client = k % this.size;
        if (busy[client] === 1) queues[client].push(due);
        else send(client, due);
        due = begun + (++k * 1000) / rate;
      }
      await turn();
    }
    await this.lastAnswers(() => under === 0);
    return { tally, intended, sentAt };
  }

  /** A closed loop: every client asks again when it was answered; when it was refused, a little later. @param atLeast answers that there are to be, unless that takes very long */
  async saturate(seconds: number, stop: AbortSignal, atLeast = 0): Promise<{ tally: Tally; latency: Histogram }> {
    const tally = new Tally();
    const latency = new Histogram();
    const begun = performance.now();
    const until = begun + seconds * 1000;
    const late = until + LAST_ANSWERS_MS;
    const isOver = (now: number) => stop.aborted || now >= late || (now >= until && tally.answered >= atLeast);
    let under = this.size;
    const send = (client: number) => {
      tally.sent++;
      const from = performance.now();
      this.connections[client].send(this.requests[client], (status) => {
        const now = performance.now();
        tally.count(status);
        if (status !== 0) latency.record(Math.round((now - from) * NS_PER_MS));
        tally.seconds = (now - begun) / 1000;
        if (isOver(now)) under--;
        else if (status > 0 && status < 300) send(client);
        else setTimeout(send, REFUSED_MS, client); // and not at once, also of a server that is gone
      });
    };
    for (let client = 0; client < this.size; client++) send(client);
    while (!isOver(performance.now())) await turn();
    await this.lastAnswers(() => under === 0);
    return { tally, latency };
  }

  /** Whoever is not answered in time is told that its connection was lost. */
  private async lastAnswers(areThere: () => boolean): Promise<void> {
    const late = performance.now() + LAST_ANSWERS_MS;
    while (!areThere()) {
      if (performance.now() > late) this.close();
      await turn();
    }
  }
}

function periodOf(ms: number, ends: readonly number[]): number {
  const period = ends.findIndex((end) => ms < end * 1000);
  return period < 0 ? ends.length - 1 : period;
}
