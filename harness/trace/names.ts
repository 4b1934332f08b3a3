/** Names for the hottest keys of an operation log, by its owner: the log has 64 bits of hash of each, and whoever has the keys can hash them too. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { InvalidArgumentError } from "../../src/errors.js";
import { cannotBeRead } from "../../src/not-readable.js";
import { recordedHash } from "../../src/recording/index.js";
import type { FullInfo } from "./render-info.js";

/**
 * Reads the file line by line: nothing is kept of it but what is found.
 *
 * @throws InvalidArgumentError when the trace is no operation log, the file cannot be read, or a line has no tab
 */
export async function withNames(info: FullInfo, path: string): Promise<FullInfo> {
  if (info.format !== "oplog") {
    throw new InvalidArgumentError(
      `--names ${path}: goes with operation logs; ${info.name} is ${info.format}, which has its keys as they are`,
    );
  }
  const wanted = new Set(info.hottest.map(({ key }) => key));
  const names = new Map<string, string>();
  const file = createReadStream(path);
  let number = 0;
  try {
    for await (const line of createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (line === "") continue;
      const tab = line.indexOf("\t");
      if (tab < 0) throw new InvalidArgumentError(`${path}:${number}: expected a namespace, a tab, and a key`);
      const [namespace, key] = [line.slice(0, tab), line.slice(tab + 1)];
      const hash = recordedHash(namespace, key).toString();
      if (wanted.has(hash)) names.set(hash, `${namespace} ${key}`);
    }
  } catch (error) {
    throw error instanceof InvalidArgumentError ? error : cannotBeRead(path, error, "keys, a line each");
  } finally {
    file.destroy();
  }
  const hottest = info.hottest.map((one) => (names.has(one.key) ? { ...one, name: names.get(one.key) } : one));
  return { ...info, hottest };
}
