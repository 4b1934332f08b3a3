/** What a module of a group of its own does when its parent is gone without a word: nobody else would end what it started. */

/** Ends this process and its group. */
export function endWithGroup(exitCode: number): never {
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    // It has no group of its own.
  }
  process.exit(exitCode);
}
