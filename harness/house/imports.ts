/** The house as its imports show it: which file names which, and which rooms that joins. The architecture test and the picture read the same. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export interface Import {
  /** Paths from the root, with slashes. */
  readonly from: string;
  readonly to: string;
  /** It names types only: gone once compiled. */
  readonly typeOnly: boolean;
}

/** Folders with TypeScript of the product. */
const TOP = ["src", "workloads", "reports", "harness"] as const;

/** What lies under all rooms: files of `src` itself, each a door of its own. They import nothing but each other. */
export const GROUND = "ground";
/** The ways out for users: what a program, and what the lab, imports, and the class that joins the rooms for a program. */
const WAYS_OUT = ["src/index.ts", "src/internal.ts", "src/composition.ts"];

/** A room is a folder with a door. `src` itself is the way out for users; its folders are the rooms. */
export const ROOMS = [
  "src/core",
  "src/metrics",
  "src/eviction",
  "src/store",
  "src/backup",
  "src/recording",
  "src/monitor",
  "src/resources",
  "src/agents",
  "src/cluster",
  "src/ingest",
  "src/adapters",
  "src/lab",
  "workloads",
  "reports/targets",
  "reports",
  "harness",
] as const;

/** The lab's own rooms: the folders of `harness`. */
export function labRooms(root: string): string[] {
  return readdirSync(join(root, "harness"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `harness/${name}`)
    .filter((room) => sources(root, room).length > 0)
    .sort();
}

/** What lies under all rooms of the lab: how a command reads its options, writes, ends. Each file is a door of its own. */
export const LAB_GROUND = "harness/command-line";

/** The TypeScript files below a folder; the engine's own are another compiler's. */
export function sources(root: string, folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (statSync(join(root, path)).isDirectory()) return name === "assembly" ? [] : sources(root, path);
    return name.endsWith(".ts") && !name.endsWith(".d.ts") ? [path] : [];
  });
}

export function roomOf(path: string): string {
  if (/^src\/[^/]+$/.test(path) && !WAYS_OUT.includes(path)) return GROUND;
  return ROOMS.find((room) => path.startsWith(`${room}/`)) ?? path.split("/")[0];
}

/** The room of the lab that a file is in; what builds the command line lies above them all. Of other files, their room. */
export function labRoomOf(path: string): string {
  const [, room] = /^(harness\/[^/]+)\//.exec(path) ?? [];
  return room ?? roomOf(path);
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s)?[^;"]*?from\s+"(\.[^"]+)"|import\s*\(?\s*"(\.[^"]+)"/gm;

/** Every import of one of the house's files by another. */
export function readImports(root: string): Import[] {
  return TOP.flatMap((folder) => sources(root, folder)).flatMap((from) =>
    [...readFileSync(join(root, from), "utf8").matchAll(STATEMENT)].map(([, type, named, bare]) => ({
      from,
      to: relative(root, resolve(root, dirname(from), named ?? bare))
        .replaceAll("\\", "/")
        .replace(/\.js$/, ".ts"),
      typeOnly: type !== undefined,
    })),
  );
}

/** Which rooms use which others. */
export function joinRooms(imports: readonly Import[], roomOfFile = roomOf): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const [user, used] = [roomOfFile(from), roomOfFile(to)];
    if (!arrows.has(user)) arrows.set(user, new Set());
    if (!arrows.has(used)) arrows.set(used, new Set());
    if (user !== used) arrows.get(user)?.add(used);
  }
  return arrows;
}

/**
 * Circles among the nodes of a graph: the strongly connected components of more than one node (Tarjan, SIAM J. Comput. 1972).
 *
 * @param edges by node, the nodes it leads to
 */
export function findCircles(edges: ReadonlyMap<string, Iterable<string>>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const circles: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    stack.push(node);
    onStack.add(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      else if (!onStack.has(next)) continue;
      const reached = onStack.has(next) ? (low.get(next) as number) : Number.POSITIVE_INFINITY;
      low.set(node, Math.min(low.get(node) as number, reached));
    }
    if (low.get(node) !== index.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    for (const member of circle) onStack.delete(member);
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return circles;
}
