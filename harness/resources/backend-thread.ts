/** Answers every line as Redis answers PING. */
import { createServer } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (bytes: Buffer) => {
    let lines = 0;
    for (const byte of bytes) if (byte === 10) lines++;
    socket.write("+PONG\r\n".repeat(lines));
  });
});
server.listen(workerData.port, "127.0.0.1", () => parentPort?.postMessage("listens"));
