import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bareMemory } from "./bare-memory.js";

const DATA_SECTION = 11;

/** The ids of a module's sections, as its own bytes have them. */
function sectionsOf(file: string): number[] {
  const bytes = readFileSync(new URL(`../../dist/src/${file}`, import.meta.url));
  const ids: number[] = [];
  for (let at = 8; at < bytes.length; ) {
    ids.push(bytes[at++]);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += length;
  }
  return ids;
}

describe("a module that shares a memory", () => {
  it.each(["core/core.wasm", "core/core.private.wasm", "agents/agents.wasm", "agents/agents.private.wasm"])(
    "writes nothing into it when it starts: %s has no data segment",
    (file) => {
      const sections = sectionsOf(file);
      expect(sections.length).toBeGreaterThan(2);
      expect(sections).not.toContain(DATA_SECTION);
    },
  );
});

it.each([true, false])("the kernels run over a memory that is shared: %s", (shared) => {
  expect(bareMemory(65536, shared).kernels.ARENA_LAYOUT.value).toBe(1);
});
