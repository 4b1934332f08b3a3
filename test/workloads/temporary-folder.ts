import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder for one test file, gone when its tests are done; returns a function that puts a file into it. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "engram-workloads-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    file(name: string, content: string | Uint8Array): string {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
  };
}
