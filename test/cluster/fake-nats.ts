/** A server that speaks just enough of NATS' protocol to be connected to: of whatever version, and without anybody who answers requests. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

export interface FakeNats {
  readonly address: string;
  close(): Promise<void>;
}

export async function fakeNats(version: string): Promise<FakeNats> {
  const sockets = new Set<import("node:net").Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    const info = { server_id: "F", server_name: "fake", version, proto: 1, headers: true, max_payload: 1 << 20 };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    let said = "";
    let inbox = "1";
    socket.setEncoding("utf8").on("data", (text) => {
      said += text;
      for (let end = said.indexOf("\r\n"); end >= 0; end = said.indexOf("\r\n")) {
        const [verb, ...words] = said.slice(0, end).split(" ");
        said = said.slice(end + 2);
        if (verb === "PING") socket.write("PONG\r\n");
        if (verb === "SUB") inbox = words[words.length - 1];
        // Nobody listens there: a message without words, and a header that says so.
        if ((verb === "PUB" || verb === "HPUB") && words[1]?.startsWith("_INBOX")) {
          socket.write(`HMSG ${words[1]} ${inbox} 16 16\r\nNATS/1.0 503\r\n\r\n\r\n`);
        }
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
