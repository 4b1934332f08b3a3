/** Every room has a page, all of them have one shape, and what they link to is there. That their examples run: room-examples.test.ts. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { labRooms, ROOMS } from "#dist/harness/house/index.js";
import { DOCS, roomPages, SHAPE, sectionsOf } from "./room-pages.js";

const ROOT = resolve(DOCS, "..");
const pages = roomPages();

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-"),
  );
}

function brokenLinks(page: string): string[] {
  const file = join(DOCS, page);
  const text = readFileSync(file, "utf8").replace(/```[\s\S]*?```/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^https?:/.test(link)) return [];
    const [path, anchor] = link.split("#");
    const target = path === "" ? file : resolve(dirname(file), path);
    if (!existsSync(target)) return [link];
    return anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).includes(anchor) ? [link] : [];
  });
}

describe("the pages of the rooms", () => {
  it("are listed in docs/README.md, one for each room and none for what is no room", () => {
    expect([...pages.keys()].sort()).toEqual([...ROOMS].sort());
  });

  it.each([...pages])("%s has one of the shape, in %s", (_, page) => {
    const sections = sectionsOf(page);
    expect([...sections.keys()].filter((heading) => SHAPE.includes(heading))).toEqual(SHAPE);
    expect(SHAPE.filter((heading) => sections.get(heading) === "")).toEqual([]);
    expect(sections.get("A first example")).toMatch(/^```(js|sh|yaml)$/m);
    expect(sections.get("Files")).toMatch(/\]\(\.\.\//);
  });

  it("name each room of the lab, with the page that tells of it", () => {
    const page = readFileSync(join(DOCS, "lab.md"), "utf8");
    expect(labRooms(ROOT).filter((room) => !page.includes(`| [\`${room}\`](../${room}) |`))).toEqual([]);
  });

  it.each(readdirSync(DOCS).filter((name) => name.endsWith(".md")))("%s links to nothing that is not there", (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it("are all reached from docs/README.md", () => {
    const index = readFileSync(join(DOCS, "README.md"), "utf8");
    const alone = readdirSync(DOCS).filter((name) => name.endsWith(".md") && name !== "README.md");
    expect(alone.filter((name) => !index.includes(`](${name})`))).toEqual([]);
  });
});
