/** The one refusal of a path that the system does not let us write to. */
import { dirname } from "node:path";
import { InvalidArgumentError } from "./errors.js";

/** @param cause what the system threw */
export function cannotBeWritten(path: string, cause: unknown): InvalidArgumentError {
  const expected = "expected a path in an existing, writable folder";
  return new InvalidArgumentError(`${path}: cannot be written (${whyNotWritable(cause, dirname(path))}); ${expected}`, {
    cause,
  });
}

/** Why the system does not let us write, in words. @param folder that the file is, or was to be, in */
export function whyNotWritable(cause: unknown, folder: string): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return `no folder ${folder}`;
  if (code === "ENOTDIR") return `${folder} is no folder`;
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EROFS") return "read-only file system";
  return code ?? message ?? String(cause);
}
