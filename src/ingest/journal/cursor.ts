/**
 * How far an output has come, in a file of its own beside the segments: whole or not at all, and on the disk before the output goes on. An
 * older one than the truth makes an output send again what it has sent; so one that is damaged is taken for none.
 */
import { readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { type Position, syncDirectory } from "./segments.js";

/** What names of cursors may be: they are names of files. */
export const CURSOR_NAME = /^[a-z\d][a-z\d_-]{0,63}$/;

export class Cursor {
  private readonly path: string;

  constructor(
    private readonly directory: string,
    name: string,
  ) {
    this.path = join(directory, `${name}.cursor`);
  }

  /** "none" when there is none yet, "damaged" when it is none of ours: then too it is to begin at the beginning. */
  load(): Position | "none" | "damaged" {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "none";
      throw error;
    }
    return parse(text) ?? "damaged";
  }

  async save({ line, segment, byte }: Position): Promise<void> {
    const temporary = `${this.path}.new`;
    const file = await open(temporary, "w", 0o640);
    try {
      await file.writeFile(`${JSON.stringify({ line, segment, byte })}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.path);
    syncDirectory(this.directory);
  }
}

function parse(text: string): Position | null {
  try {
    const { line, segment, byte } = JSON.parse(text) as Partial<Position>;
    const whole = [line, segment, byte].every((part) => Number.isSafeInteger(part) && (part as number) >= 0);
    return whole && (segment as number) <= (line as number) ? ({ line, segment, byte } as Position) : null;
  } catch {
    return null;
  }
}
