/** Source in AssemblyScript through its compiler, as the asconfig.json beside it says for a target. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** What is compiled to a module: the store's engine, and the kernels of the agents' memory, which take some of the engine's files. */
export const MODULES = ["src/core", "src/agents"] as const;
export type ModuleRoom = (typeof MODULES)[number];

/** All that the compiler may read of ours for a module: paths from the root. */
export function sourcesOf(room: ModuleRoom): string[] {
  const rooms = room === "src/core" ? [room] : [room, "src/core" as const];
  return [`${room}/asconfig.json`, "src/core/layout.ts", ...rooms.flatMap(assemblyOf)].sort();
}

function assemblyOf(room: ModuleRoom): string[] {
  return readdirSync(join(ROOT, room, "assembly"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${room}/assembly/${name.replaceAll("\\", "/")}`);
}

/** What compiles, by version: another one makes another engine. */
export function compilers(): string {
  const require = createRequire(import.meta.url);
  return ["assemblyscript", "binaryen"]
    .map((name) => `${name} ${(require(`${name}/package.json`) as { version: string }).version}`)
    .join(", ");
}

interface Asc {
  main(
    args: string[],
    options: {
      readFile(name: string, base: string): string | null;
      writeFile(name: string, contents: Uint8Array | string, base: string): void;
      stderr: { write(text: string): void };
    },
  ): Promise<{ error: Error | null }>;
}

export type Written = ReadonlyMap<string, Uint8Array | string>;

/**
 * @param adapt the source as this build has it
 * @returns what it wrote, by path as the compiler names it
 */
export async function compileAssembly(
  room: ModuleRoom,
  target: string,
  { args = [], adapt }: { args?: readonly string[]; adapt?: (path: string, source: string) => string } = {},
): Promise<Written> {
  const asc = (await import("assemblyscript/asc" as string)) as Asc;
  const known = new Set(sourcesOf(room));
  const written = new Map<string, Uint8Array | string>();
  let errors = "";
  const { error } = await asc.main(
    ["--config", `${room}/asconfig.json`, "--target", target, "--baseDir", ROOT, ...args],
    {
      readFile(name, base) {
        const file = resolve(base, name);
        if (!existsSync(file)) return null;
        const path = relative(ROOT, file).replaceAll("\\", "/");
        // Or a build would be taken for current although a source of it has changed.
        if (!known.has(path)) throw new Error(`${room} reads ${path}, which is none of its sources (harness/build)`);
        const source = readFileSync(file, "utf8");
        return adapt === undefined ? source : adapt(path, source);
      },
      writeFile(name, contents, base) {
        written.set(relative(ROOT, resolve(base, name)).replaceAll("\\", "/"), contents);
      },
      stderr: {
        write: (chunk) => {
          errors += chunk;
        },
      },
    },
  );
  if (error !== null) throw new Error(`the build ${target} of ${room} failed: ${error.message}\n${errors}`);
  return written;
}
