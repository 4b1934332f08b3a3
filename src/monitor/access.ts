/**
 * Who may ask a monitor, and what a refusal says. It listens on the loopback unless told otherwise, and elsewhere only to who has the token.
 * A page of another site may make a browser ask for 127.0.0.1 under that site's name (DNS rebinding): only this machine's own names are
 * answered there. It reads and never writes, so GET and HEAD are all it knows.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Answer, plain } from "./answer.js";
import { type CheckedListen, isLoopback } from "./options.js";

/** A browser cannot send a header with a request for events: it shows this cookie. */
const COOKIE = "engram";

/** What is answered instead of what was asked for; null: it may be answered. */
export function refusal(request: IncomingMessage, url: URL | null, { host, token }: CheckedListen): Answer | null {
  if (isLoopback(host) && !isOwnName(request.headers.host)) return plain(421, "not a name of this machine");
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plain(405, "only GET and HEAD", { allow: "GET, HEAD" });
  }
  if (url === null) return plain(400, "no such address");
  if (token === null || url.pathname === "/healthz" || isSame(tokenOf(request, url), token)) return null;
  return plain(401, "a token is needed: Authorization: Bearer …, or ?token=…", { "www-authenticate": "Bearer" });
}

/** The headers by which a browser that has shown the token goes on showing it. */
export function cookieFor({ token }: CheckedListen): Record<string, string> {
  if (token === null) return {};
  return { "set-cookie": `${COOKIE}=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict; Path=/` };
}

function isOwnName(host: string | undefined): boolean {
  return host !== undefined && /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i.test(host);
}

function tokenOf({ headers }: IncomingMessage, url: URL): string {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return bearer;
  const cookie = new RegExp(`(?:^|; *)${COOKIE}=([^;]*)`).exec(headers.cookie ?? "")?.[1];
  return url.searchParams.get("token") ?? (cookie === undefined ? "" : decoded(cookie));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** Takes as long for any two texts. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
