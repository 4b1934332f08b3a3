/** The one refusal of a file that is not there or that the system does not let us read. */
import { InvalidArgumentError } from "./errors.js";

/**
 * @param cause what the system threw
 * @param expected what was to be there, as in "a trace file"
 */
export function cannotBeRead(path: string, cause: unknown, expected: string): InvalidArgumentError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const missing = code === "ENOENT" || code === "ENOTDIR";
  const what = missing
    ? "no such file"
    : `cannot be read (${whyNotReadable(code) ?? code ?? message ?? String(cause)})`;
  return new InvalidArgumentError(`${path}: ${what}; expected ${expected}`, { cause });
}

function whyNotReadable(code: string | undefined): string | null {
  if (code === "EISDIR") return "it is a folder";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  return null;
}
