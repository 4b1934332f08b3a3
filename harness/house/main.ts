/** `npm run picture:rooms`: draws docs/architecture.svg from the imports of the sources. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawRooms } from "./draw.js";
import { joinRooms, readImports } from "./imports.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const target = new URL("../../../docs/architecture.svg", import.meta.url);
writeFileSync(target, drawRooms(joinRooms(readImports(root))));
process.stdout.write(`${fileURLToPath(target)}\n`);
