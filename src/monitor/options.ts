/** What `store.monitor` takes, checked before anything is started. */
import { describe, KnownOptions, wholeNumber } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { type Duration, durationIn } from "../units.js";
import { type AlertRule, type CheckedRule, checkRules, DOCUMENTED_RULES } from "./alert-rules.js";

/** Where a monitor is served. What is out of bounds is an InvalidArgumentError that names the option. */
export interface ListenOptions {
  /** Default 0: any that is free. */
  port?: number;
  /** Default 127.0.0.1. Any other than the loopback's asks for a token. */
  host?: string;
  /**
   * What a reader must show: `Authorization: Bearer …`, or `?token=…` once, in a browser. 16 printable ASCII characters or more. Default:
   * none, which only the loopback may be without.
   */
  token?: string;
}

/** How a store is monitored. What is out of bounds is an InvalidArgumentError that names the option, before anything is started. */
export interface MonitorOptions {
  /** Between two looks: ms, or text like "5s". Default 1,000; 100 to 3,600,000. */
  every?: Duration;
  /** Rules to judge by. Default: the documented ones (`DOCUMENTED_RULES`). */
  alerts?: readonly AlertRule[];
  /** A file to keep history in: seconds for an hour, minutes for a day, hours for a year. Default: none. */
  history?: string;
  /** Serve the page, its events and Prometheus's `/metrics`. Default: nothing is served. */
  listen?: ListenOptions | true;
}

export interface CheckedListen {
  readonly port: number;
  readonly host: string;
  readonly token: string | null;
}

export interface CheckedMonitor {
  readonly every: number;
  readonly rules: readonly CheckedRule[];
  readonly history: string | null;
  readonly listen: CheckedListen | null;
}

const MIN_EVERY_MS = 100;
const MAX_EVERY_MS = 3_600_000;
const DEFAULT_EVERY_MS = 1000;
/** Shorter tokens can be guessed by trying. */
const TOKEN_MIN = 16;
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

const OPTIONS = new KnownOptions("store.monitor", ["every", "alerts", "history", "listen"]);
const LISTEN_OPTIONS = new KnownOptions("listen", ["port", "host", "token"]);

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkMonitor(options: MonitorOptions): CheckedMonitor {
  OPTIONS.check(options);
  const { history } = options;
  if (history !== undefined && (typeof history !== "string" || history === "")) {
    throw new InvalidArgumentError(`option history is ${describe(history)}; expected the name of a file`);
  }
  return {
    every: wholeNumber("option every", durationIn(options.every), DEFAULT_EVERY_MS, MIN_EVERY_MS, MAX_EVERY_MS),
    rules: checkRules(options.alerts ?? DOCUMENTED_RULES),
    history: history ?? null,
    listen: options.listen === undefined ? null : checkListen(options.listen === true ? {} : options.listen),
  };
}

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkListen(listen: ListenOptions): CheckedListen {
  LISTEN_OPTIONS.check(listen);
  const { host = "127.0.0.1", token } = listen;
  const port = wholeNumber("option listen.port", listen.port, 0, 0, 65535);
  if (typeof host !== "string" || host === "") {
    throw new InvalidArgumentError(`option listen.host is ${describe(host)}; expected an address of this machine`);
  }
  // The token itself is in no message.
  if (token !== undefined && (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token) || token.length < TOKEN_MIN)) {
    throw new InvalidArgumentError(
      `option listen.token is unfit; expected ${TOKEN_MIN} printable ASCII characters or more, without spaces`,
    );
  }
  if (token === undefined && !isLoopback(host)) {
    throw new InvalidArgumentError(
      `option listen.host is ${describe(host)}, which other machines can reach; give a listen.token as well`,
    );
  }
  return { port, host, token: token ?? null };
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}
