/** lirs: one decimal block id a line; `*` lines (end of a pass) and blank lines are skipped. Of the LIRS paper (Jiang, Zhang 2002). */
import { InvalidArgumentError } from "../../../src/errors.js";
import { TraceBatch } from "../batch.js";
import { type Halves, parseInt64 } from "../decimal.js";
import type { TraceFormat } from "../format.js";
import { headLines } from "../head.js";
import { lineBlocks, shown } from "../lines.js";

export const lirs: TraceFormat = {
  name: "lirs",
  description: "text, a decimal block id a line; * and blank lines skipped",
  endings: [".lirs", ".trc"],
  looksLike(head) {
    const lines = headLines(head).filter((line) => line !== "");
    return lines.length > 0 && lines.every((line) => line === "*" || /^-?[0-9]{1,19}$/.test(line));
  },
  async *read(source) {
    const batch = new TraceBatch("number", {}, true);
    const id: Halves = { lo: 0, hi: 0 };
    for await (const { lines, firstLine } of lineBlocks(source)) {
      for (let i = 0; i < lines.length; i++) {
        const text = lines[i].trim();
        if (text === "" || text === "*") continue;
        if (!parseInt64(text, id)) {
          throw new InvalidArgumentError(
            `${source.path}:${firstLine + i}: ${shown(text)}; expected a decimal 64-bit block id, * or a blank line`,
          );
        }
        const n = batch.count++;
        batch.lo[n] = id.lo;
        batch.hi[n] = id.hi;
        if (batch.full) {
          yield batch;
          batch.count = 0;
        }
      }
    }
    if (batch.count > 0) yield batch;
  },
};
