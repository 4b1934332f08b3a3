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
