/** A server that begins to listen, and where it then is. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { InvalidArgumentError } from "../errors.js";
import type { CheckedListen } from "./options.js";

/**
 * @param who is to listen, as messages begin
 * @returns its address, with a slash at the end
 * @throws InvalidArgumentError when the port is taken or the address is not this machine's
 */
export async function listening(server: Server, { host, port }: CheckedListen, who: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "the port is taken" : error.message;
      reject(new InvalidArgumentError(`${who} cannot listen on ${host}, port ${port}: ${why}`));
    });
    server.listen({ host, port }, resolve);
  });
  const { port: found } = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${found}/`;
}
