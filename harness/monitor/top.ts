/** `engram top URL`: a monitored store in the terminal. Plain escape codes: every screen is written over the last, so nothing flickers. */
import type { ReadStream, WriteStream } from "node:tty";
import { Command } from "commander";
import { EngramError, InvalidArgumentError } from "../../src/errors.js";
import { RunFailedError } from "../command-line/errors.js";
import { ORDERS, type Order, screen } from "./screen.js";
import { type Watched, watchMonitor } from "./watched.js";

interface TopOptions {
  token?: string;
  once?: boolean;
  json?: boolean;
}

const DETAILS = `
The address is that of a monitor: store.monitor({ listen: true }) has it as monitor.url, engram run … --live prints it.
On a terminal it goes on until q or Ctrl-C; elsewhere it prints a screen, or with --json a line, at each tick. --once: one, and ends.

Exit codes: 0 done or the monitor has ended, 2 there is no monitor at the address, 3 the monitor was lost.`;

const ENTER_SCREEN = "\x1b[?1049h\x1b[?25l";
const LEAVE_SCREEN = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const AGAIN_MS = 2000;
const PLAIN = { columns: 80, rows: 24 };
const CTRL_C = "\u0003";

export function topCommand(): Command {
  return new Command("top")
    .description("a monitored store in the terminal")
    .argument("<url>", "address of the monitor")
    .option("--token <token>", "the monitor's token, if it asks for one (default: the variable ENGRAM_MONITOR_TOKEN)")
    .option("--once", "print it once and end")
    .option("--json", "print the monitor's snapshot as a line of JSON, and nothing else")
    .addHelpText("after", DETAILS)
    .action(top);
}

async function top(address: string, options: TopOptions): Promise<void> {
  const url = monitorUrl(address);
  const token = options.token ?? process.env.ENGRAM_MONITOR_TOKEN;
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    if (process.stdout.isTTY && !options.once && !options.json) await onTerminal(url, token, stop);
    else await onPipe(url, token, stop.signal, options);
  } catch (error) {
    if (stop.signal.aborted) return;
    if (error instanceof EngramError) throw error;
    throw new RunFailedError(`${url.origin}: the monitor was lost (${(error as Error).message})`);
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
  }
}

/** @throws InvalidArgumentError unless it is an address that HTTP can ask */
function monitorUrl(address: string): URL {
  const text = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError(
      `${JSON.stringify(address)} is no address of a monitor; expected one like http://127.0.0.1:9464/`,
    );
  }
  return url;
}

async function onPipe(
  url: URL,
  token: string | undefined,
  signal: AbortSignal,
  { once, json }: TopOptions,
): Promise<void> {
  for await (const watched of watchMonitor(url, token, signal)) {
    const text = json ? JSON.stringify(watched.snapshot) : screen(watched, "bytes", PLAIN, url.origin).join("\n");
    process.stdout.write(`${text}\n${json ? "" : "\n"}`);
    if (once) return;
  }
}

async function onTerminal(url: URL, token: string | undefined, stop: AbortController): Promise<void> {
  const { stdout, stdin } = process as { stdout: WriteStream; stdin: ReadStream };
  let order: Order = "bytes";
  let latest: Watched | null = null;
  let note = url.origin;
  const draw = () => {
    if (latest === null) return;
    const size = { columns: stdout.columns ?? PLAIN.columns, rows: stdout.rows ?? PLAIN.rows };
    stdout.write(`${HOME}${screen(latest, order, size, note).join(`${CLEAR_LINE}\r\n`)}${CLEAR_LINE}${CLEAR_BELOW}`);
  };
  const onKey = (key: Buffer) => {
    const letter = key.toString();
    if (letter === "q" || letter === CTRL_C) stop.abort();
    else if (Object.hasOwn(ORDERS, letter)) order = ORDERS[letter as keyof typeof ORDERS];
    draw();
  };
  if (stdin.isTTY) stdin.setRawMode(true).resume().on("data", onKey);
  stdout.on("resize", draw).write(ENTER_SCREEN);
  try {
    while (!stop.signal.aborted) {
      try {
        for await (const watched of watchMonitor(url, token, stop.signal)) {
          latest = watched;
          note = url.origin;
          draw();
        }
        return; // the monitor says that it has ended
      } catch (error) {
        if (stop.signal.aborted || latest === null) throw error;
        note = `${url.origin}: no answer, trying again`;
        draw();
        await pause(AGAIN_MS, stop.signal);
      }
    }
  } finally {
    stdout.off("resize", draw).write(LEAVE_SCREEN);
    if (stdin.isTTY) stdin.off("data", onKey).setRawMode(false).pause();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
