/** An accepting thread: a receiver over a ring. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "../../store/index.js";
import { RateLimiter, type RateLimitHandle } from "../limit/rate-limit.js";
import { Counters } from "./counters.js";
import { Receiver, type ReceiverSettings } from "./receiver.js";
import { openRing, RingIntake, type Written } from "./ring.js";

/** What it is given; `store` by whoever spawns it. */
export interface AcceptThreadData {
  readonly thread: number;
  readonly settings: ReceiverSettings;
  readonly limiter: RateLimitHandle | null;
  readonly counters: SharedArrayBuffer;
  readonly health: SharedArrayBuffer;
  /** Whether it waits for the writer before it acknowledges. */
  readonly waits: boolean;
}

export type ToAcceptThread = { written: Written } | { page: string; number: number } | "stop";
export type FromAcceptThread = { listening: number } | { failed: string } | { asksPage: number } | "stopped";

if (parentPort !== null) await serve(workerData as AcceptThreadData & { store: Parameters<typeof Store.attach>[0] });

async function serve(data: AcceptThreadData & { store: Parameters<typeof Store.attach>[0] }): Promise<void> {
  const port = parentPort as NonNullable<typeof parentPort>;
  const say = (message: FromAcceptThread) => port.postMessage(message);
  const store = await Store.attach(data.store);
  const intake = new RingIntake(openRing(store, data.thread), data.waits, new Int32Array(data.health));
  const asked = new Map<number, (page: string) => void>();
  let pages = 0;
  let receiver: Receiver;
  try {
    receiver = await Receiver.start(data.settings, {
      intake,
      limiter: data.limiter === null ? null : new RateLimiter(data.limiter),
      counters: new Counters(data.counters, data.thread),
      metricsPage: () =>
        new Promise((done) => {
          asked.set(pages, done);
          say({ asksPage: pages++ });
        }),
    });
  } catch (error) {
    say({ failed: (error as Error).message });
    await store.close();
    port.close();
    return;
  }
  port.on("message", (message: ToAcceptThread) => {
    if (message === "stop") void stop();
    else if ("written" in message) intake.hear(message.written);
    else {
      asked.get(message.number)?.(message.page);
      asked.delete(message.number);
    }
  });
  say({ listening: receiver.port });

  async function stop(): Promise<void> {
    await receiver.close();
    await store.close();
    say("stopped");
    port.close();
  }
}
