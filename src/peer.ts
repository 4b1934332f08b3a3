/** Packages that only some users need: loaded when they are first used, and named when they are missing. */
import { InvalidArgumentError } from "./errors.js";

/**
 * @param wanted by whom, as the message begins
 * @param packages all that have to be installed, as npm is told
 * @throws InvalidArgumentError naming the packages when one is not installed
 */
export async function loadPeer<T>(wanted: string, packages: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message = "" } = error as NodeJS.ErrnoException;
    const ours = packages.split(" ").some((name) => message.includes(name));
    if (code !== "ERR_MODULE_NOT_FOUND" || !ours) throw error;
    throw new InvalidArgumentError(`${wanted} needs a package that is not installed: npm install ${packages}`, {
      cause: error,
    });
  }
}
