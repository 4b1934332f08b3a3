/** Clients that send as fast as they are answered, and remember what was acknowledged. Each metric says which request it is of. */
import { Agent, request } from "node:http";

const CONNECTIONS = 16;
/** Metrics of a request: 1 to so many. */
const MOST_METRICS = 30;

export class Senders {
  requests = 0;
  /** Numbers of requests that were answered with 202. */
  readonly acknowledged = new Set<number>();
  /** Metrics of each request. */
  readonly sizes = new Map<number, number>();
  private acknowledgedOne: () => void = () => {};

  /** When the next request is acknowledged. */
  nextAcknowledged(): Promise<void> {
    return new Promise((resolve) => {
      this.acknowledgedOne = resolve;
    });
  }

  /** Until nobody answers any more. */
  async sendTo(url: string): Promise<void> {
    const agent = new Agent({ keepAlive: true });
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, client) => this.sendAll(url, agent, `client_${client}`)));
    agent.destroy();
  }

  private async sendAll(url: string, agent: Agent, client: string): Promise<void> {
    for (;;) {
      const number = this.requests++;
      const size = 1 + (number % MOST_METRICS);
      this.sizes.set(number, size);
      // without times: many events of one series in one millisecond
      const metrics = Array.from({ length: size }, (_, value) => ({
        name: "cpu",
        value,
        tags: { request: String(number) },
      }));
      const status = await post(`${url}/ingest`, agent, JSON.stringify({ client_id: client, metrics }));
      if (status === null) return;
      if (status !== 202) continue;
      this.acknowledged.add(number);
      this.acknowledgedOne();
    }
  }
}

/** Null when there was no answer. */
function post(url: string, agent: Agent, body: string): Promise<number | null> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    request(url, { method: "POST", agent, headers }, (response) => {
      response.on("error", () => resolve(null)).on("end", () => resolve(response.statusCode ?? null));
      response.resume();
    })
      .on("error", () => resolve(null))
      .end(body);
  });
}
