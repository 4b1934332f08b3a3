/**
 * The processes of runs, each held before it has done anything until a test lets it go: what the test does meanwhile comes before the run,
 * however fast the machine is, and however late the test comes to it.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ended } from "./command-line.js";

const HOLD = new URL("fixtures/hold-run.mjs", import.meta.url).href;

export class HeldRuns implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "engram-held-runs-"));
  readonly #known = new Set<string>();

  /** For the command line whose runs are held. */
  readonly env = { NODE_OPTIONS: `--import ${HOLD}`, HELD_RUNS: this.#folder };

  /** The process id of the next run, once it is there. @param ended of the command line */
  async next(ended: Promise<Ended>): Promise<number> {
    let over: Ended | undefined;
    void ended.then((end) => {
      over = end;
    });
    for (;;) {
      const found = readdirSync(this.#folder).find((name) => /^\d+$/.test(name) && !this.#known.has(name));
      if (found !== undefined) {
        this.#known.add(found);
        return Number(found);
      }
      if (over !== undefined) throw new Error(`it ended without another run: ${JSON.stringify(over)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  letGo(pid: number): void {
    writeFileSync(join(this.#folder, `${pid}.go`), "");
  }

  /** Lets go of all that are held. */
  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
