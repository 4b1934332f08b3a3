/** `import … from "engram"`: the reference store. */
export * from "./store/index.js";
