/**
 * A write over one version of a key and no other. Version 0 stands for nothing: also a key that was deleted, or whose time is over, has a version in
 * the log until that is swept, and it is over that one that it is written then.
 */
import { isGone } from "./entry.js";
import { UnavailableError } from "./errors.js";
import type { Replica } from "./replica.js";
import type { CommitOptions, Committed } from "./replica-options.js";

/**
 * @returns null when another version stands there: nothing was written
 * @throws UnavailableError when nothing was written; UnknownOutcomeError
 */
export async function compareAndSet(
  replica: Replica,
  key: string,
  value: Uint8Array,
  options: CommitOptions & { readonly expect: number },
): Promise<Committed | null> {
  if (options.expect !== 0) return replica.commit(key, value, options);
  const until = replica.elapsed() + options.timeoutMs;
  const left = (): number => Math.max(1, until - replica.elapsed());
  for (let over = numberOfNothing(replica, key) ?? 0; ; ) {
    const committed = await replica.commit(key, value, { ...options, expect: over, timeoutMs: left() });
    if (committed !== null) return committed;
    // the copy here may not have heard yet of a deletion, or of what came after the one that it knows
    const look = replica.pass(left()).then(() => replica.refetch(key));
    await look.catch((cause) => {
      throw new UnavailableError(
        `"${key}" was not written: another version stands there, and what it is could not be told within ${options.timeoutMs} ms`,
        { cause },
      );
    });
    const found = numberOfNothing(replica, key);
    if (found === null || found === over) return null;
    over = found;
  }
}

/** The number of what stands in the log for a key that reads as nothing, 0 where nothing does; null when it reads as something. */
function numberOfNothing(replica: Replica, key: string): number | null {
  const version = replica.confirmed(key);
  if (version === undefined) return 0;
  const { seq, entry } = version;
  return entry === null || isGone(entry, replica.hybrid.nowMs()) ? seq : null;
}
