import { type Ended, lastLine } from "../child/index.js";

/** How a child ended, in words, with the line it died on. */
export function describeEnd({ exitCode, killedBy, stderr, stdout }: Ended): string {
  const how = killedBy ? `ended by ${killedBy}` : `exit code ${exitCode}`;
  const last = lastLine(stderr) ?? lastLine(stdout);
  return last ? `${how}: ${last}` : how;
}
