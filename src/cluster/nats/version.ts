/** Which nats-server is new enough. */
import { EngineTooOldError } from "../errors.js";

/**
 * Before 2.10 a compare-and-set was decided by the leader alone and not by the log (nats-server issue 4320): with three copies several
 * writers that expect the same version all succeed. 2.10.27 is the oldest that the histories under kills and partitions were checked with.
 */
export const OLDEST_SERVER = "2.10.27";

/** A release candidate of the oldest is older than it; a version that cannot be read is older than any. */
export function isTooOld(version: string, oldest: string = OLDEST_SERVER): boolean {
  const [, numbers = "", candidate] = /^v?(\d+\.\d+\.\d+)(-.+)?$/.exec(version) ?? [];
  const wanted = oldest.split(".").map(Number);
  const found = numbers.split(".").map(Number);
  for (const [place, number] of wanted.entries()) {
    if (!(found[place] >= number)) return true;
    if (found[place] > number) return false;
  }
  return candidate !== undefined;
}

/** @param server its address, for the message @throws EngineTooOldError */
export function refuseTooOld(version: string, server: string): void {
  if (!isTooOld(version)) return;
  throw new EngineTooOldError(
    `the nats-server at ${server} is ${version}: its compare-and-set cannot be relied on; ${OLDEST_SERVER} or newer is needed`,
    version,
    OLDEST_SERVER,
  );
}
