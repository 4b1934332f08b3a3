/**
 * A running node asked and told from outside: HTTP on the loopback, JSON both ways. Only this machine reaches it, and only who sends the node's name:
 * a page in a browser cannot, for it may set no such header to another origin.
 *
 *     GET  /status
 *     POST /checkpoint {"name"?}   /recover {mode, domain, …}   /heal
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EngramError, InvalidArgumentError } from "../errors.js";
import type { CheckpointInfo } from "./checkpoints.js";
import type { RecoveredDomain, RecoverOptions } from "./recovery.js";
import type { ClusterStatus } from "./status.js";

/** What a node lets be done. */
export interface Controlled {
  /** How the node fares. */
  status(): ClusterStatus;
  /** Takes one now. Default name: made of the time. */
  checkpoint(name?: string): Promise<CheckpointInfo>;
  /** Brings the copies to what the log has. */
  recover(options?: RecoverOptions): Promise<RecoveredDomain[]>;
  /** Gives the log what it has missed of this node, and the other way round. */
  heal(): Promise<{ readonly nodes: number; readonly merged: boolean; readonly conflictsResolved: number }>;
}

export interface ControlServer {
  /** Where it listens, on the loopback. */
  readonly port: number;
  /** Ends it. */
  close(): Promise<void>;
}

/** The header that shows that no page of a browser asks. */
export const CONTROL_HEADER = "x-engram-control";
const LONGEST_BODY = 64 * 1024;

/** @param port 0: any that is free. @throws InvalidArgumentError when it is taken */
export async function serveControl(node: Controlled, port = 0): Promise<ControlServer> {
  const server = createServer((request, response) => {
    void answer(node, request, response);
  });
  await listening(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "it is taken; give another --control port" : error.message;
      reject(new InvalidArgumentError(`the node cannot be controlled on port ${port}: ${why}`));
    });
    server.listen({ host: "127.0.0.1", port }, resolve);
  });
}

async function answer(node: Controlled, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (request.headers[CONTROL_HEADER] === undefined || request.headers.origin !== undefined) {
      send(response, 403, {
        code: "REFUSED",
        message: `only engram's own command line may ask: send ${CONTROL_HEADER}`,
      });
      return;
    }
    const asked = `${request.method} ${request.url}`;
    if (asked === "GET /status") {
      send(response, 200, node.status());
      return;
    }
    const act = request.method === "POST" && Object.hasOwn(ACTS, request.url ?? "") ? ACTS[request.url ?? ""] : null;
    if (act === null) send(response, 404, { code: "UNKNOWN", message: `there is no ${asked}` });
    else send(response, 200, await act(node, await bodyOf(request)));
  } catch (error) {
    const { code } = error as EngramError;
    const message = (error as Error).message;
    const status = error instanceof InvalidArgumentError ? 400 : 500;
    send(response, status, { code: error instanceof EngramError ? code : "FAILED", message });
  }
}

const ACTS: Readonly<Record<string, (node: Controlled, body: Record<string, unknown>) => Promise<unknown>>> = {
  "/checkpoint": (node, { name }) => node.checkpoint(name as string | undefined),
  "/recover": (node, body) => node.recover(body as RecoverOptions),
  "/heal": (node) => node.heal(),
};

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const piece of request) {
    text += piece;
    if (text.length > LONGEST_BODY) throw new InvalidArgumentError(`the request is longer than ${LONGEST_BODY} bytes`);
  }
  if (text === "") return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new InvalidArgumentError("the request is no JSON object");
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  const text = `${JSON.stringify(body, (_, value) => (value === Number.POSITIVE_INFINITY ? null : value))}\n`;
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(text);
}

/**
 * Asks a running node.
 *
 * @param port its control port on this machine
 * @throws EngramError as the node said it; InvalidArgumentError when nothing answers there
 */
export async function askNode<T>(
  port: number,
  act: "status" | "checkpoint" | "recover" | "heal",
  body?: object,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`http://127.0.0.1:${port}/${act}`, {
      method: act === "status" ? "GET" : "POST",
      headers: { [CONTROL_HEADER]: "1" },
      ...(act === "status" ? {} : { body: JSON.stringify(body ?? {}) }),
    });
  } catch (cause) {
    throw new InvalidArgumentError(
      `no node answers on port ${port} of this machine; engram node says its control port when it starts`,
      { cause },
    );
  }
  let answered: unknown;
  try {
    answered = await response.json();
  } catch (cause) {
    throw new InvalidArgumentError(`what answers on port ${port} is no node of a distributed memory`, { cause });
  }
  if (response.ok) return answered as T;
  const { code, message } = answered as { code?: string; message?: string };
  if (response.status === 400) throw new InvalidArgumentError(message ?? "refused");
  throw new EngramError(code ?? "FAILED", message ?? `the node answered ${response.status}`);
}
