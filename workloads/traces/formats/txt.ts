/** txt: one key a line, taken as it stands (any string; blanks at the ends belong to it). Blank lines are skipped. */
import { TraceBatch } from "../batch.js";
import type { TraceFormat } from "../format.js";
import { headLines } from "../head.js";
import { lineBlocks } from "../lines.js";

export const txt: TraceFormat = {
  name: "txt",
  description: "text, a key a line, any string",
  endings: [".txt"],
  looksLike: (head) => headLines(head).some((line) => line !== ""),
  async *read(source) {
    const batch = new TraceBatch("string");
    for await (const { lines } of lineBlocks(source)) {
      for (const key of lines) {
        if (key === "") continue;
        batch.keys[batch.count++] = key;
        if (batch.full) {
          yield batch;
          batch.count = 0;
        }
      }
    }
    if (batch.count > 0) yield batch;
  },
};
