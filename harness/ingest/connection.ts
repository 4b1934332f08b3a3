/**
 * A client's connection: keep-alive, one request at a time, as lean as it can be, for what measures must not be what is measured. It is made
 * anew when it is lost, by the request that needs it.
 */
import { connect, type Socket } from "node:net";

/** What a request came to: its status; 0 when the connection was lost before the answer. */
export type Done = (status: number) => void;

const HEAD_END = "\r\n\r\n";
const STATUS_AT = "HTTP/1.1 ".length;

export class Connection {
  private socket: Socket | null = null;
  private text = "";
  private waiting: Done | null = null;

  constructor(private readonly port: number) {}

  /** One at a time: the one before must have been answered. */
  send(request: Uint8Array, done: Done): void {
    this.waiting = done;
    this.socket ??= this.open();
    this.socket.write(request);
  }

  /** Whoever waits is told that it was lost. */
  close(): void {
    this.socket?.destroy();
  }

  private open(): Socket {
    const socket = connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.hear(text));
    socket.on("error", () => {}); // "close" comes after it
    socket.on("close", () => {
      if (this.socket === socket) this.socket = null;
      this.text = "";
      this.settle(0);
    });
    return socket;
  }

  private hear(text: string): void {
    this.text += text;
    const end = this.text.indexOf(HEAD_END);
    if (end < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.text.slice(0, end + 2));
    if (this.text.length < end + HEAD_END.length + Number(length?.[1] ?? 0)) return;
    const status = Number(this.text.slice(STATUS_AT, STATUS_AT + 3));
    this.text = "";
    this.settle(status);
  }

  private settle(status: number): void {
    const { waiting } = this;
    this.waiting = null;
    waiting?.(status);
  }
}

/** A whole request of `POST /ingest`, as it goes over the wire. */
export function requestOf(client: number, metrics: number): Uint8Array {
  const one = (i: number) => ({
    ...{ name: `cpu_usage_${i}`, value: 75.5 + i, unit: "%" },
    tags: { host: `host-${client}`, datacenter: "north" },
  });
  const body = JSON.stringify({
    client_id: `client_${client}`,
    metrics: Array.from({ length: metrics }, (_, i) => one(i)),
  });
  return Buffer.from(
    `POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
