#!/usr/bin/env node
/** `engram …` as the store's package has it: the command line is the lab's, a package of its own, which lies beside the store in a checkout. */
import { existsSync } from "node:fs";

const beside = new URL("../harness/cli.js", import.meta.url);
const lab = "engram-lab/cli";
try {
  await import(existsSync(beside) ? beside.href : lab);
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND" || !String(error).includes("engram-lab"))
    throw error;
  process.stderr.write("engram: the command line is a package of its own: npm install --save-dev engram-lab\n");
  process.exitCode = 2;
}
