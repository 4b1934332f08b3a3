/**
 * A file is not made again of the very same things. Contents say so, not times: a copy or a checkout of another revision gives times of its
 * own. What came out is remembered as well as what went in, so that a file that something else wrote, or half wrote, is made anew.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./assembly.js";

/** Records lie apart from what they tell of, which is packed. */
const RECORDS = "dist/.made-of";

export interface Making {
  /** Names its record. */
  readonly name: string;
  /** Files by path from the root, and whatever else makes a difference. */
  readonly sources: readonly string[];
  readonly settings: string;
  /** By path from the root. */
  readonly outputs: readonly string[];
}

/** Makes the outputs unless they are there, made of these. @returns whether it made them */
export async function makeOf(
  { name, sources, settings, outputs }: Making,
  make: () => Promise<ReadonlyMap<string, Uint8Array | string>>,
  root = ROOT,
): Promise<boolean> {
  const record = join(root, RECORDS, name);
  const inputs = digestOf(root, sources, settings);
  const remembered = () => `${inputs} ${digestOf(root, outputs)}\n`;
  if (existsSync(record) && readFileSync(record, "utf8") === remembered()) return false;
  const made = await make();
  for (const output of outputs) {
    const contents = made.get(output);
    if (contents === undefined) throw new Error(`${name}: ${output} was not made, but ${[...made.keys()].join(", ")}`);
    writeWhole(join(root, output), contents);
  }
  writeWhole(record, remembered());
  return true;
}

function digestOf(root: string, paths: readonly string[], settings = ""): string {
  const hash = createHash("sha256").update(`${settings}\n`);
  for (const path of paths) {
    const file = join(root, path);
    const contents = existsSync(file) ? readFileSync(file) : null;
    hash.update(`${path} ${contents?.length ?? "none"}\n`).update(contents ?? "");
  }
  return hash.digest("hex");
}

/** Others may be reading it. */
function writeWhole(path: string, contents: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}
