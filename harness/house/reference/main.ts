/**
 * `npm run docs`: makes the API reference, dist/reference to be packed and dist/reference-html to be looked at.
 *
 * Exit codes: 0 made and whole; 1 made, and something in it does not say what it must or links to nothing; 2 bad input; 3 it could not be made.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { EXIT } from "../../command-line/exit-codes.js";
import { optionsOf } from "../../command-line/program-options.js";
import { makeReference, NotMadeError, REFERENCE, REFERENCE_HTML } from "./make.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

optionsOf(new Command("docs").description("the API reference, made from the types by typedoc"));
try {
  const faults = await makeReference(ROOT);
  for (const fault of faults) process.stderr.write(`docs: ${fault}\n`);
  process.stdout.write(`${join(ROOT, REFERENCE, "README.md")}\n${join(ROOT, REFERENCE_HTML, "index.html")}\n`);
  process.exitCode = faults.length === 0 ? EXIT.ok : EXIT.negative;
} catch (error) {
  if (!(error instanceof NotMadeError)) throw error;
  process.stderr.write(`docs: ${error.message}\n`);
  process.exitCode = EXIT.failed;
}
