/** `engram worker`: takes jobs of sweeps that others start, on this machine. */
import { availableParallelism, hostname } from "node:os";
import { Command } from "commander";
import { InvalidArgumentError } from "../../../src/errors.js";
import { withInterruption } from "../../command-line/interruption.js";
import { wholeNumber } from "../../command-line/option-values.js";
import type { WorkerEvent } from "./worker.js";

interface WorkerFlags {
  name: string;
  threads: number;
  json?: boolean;
}

const MOST_THREADS = 1024;
const NAME = /^[\w.:-]{1,64}$/;

const DETAILS = `
Beside a nats-server -js that all machines reach:

  engram worker nats://server:4222                          on each machine that is to work
  engram evict trace.zst --workers nats://server:4222       where the trace is

It serves one sweep after the other until Ctrl-C, which gives back what is under way. Name and password, or a token, stand in
the address or in NATS_USER and NATS_PASSWORD, NATS_TOKEN, NATS_CREDS (a file); NATS_CA, NATS_CERT and NATS_KEY are files of TLS.
It takes jobs of its own version of engram only.

Exit codes: 0 it was stopped, 2 there is no such server, or it has no JetStream, 3 the server does not take it any more.`;

export function workerCommand(): Command {
  return new Command("worker")
    .description("simulate on this machine what engram evict --workers asks for on another, until it is stopped")
    .argument("<url>", "servers of NATS JetStream: nats://host:port, several separated by commas")
    .option("--name <name>", "what the worker is called, as no other is", defaultName())
    .option(
      "--threads <count>",
      `jobs at a time (default: ${availableParallelism()}, what this machine runs in parallel)`,
      (text) => wholeNumber("--threads", text, 1, MOST_THREADS),
      availableParallelism(),
    )
    .option("--json", "say what happens as lines of JSON")
    .addHelpText("after", DETAILS)
    .action(work);
}

async function work(url: string, { name, threads, json }: WorkerFlags): Promise<void> {
  if (!NAME.test(name)) {
    const shown = JSON.stringify(name.slice(0, 80));
    throw new InvalidArgumentError(
      `--name ${shown}: expected 1 to 64 letters, digits, dots, colons, hyphens or underscores`,
    );
  }
  // Loaded now: no other command needs it.
  const [{ parseServers }, { Session }, { SweepWorker }] = await Promise.all([
    import("./servers.js"),
    import("./session.js"),
    import("./worker.js"),
  ]);
  const say = (event: object, line: string | null): void => {
    if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
    else if (line !== null) process.stdout.write(`${line}\n`);
  };
  await withInterruption(async (signal) => {
    const session = await Session.open(parseServers("<url>", url), name);
    try {
      session.onUp((up) => {
        const { shown } = session;
        say(
          { event: up ? "connected" : "disconnected" },
          up ? `connected to ${shown} again` : `no connection to ${shown}: looking for it`,
        );
      });
      const tell = (event: WorkerEvent): void => say(event, lineOf(event));
      const worker = new SweepWorker(session, { name, threads, signal, tell });
      const serving = worker.serve();
      const atATime = threads === 1 ? "1 job" : `${threads} jobs`;
      say(
        { event: "ready", name, threads },
        `worker ${name} waits for sweeps at ${session.shown}, ${atATime} at a time`,
      );
      await serving;
    } finally {
      await session.close();
    }
  });
}

/** Null: of no interest to somebody who looks now and then. */
function lineOf(event: WorkerEvent): string | null {
  switch (event.event) {
    case "sweep":
      return `sweep ${event.sweep} of ${event.from}`;
    case "refused":
      return `sweep ${event.sweep}: no job is taken: ${event.why}`;
    case "failed":
      return `sweep ${event.sweep}: job ${event.job} failed: ${event.why}`;
    case "over":
      return `sweep ${event.sweep} is over, ${event.jobs} ${event.jobs === 1 ? "job" : "jobs"} done here`;
    default:
      return null;
  }
}

function defaultName(): string {
  const host = hostname()
    .replace(/[^\w.-]/g, "-")
    .slice(0, 48);
  return `${host}-${process.pid}`;
}
