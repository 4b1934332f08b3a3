/** `npm run picture:rooms`: draws docs/architecture.svg and docs/lab.svg from the imports of the sources. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawLab, drawRooms } from "./draw.js";
import { joinRooms, readImports } from "./imports.js";

const root = new URL("../../../", import.meta.url);
const imports = readImports(fileURLToPath(root));
const pictures = { "docs/architecture.svg": drawRooms(joinRooms(imports)), "docs/lab.svg": drawLab(imports) };
for (const [path, picture] of Object.entries(pictures)) {
  const target = new URL(path, root);
  writeFileSync(target, picture);
  process.stdout.write(`${fileURLToPath(target)}\n`);
}
