/** What a child said last: it is kept to be shown with its end. */
import type { Readable } from "node:stream";

/** Follows a stream to its end, however much comes, and keeps the last characters: errors come last. */
export function keepLast(stream: Readable | null, characters: number): () => string {
  let kept = "";
  stream?.setEncoding("utf8").on("data", (text: string) => {
    kept = (kept + text).slice(-characters);
  });
  return () => kept;
}

/** The last line that is not empty. */
export function lastLine(text: string): string | undefined {
  return linesOf(text).findLast((line) => line !== "");
}

/** The line that says most: the first with an error in it, or else the last one. A stack and the version of Node come after the error. */
export function tellingLine(text: string): string | undefined {
  return linesOf(text).find((line) => /error|fatal/i.test(line)) ?? lastLine(text);
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim());
}
