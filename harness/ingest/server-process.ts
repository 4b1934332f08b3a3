/** The process of a server under load: it is told what to be, and asked what it takes. */
import type { FromServer, Serving, ToServer } from "./serving.js";

let serving: Serving | null = null;

const say = (message: FromServer) => process.send?.(message);

process.on("message", (message: ToServer) => {
  if ("start" in message) void start(message);
  else if (message.asked === "usage") {
    const { user, system } = process.cpuUsage();
    const rssBytes = process.memoryUsage.rss();
    say({ number: message.number, usage: { rssBytes, cpuUs: user + system, waiting: serving?.waiting() ?? 0 } });
  } else void stop(message.number);
});

async function start({ start: options }: Extract<ToServer, { start: unknown }>): Promise<void> {
  try {
    // one of them is not loaded: its memory would be the other's
    const opened =
      options.kind === "plain"
        ? (await import("./plain-server.js")).servePlain(options)
        : (await import("./pipeline-server.js")).servePipeline(options);
    serving = await opened;
    say({ listening: { port: serving.port, threads: serving.threads } });
  } catch (error) {
    say({ failed: (error as Error).message });
  }
}

async function stop(number: number): Promise<void> {
  const lines = (await serving?.close()) ?? 0;
  say({ number, lines });
  process.disconnect();
}
