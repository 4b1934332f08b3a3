/** Where a redis server is: checked, tried, and shown without its password. */
import { InvalidArgumentError } from "../../src/errors.js";

/** How the address reaches the process of a run, which inherits its parent's environment; no argument that others could list. */
export const REDIS_URL_VARIABLE = "ENGRAM_REDIS_URL";

const CONNECT_TIMEOUT_MS = 2000;
const PROTOCOLS: readonly string[] = ["redis:", "rediss:", "unix:"];

interface Patience {
  readonly connectTimeout: number;
  readonly reconnectStrategy: false;
}

/** What the client is created with. A lost connection is an error to be counted, not a pause to be waited out. */
export type RedisConnection =
  | { readonly url: string; readonly socket: Patience }
  | { readonly socket: Patience & { readonly path: string; readonly tls?: false } };

/** `redis://host:port/db`, `rediss://…` or `unix:///path/to/socket`. @throws InvalidArgumentError for anything else */
export function redisConnection(address: string): RedisConnection {
  const expected = "expected redis://HOST:PORT or unix:///PATH/TO/SOCKET";
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !PROTOCOLS.includes(url.protocol)) {
    throw new InvalidArgumentError(`--redis ${JSON.stringify(shownAddress(address))}: ${expected}`);
  }
  const common = { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false } as const;
  if (url.protocol === "unix:") {
    if (url.host !== "" || url.pathname.length < 2) {
      throw new InvalidArgumentError(`--redis ${JSON.stringify(address)}: ${expected}`);
    }
    return { socket: { ...common, path: decodeURIComponent(url.pathname) } };
  }
  if (url.hostname === "") throw new InvalidArgumentError(`--redis ${JSON.stringify(address)}: ${expected}`);
  return { url: address, socket: common };
}

/** The address without the password in it: results are passed around. */
export function shownAddress(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1***@");
}

/** A command line as a result keeps it. */
export function withoutPasswords(command: readonly string[]): string[] {
  return command.map((word, at) => {
    if (word.startsWith("--redis=")) return `--redis=${shownAddress(word.slice("--redis=".length))}`;
    return command[at - 1] === "--redis" ? shownAddress(word) : word;
  });
}

/** Why the server cannot be used, one line; null: it answered. @throws InvalidArgumentError when the address is none */
export async function whyUnreachable(address: string): Promise<string | null> {
  const connection = redisConnection(address);
  try {
    import.meta.resolve("@redis/client");
  } catch {
    return "subject redis left out: the package @redis/client is not installed (npm install @redis/client)";
  }
  const { createClient } = await import("@redis/client");
  const client = createClient(connection);
  // Without a listener an error of the socket would end the process; what matters arrives with the rejection.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.ping();
    return null;
  } catch (error) {
    return `subject redis left out: no answer from ${shownAddress(address)} (${reasonOf(error)})`;
  } finally {
    if (client.isOpen) client.destroy();
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
