/** Which servers are meant, and as whom one comes to them: by a URL, and by the variables that the `nats` command reads. */
import { readFileSync } from "node:fs";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { InvalidArgumentError } from "../../../src/errors.js";

export interface Servers {
  /** `host:port` of each. */
  readonly addresses: readonly string[];
  /** As they are shown: without a password. */
  readonly shown: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** The text of a file of credentials. */
  readonly creds?: string;
  readonly tls?: NonNullable<NodeConnectionOptions["tls"]>;
}

const EXPECTED = "expected nats://host:port, one or more of the same servers, separated by commas";
const HOST = /^[\w.-]+$|^\[[\da-f:.]+\]$/i;
const DEFAULT_PORT = "4222";

/**
 * `nats://[user:password@|token@]host[:port]`, or `tls://`, several separated by commas; who asks goes by the first that says so, else by
 * NATS_CREDS (a file), NATS_USER with NATS_PASSWORD, or NATS_TOKEN. NATS_CA, NATS_CERT and NATS_KEY are files of TLS.
 *
 * @param option whose value it is, as the message begins
 * @throws InvalidArgumentError for what is no such address, and for a file that cannot be read
 */
export function parseServers(option: string, text: string, env: NodeJS.ProcessEnv = process.env): Servers {
  const urls = text.split(",").map((part) => urlOf(option, part.trim()));
  const addresses = urls.map(({ hostname, port }) => `${hostname}:${port || DEFAULT_PORT}`);
  const named = urls.find(({ username }) => username !== "");
  const files = { caFile: env.NATS_CA, certFile: env.NATS_CERT, keyFile: env.NATS_KEY };
  for (const [name, path] of Object.entries(files)) if (path) readable(name, path);
  const tls = urls.some(({ protocol }) => protocol === "tls:") || Object.values(files).some(Boolean);
  const shown = urls.map(({ protocol }, i) => `${protocol}//${addresses[i]}`).join(",");
  return { addresses, shown, ...identity(option, named, env), ...(tls && { tls: files }) };
}

function urlOf(option: string, part: string): URL {
  const whole = part.includes("://") ? part : `nats://${part}`;
  let url: URL;
  try {
    url = new URL(whole);
  } catch {
    throw new InvalidArgumentError(`${option} ${hidden(part)}: no address, ${EXPECTED}`);
  }
  const bare = (url.pathname === "" || url.pathname === "/") && url.search === "" && url.hash === "";
  if (!["nats:", "tls:"].includes(url.protocol) || !HOST.test(url.hostname) || !bare) {
    throw new InvalidArgumentError(`${option} ${hidden(part)}: ${EXPECTED}`);
  }
  return url;
}

function identity(option: string, url: URL | undefined, env: NodeJS.ProcessEnv) {
  if (url !== undefined) {
    const [user, pass] = [url.username, url.password].map((text) => decoded(option, text));
    return url.password === "" ? { token: user } : { user, pass };
  }
  if (env.NATS_CREDS) return { creds: readable("NATS_CREDS", env.NATS_CREDS) };
  if (env.NATS_USER) return { user: env.NATS_USER, pass: env.NATS_PASSWORD ?? "" };
  return env.NATS_TOKEN ? { token: env.NATS_TOKEN } : {};
}

function decoded(option: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidArgumentError(`${option}: the name or password in the address has a % that begins no code`);
  }
}

function readable(what: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new InvalidArgumentError(`${what} ${path}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** What somebody typed, without what may be a password. */
function hidden(part: string): string {
  return JSON.stringify(part.replace(/\/\/.*@|^.*@/, (before) => (before.startsWith("//") ? "//…@" : "…@")));
}
