import { fileURLToPath } from "node:url";

/** Where `npm run build:explore` puts the engine's explore build. */
export const EXPLORE_WASM = fileURLToPath(new URL("../../explore/core.explore.wasm", import.meta.url));
