/** Whether several threads can listen on one port. */
import { createServer, type ListenOptions, type Server } from "node:net";

/** `reusePort` is passed over without a word by Node before 22.12, and not every system has it: so it is tried. */
export async function canReusePort(host: string): Promise<boolean> {
  const first = await listen(host, 0);
  if (first === null) return false;
  const { port } = first.address() as { port: number };
  const second = await listen(host, port);
  first.close();
  second?.close();
  return second !== null;
}

function listen(host: string, port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen({ host, port, reusePort: true } as ListenOptions, () => resolve(server));
  });
}
