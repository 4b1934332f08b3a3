/** A connection to a backend: one request at a time, and a word when it is lost. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { EngramError } from "../../src/errors.js";

export class ConnectionLostError extends EngramError {
  constructor() {
    super("CONNECTION_LOST", "the server closed the connection before it had answered");
  }
}

export class Connection {
  private answer: { resolve(): void; reject(error: Error): void } | null = null;
  private lost = false;

  private constructor(private readonly socket: Socket) {
    socket.on("data", () => {
      this.answer?.resolve();
      this.answer = null;
    });
    socket.on("error", () => {}); // "close" comes after it
    socket.on("close", () => {
      this.lost = true;
      this.answer?.reject(new ConnectionLostError());
      this.answer = null;
    });
  }

  static async open(port: number, signal: AbortSignal): Promise<Connection> {
    const socket = connect({ port, host: "127.0.0.1", signal });
    await once(socket, "connect");
    return new Connection(socket);
  }

  get isAlive(): boolean {
    return !this.lost;
  }

  /** @throws ConnectionLostError */
  ask(): Promise<void> {
    if (this.lost) return Promise.reject(new ConnectionLostError());
    return new Promise((resolve, reject) => {
      this.answer = { resolve, reject };
      this.socket.write("PING\r\n");
    });
  }

  close(): void {
    this.socket.destroy();
  }
}
