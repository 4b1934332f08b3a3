import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidArgumentError } from "../src/errors.js";

/** The package's own scenario files: `workloads/` beside the package.json above this module, built or not. */
export function scenarioFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new InvalidArgumentError("the package's own files are incomplete: no package.json above its modules");
    folder = parent;
  }
  return join(folder, "workloads");
}
