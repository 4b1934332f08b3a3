import { type Ended, lastLine } from "../child/index.js";

/** Lines of a build's output that are shown when it fails. */
const LAST_LINES = 12;
const LONGEST_LINE = 300;

/** How a child ended, in words, with the line it died on. */
export function describeEnd({ exitCode, killedBy, stderr, stdout }: Ended): string {
  const how = killedBy ? `ended by ${killedBy}` : `exit code ${exitCode}`;
  const last = lastLine(stderr) ?? lastLine(stdout);
  return last ? `${how}: ${last}` : how;
}

/**
 * The last lines of both its streams, each behind a bar, for what is not ours and has its own way of saying what is wrong: compilers write to stdout,
 * and npm has the last word on stderr whatever failed. Empty where it said no more than the line that is told already.
 */
export function lastWords({ stdout, stderr }: Ended): string {
  const lines = [stdout, stderr].flatMap((text) =>
    text
      .split("\n")
      .map((line) => line.replace(/[^\t\x20-\uffff]/g, "").trimEnd())
      .filter((line) => line !== "")
      .slice(-LAST_LINES),
  );
  if (lines.length < 2) return "";
  return `\n${lines.map((line) => `  | ${line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line}`).join("\n")}`;
}
