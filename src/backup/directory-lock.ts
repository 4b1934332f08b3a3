/** One store at a time backs up into a directory: whoever does has the file `owner.lock` there. */
import { join } from "node:path";
import { BackupError, DirectoryInUseError } from "../errors.js";
import type { KernelLock } from "../kernel-lock.js";
import { OwnerLock } from "../owner-lock.js";

export const LOCK_FILE = "owner.lock";

export class DirectoryLock {
  private constructor(private readonly lock: OwnerLock) {}

  /**
   * Takes the directory for this thread.
   *
   * @throws DirectoryInUseError naming who has it; what the file system throws
   */
  static take(directory: string, kernel: KernelLock | null): DirectoryLock {
    return new DirectoryLock(
      OwnerLock.take(join(directory, LOCK_FILE), kernel, (who, holder) => {
        const what = `${directory}: another store is backed up there, by ${who}`;
        return new DirectoryInUseError(`${what}; close its backups, end it, or choose another directory`, holder);
      }),
    );
  }

  /**
   * Whether the directory is still ours, asked before each backup. If the lock file was removed, it is taken again.
   *
   * @throws BackupError "in-use" when somebody else has it now
   */
  confirm(): void {
    try {
      this.lock.confirm();
    } catch (error) {
      if (error instanceof DirectoryInUseError) throw new BackupError("in-use", error.message, { cause: error });
      throw error;
    }
  }

  release(): void {
    this.lock.release();
  }
}
