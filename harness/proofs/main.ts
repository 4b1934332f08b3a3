/** `npm run proof` lists the proofs, `npm run proof -- NAME [options]` runs one. Exit codes are the proof's; 2 when there is none of that name. */
import { fileURLToPath } from "node:url";
import { closest } from "../../workloads/index.js";
import { EXIT } from "../command-line/exit-codes.js";
import { PROOFS } from "./index.js";

const [name, ...options] = process.argv.slice(2);

if (name === undefined || name === "--help") process.stdout.write(list());
else if (Object.hasOwn(PROOFS, name)) await run(name);
else {
  const names = Object.keys(PROOFS);
  process.stderr.write(`proof: unknown proof "${name}"${closest(name, names)}; known: ${names.join(", ")}\n`);
  process.exitCode = EXIT.usage;
}

/** In this process, which then is the proof's own: its arguments, its signals, its exit code. */
async function run(name: string): Promise<void> {
  const { program, explores } = PROOFS[name];
  const node = process.argv[0];
  process.argv = [node, fileURLToPath(program), ...options];
  if (explores) await (await import("../explorer/index.js")).buildExplorer();
  await import(program.href);
}

function list(): string {
  const width = Math.max(...Object.keys(PROOFS).map((one) => one.length)) + 2;
  const lines = Object.entries(PROOFS).map(([one, { summary }]) => `  ${one.padEnd(width)}${summary}\n`);
  return `Proofs (npm run proof -- NAME, or npm run NAME; -- NAME --help)\n${lines.join("")}`;
}
