/**
 * Who may send. On the loopback anybody of this machine, unless there is a token; elsewhere only who has it. Pages of browsers may not: one of
 * another site could make a browser on this machine send here, by a form or under that site's own name (DNS rebinding).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Why a request is not let in, and what it is answered; null when it is. */
export interface Denial {
  readonly status: 401 | 403 | 421;
  readonly said: string;
}

export interface Access {
  readonly token: string | null;
  readonly loopback: boolean;
}

export function denialOf(request: IncomingMessage, query: URLSearchParams, { token, loopback }: Access): Denial | null {
  if (loopback && token === null && !isOwnName(request.headers.host)) {
    return { status: 421, said: "not a name of this machine" };
  }
  if (request.headers.origin !== undefined) return { status: 403, said: "pages of browsers may not send here" };
  if (token === null || isSame(tokenOf(request, query), token)) return null;
  return { status: 401, said: "a token is needed: Authorization: Bearer …" };
}

function isOwnName(host: string | undefined): boolean {
  return host !== undefined && /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?$/i.test(host);
}

/** As the clients of each protocol send it: Bearer, InfluxDB 2's Token, InfluxDB 1's password, in a header or the query. */
function tokenOf({ headers }: IncomingMessage, query: URLSearchParams): string {
  const [, kind = "", rest = ""] = /^(\w+) +(\S+)$/.exec(headers.authorization ?? "") ?? [];
  switch (kind.toLowerCase()) {
    case "bearer":
    case "token":
      return rest;
    case "basic": {
      const pair = Buffer.from(rest, "base64").toString("utf8");
      return pair.slice(pair.indexOf(":") + 1);
    }
    default:
      return query.get("p") ?? "";
  }
}

/** Takes as long for any two texts. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
