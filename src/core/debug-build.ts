/**
 * The debug build of the engine: the same source unoptimised, with its assertions, the names of its functions and a source map. It is
 * asked for by ENGRAM_ENGINE=debug and made by `npm run build:debug`. Where it stops, it says in which function and at which line.
 */
import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath } from "node:url";
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";

export const ENGINE_VARIABLE = "ENGRAM_ENGINE";

/**
 * The file of the debug build when the environment asks for it, null when it asks for nothing.
 *
 * @throws InvalidArgumentError when it asks for something else, or for what was not made
 */
export function debugBuild(shared: boolean): URL | null {
  const asked = process.env[ENGINE_VARIABLE];
  if (asked === undefined || asked === "") return null;
  if (asked !== "debug") {
    throw new InvalidArgumentError(
      `${ENGINE_VARIABLE} is ${describe(asked)}; expected "debug", or nothing for the engine as it ships`,
    );
  }
  const file = new URL(`../../debug/core.debug${shared ? "" : ".private"}.wasm`, import.meta.url);
  if (existsSync(file)) return file;
  throw new InvalidArgumentError(
    `${ENGINE_VARIABLE} is "debug", but there is no debug build of the engine at ${fileURLToPath(file)}; "npm run build:debug" makes it in a checkout of the sources`,
  );
}

/** Whether the environment asks for the debug build: then the store checks, too, what would cost too much otherwise. */
export function isDebugging(): boolean {
  return process.env[ENGINE_VARIABLE] === "debug";
}

/** So far at most from an instruction to the one whose line it belongs to. */
const BYTES_BACK = 64;

type Exports = Record<string, unknown>;

/** The exports of a debug build, each of which tells where the engine was when it stopped. */
export function tellingWhere(exports: Exports, file: URL): Exports {
  const telling = Object.entries(exports).map(([name, what]) => {
    if (typeof what !== "function") return [name, what];
    const call = (...given: unknown[]) => {
      try {
        return what(...given);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) throw stopped(error, name, file);
        throw error;
      }
    };
    return [name, call];
  });
  return Object.fromEntries(telling);
}

function stopped(error: Error, call: string, file: URL): Error {
  // an assertion compiles to `unreachable`: a text of its own would lie in the memory, which is the store's
  const what = error.message === "unreachable" ? "an assertion does not hold" : error.message;
  const places = placesOf(error.stack ?? "", file);
  const [first = "an unknown place", ...callers] = places;
  const from = callers.map((place) => `\n  called by ${place}`).join("");
  return new Error(`the engine stopped in ${call}: ${what} in ${first}; this is a fault in Engram${from}`, {
    cause: error,
  });
}

/** Functions of the engine and their lines, innermost first. */
function placesOf(stack: string, file: URL): string[] {
  const map = new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(file)}.map`, "utf8")) as SourceMapPayload);
  return [...stack.matchAll(/at (?:\S+\.)?(\S+) \(wasm:\S+:0x([0-9a-f]+)\)/g)].map(
    ([, name, offset]) => `${name.split("/").at(-1)} (${lineOf(map, Number.parseInt(offset, 16))})`,
  );
}

/** What follows from a failed condition belongs to no line; the condition itself, some bytes before, does. */
function lineOf(map: SourceMap, offset: number): string {
  for (let at = offset; at > offset - BYTES_BACK; at--) {
    const entry = map.findEntry(0, at);
    if ("originalSource" in entry && entry.originalSource) return `${entry.originalSource}:${entry.originalLine + 1}`;
  }
  return `byte ${offset}`;
}
