/**
 * arc: the traces of the ARC paper (Megiddo, Modha 2003). A line `start count ignored request` stands for `count` requests
 * to the consecutive blocks start, start + 1, …; fields after the second are ignored.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import { TraceBatch } from "../batch.js";
import { type Halves, parseInt64, parseUint32 } from "../decimal.js";
import type { TraceFormat } from "../format.js";
import { headLines } from "../head.js";
import { lineBlocks, shown } from "../lines.js";

/** Blocks one line may stand for. Real lines have up to some thousands; a damaged one must not become hours of requests. */
const MAX_BLOCKS = 1 << 16;
/** Blocks all lines so far may stand for: so many, and so many for each of their characters. Each may be a key of its own, which takes up to 50 bytes. */
const BLOCKS = 1 << 20;
const BLOCKS_A_CHARACTER = 64;

export const arc: TraceFormat = {
  name: "arc",
  description: "text, `start count ignored request` a line: count consecutive blocks",
  endings: [".arc", ".lis"],
  looksLike(head) {
    const lines = headLines(head).filter((line) => line !== "");
    return lines.length > 0 && lines.every((line) => /^[0-9]+ [1-9][0-9]{0,4} 0 [0-9]+$/.test(line));
  },
  async *read(source) {
    const batch = new TraceBatch("number", {}, true);
    const block: Halves = { lo: 0, hi: 0 };
    let allowed = BLOCKS;
    for await (const { lines, firstLine } of lineBlocks(source)) {
      for (let i = 0; i < lines.length; i++) {
        const line = lines[i].trim();
        if (line === "") continue;
        const count = parseLine(line, block);
        if (count < 0) {
          throw new InvalidArgumentError(
            `${source.path}:${firstLine + i}: ${shown(line)}; expected \`start count …\`: a block number and 1 to ${MAX_BLOCKS} blocks`,
          );
        }
        allowed += BLOCKS_A_CHARACTER * line.length - count;
        if (allowed < 0) {
          throw new InvalidArgumentError(
            `${source.path}:${firstLine + i}: the lines so far stand for more than ${BLOCKS} blocks and ${BLOCKS_A_CHARACTER} a character; expected lines of fewer blocks`,
          );
        }
        for (let k = 0; k < count; k++) {
          const n = batch.count++;
          batch.lo[n] = block.lo;
          batch.hi[n] = block.hi;
          if (batch.full) {
            yield batch;
            batch.count = 0;
          }
          block.lo = (block.lo + 1) >>> 0;
          if (block.lo === 0) block.hi = (block.hi + 1) >>> 0;
        }
      }
    }
    if (batch.count > 0) yield batch;
  },
};

/** Blocks the line stands for, the first of them in `start`; -1 when it is not a line of this format. */
function parseLine(line: string, start: Halves): number {
  const fields = line.split(/[ \t]+/, 3);
  if (fields.length < 2 || !parseInt64(fields[0], start)) return -1;
  const count = parseUint32(fields[1]);
  return count >= 1 && count <= MAX_BLOCKS ? count : -1;
}
