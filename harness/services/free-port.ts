/** Ports of the loopback that nobody listens on. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Free as it is returned: a service that is told of it should be started at once. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port;
}

/** So many, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map((server) => {
      server.close();
      return once(server, "close");
    }),
  );
  return ports;
}

const MOST_STARTS = 5;

/** Starts what takes free ports for itself: anew, at others, where somebody else was given one of them before it had come to listen there. */
export async function atFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let starts = 1; ; starts++) {
    try {
      return await start();
    } catch (error) {
      if (starts === MOST_STARTS || !isTaken(error as Error)) throw error;
    }
  }
}

/** As servers say it when they end. */
export function isTaken({ message }: Error): boolean {
  return /address already in use/i.test(message);
}
