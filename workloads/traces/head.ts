/** Looking at the beginning of a file: is it text, and which whole lines does it hold. */

/** Lines detection looks at. */
const LINES = 50;

/** Whether the bytes could be text: no control characters but tab, line feed, carriage return. */
export function isText(head: Buffer): boolean {
  const end = Math.min(head.length, 4096);
  for (let i = 0; i < end; i++) {
    const byte = head[i];
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) return false;
  }
  // Whole lines only: the head may end within a character.
  const lastNewline = head.subarray(0, end).lastIndexOf(10);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head.subarray(0, Math.max(lastNewline, 0)));
    return true;
  } catch {
    return false;
  }
}

/** The first whole lines, trimmed; none when the head is not text. */
export function headLines(head: Buffer): string[] {
  if (!isText(head)) return [];
  const text = head.subarray(0, 8192).toString("utf8");
  const lines = text.split("\n").map((line) => line.trim());
  // The last line may be cut off, unless it is all there is.
  if (lines.length > 1) lines.pop();
  return lines.slice(0, LINES);
}
