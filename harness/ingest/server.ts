/** A server under load in a process of its own, seen from here. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { Child } from "../child/index.js";
import { RunFailedError } from "../command-line/errors.js";
import type { FromServer, ServingOptions, ToServer, Usage } from "./serving.js";

const PROCESS = new URL("./server-process.js", import.meta.url);
/** Between two looks at its memory. */
const LOOK_MS = 100;

type Answer = Extract<FromServer, { number: number }>;

export interface Seen extends Usage {
  /** Seconds since the looks began. */
  readonly t: number;
}

export class Server {
  private readonly asked = new Map<number, { done: (answer: Answer) => void; failed: (error: Error) => void }>();
  private number = 0;
  private readonly child: Child;
  private listening: (where: { port: number; threads: number }) => void = () => {};
  private refused: (error: Error) => void = () => {};
  private where = { port: 0, threads: 1 };

  private constructor(readonly name: string) {
    this.child = Child.module<FromServer>(PROCESS, { onMessage: (message) => this.hear(message) });
    void this.child.ended.then(
      ({ stderr }) => this.gone(stderr),
      (error) => this.gone((error as Error).message),
    );
  }

  /** @param folder in which it gets one of its own @throws RunFailedError when it does not come up */
  static async start(name: string, folder: string, options: Omit<ServingOptions, "directory">): Promise<Server> {
    const server = new Server(name);
    const listening = new Promise<Server["where"]>((resolve, reject) => {
      server.listening = resolve;
      server.refused = reject;
    });
    server.tell({ start: { ...options, directory: mkdtempSync(join(folder, `${options.kind}-`)) } });
    server.where = await listening;
    return server;
  }

  get port(): number {
    return this.where.port;
  }

  get threads(): number {
    return this.where.threads;
  }

  async usage(): Promise<Usage> {
    const answer = await this.ask("usage");
    if (!("usage" in answer)) throw new RunFailedError(`${this.name} did not say what it takes`);
    return answer.usage;
  }

  /** In good order. @returns lines that it wrote */
  async stop(): Promise<number> {
    const answer = await this.ask("stop");
    await this.child.ended;
    return "lines" in answer ? answer.lines : 0;
  }

  kill(): void {
    this.child.kill();
  }

  /** Looks at it every so often until it is told to end. @returns what ends that, and hands over what was seen */
  watch(): () => Promise<Seen[]> {
    const seen: Seen[] = [];
    const begun = performance.now();
    let ended = false;
    const look = async () => {
      const usage = await this.usage();
      seen.push({ ...usage, t: (performance.now() - begun) / 1000 });
    };
    const looking = (async () => {
      while (!ended) {
        await look();
        if (!ended) await new Promise((next) => setTimeout(next, LOOK_MS));
      }
    })();
    looking.catch(() => {}); // told to whoever ends it
    return async () => {
      ended = true;
      await looking;
      await look();
      return seen;
    };
  }

  private ask(what: "usage" | "stop"): Promise<Answer> {
    return new Promise((done, failed) => {
      const number = this.number++;
      this.asked.set(number, { done, failed });
      this.tell({ asked: what, number });
    });
  }

  private tell(message: ToServer): void {
    this.child.send(message);
  }

  private hear(message: FromServer): void {
    if ("listening" in message) this.listening(message.listening);
    else if ("failed" in message) this.refused(new RunFailedError(`${this.name}: ${message.failed}`));
    else {
      this.asked.get(message.number)?.done(message);
      this.asked.delete(message.number);
    }
  }

  private gone(why: string): void {
    const error = new RunFailedError(`${this.name} ended: ${why.slice(-500)}`);
    this.refused(error);
    for (const { failed } of this.asked.values()) failed(error);
    this.asked.clear();
  }
}
