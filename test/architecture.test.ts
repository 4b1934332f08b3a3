import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  drawLab,
  drawRooms,
  findCircles,
  GROUND,
  joinRooms,
  LAB_GROUND,
  labRoomOf,
  labRooms,
  ROOMS,
  readImports,
  roomOf,
  sources,
} from "#dist/harness/house/index.js";

/** Which room may use which: arrows point one way. */
const ARROWS: Record<string, string[]> = {
  "src/core": [],
  "src/eviction": [],
  "src/metrics": [],
  "src/store": ["src/core", "src/eviction", "src/metrics"],
  "src/monitor": ["src/store", "src/metrics"],
  "src/backup": ["src/core", "src/store"],
  "src/recording": ["src/store"],
  "src/resources": ["src/eviction", "src/store"],
  "src/agents": ["src/core", "src/store"],
  "src/cluster": ["src/backup", "src/resources", "src/store"],
  "src/ingest": ["src/store", "src/resources", "src/monitor"],
  "src/adapters": ["src/agents", "src/store"],
  "src/lab": [],
  src: ROOMS.filter((room) => room.startsWith("src/")),
  workloads: ["src", "src/recording", "src/store"],
  "reports/targets": ["src/metrics", "src/store"],
  reports: ["reports/targets", "src/metrics", "src/monitor", "src/store", "src"],
  harness: ["src", "workloads", "reports/targets", "reports", ...ROOMS.filter((room) => room.startsWith("src/"))],
};

/** The same of the lab's own rooms. None of them needs to be named that goes to the ground, or to command-line, the lab's own. */
const LAB_ARROWS: Record<string, string[]> = {
  "harness/child": [],
  "harness/ingest": [
    ...["harness/child", "harness/services", "reports", "src", "src/ingest", "src/metrics", "workloads"],
  ],
  "harness/monitor": ["src", "src/metrics", "src/monitor"],
  "harness/services": [],
  "harness/statistics": [],
  "harness/house": [],
  "harness/build": [],
  "harness/backup": ["reports", "src", "src/backup", "src/store"],
  "harness/checker": ["reports"],
  "harness/cluster": [
    ...["harness/checker", "harness/services", "reports", "src", "src/cluster", "src/metrics"],
    "workloads",
  ],
  "harness/explorer": ["harness/build", "src/backup", "src/core"],
  "harness/sweep": ["reports", "src/eviction", "workloads"],
  "harness/trace": ["harness/child", "src/eviction", "src/recording", "workloads"],
  "harness/records": [],
  "harness/gate": ["harness/child", "harness/records", "harness/statistics", "reports", "workloads"],
  "harness/subjects": ["src", "src/core", "src/lab", "src/monitor", "workloads"],
  "harness/conformance": ["harness/child", "harness/subjects", "src"],
  "harness/trend": ["harness/monitor", "harness/records", "harness/statistics", "reports", "src/monitor"],
  "harness/notebook": ["harness/trend", "reports", "src/monitor"],
  "harness/measure": ["harness/child", "harness/subjects", "reports", "src/metrics", "workloads"],
  "harness/resources": ["harness/services", "reports", "src", "src/metrics", "src/resources", "workloads"],
  "harness/swarm": ["reports", "src", "src/agents", "src/metrics", "workloads"],
  "harness/runner": [
    ...[
      "harness/child",
      "harness/cluster",
      "harness/ingest",
      "harness/measure",
      "harness/monitor",
      "harness/resources",
      "harness/subjects",
      "harness/swarm",
    ],
    ...["reports", "reports/targets", "src/metrics", "src/monitor", "workloads"],
  ],
  "harness/commands": [
    ...[
      "harness/backup",
      "harness/checker",
      "harness/conformance",
      "harness/explorer",
      "harness/gate",
      "harness/notebook",
      "harness/runner",
      "harness/subjects",
    ],
    ...[
      "harness/ingest",
      "harness/monitor",
      "src",
      "src/cluster",
      "harness/sweep",
      "harness/trace",
      "harness/trend",
      "reports",
      "reports/targets",
      "src/metrics",
      "workloads",
    ],
  ],
  // Above them all; nothing in the lab knows of it.
  "harness/proofs": [
    "src",
    ...ROOMS,
    ...labRooms(resolve(import.meta.dirname, "..")).filter((room) => room !== "harness/proofs"),
  ],
  "harness/command-line": ["workloads"],
  harness: ["harness/commands"],
};

/** Files that every room may name: they import nothing but each other, and opening the whole room for them would be dear. */
const LEAVES = [
  "src/check.ts",
  "src/store/health-targets.ts",
  "src/metrics/target.ts",
  "src/recording/format.ts",
  "workloads/arrivals.ts",
  "workloads/closest.ts",
  "workloads/listing.ts",
  "workloads/operations.ts",
  "reports/results.ts",
  "reports/ingest-use.ts",
  "reports/latency-names.ts",
  "reports/slices.ts",
  "reports/phases.ts",
  "reports/html.ts",
  "reports/measurement-files.ts",
  "reports/schema-faults.ts",
  "reports/read-results.ts",
];

/** Second doors, of what takes long to load and is not needed by most who come to the room. */
const SECOND_DOORS = [
  "src/recording/record.ts",
  "reports/pages.ts",
  "workloads/scenarios.ts",
  "workloads/value-limit.ts",
  "workloads/environments/index.ts",
];

const root = resolve(import.meta.dirname, "..");

const imports = readImports(root);

describe("circles", () => {
  it("are found whole, of any length, and only where there are any", () => {
    const edges = new Map(Object.entries({ a: ["b"], b: ["c"], c: ["a", "d"], d: ["e"], e: ["d"], f: ["a"], g: [] }));
    expect(findCircles(edges).sort()).toEqual([
      ["a", "b", "c"],
      ["d", "e"],
    ]);
  });
});

describe("the house", () => {
  it("has imports to look at", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it("lets arrows point one way only", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)];
      return a !== b && !ARROWS[a]?.includes(b) && b !== GROUND;
    });
    expect(wrong).toEqual([]);
  });

  it("lets arrows point one way only among the lab's rooms, its command-line under them all", () => {
    const lab = imports.filter(({ from }) => from.startsWith("harness/"));
    const wrong = lab.filter(({ from, to }) => {
      const [a, b] = [labRoomOf(from), labRoomOf(to)];
      return a !== b && b !== GROUND && b !== LAB_GROUND && !LEAVES.includes(to) && !LAB_ARROWS[a]?.includes(b);
    });
    expect(wrong).toEqual([]);
    expect(findCircles(joinRooms(lab, labRoomOf))).toEqual([]);
  });

  it("lets no one reach past a door of the lab's rooms, each of which has one", () => {
    const rooms = labRooms(root).filter((room) => room !== LAB_GROUND);
    expect(rooms.filter((room) => !existsSync(join(root, room, "index.ts")))).toEqual([]);
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [labRoomOf(from), labRoomOf(to)];
      return a !== b && rooms.includes(b) && to !== `${b}/index.ts`;
    });
    expect(wrong).toEqual([]);
  });

  it("lets no one reach past a door", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)];
      return a !== b && b !== GROUND && ![`${b}/index.ts`, ...SECOND_DOORS, ...LEAVES].includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it("changes no class of another room", () => {
    const touches = ROOMS.filter((room) => room.startsWith("src/"))
      .flatMap((room) => (existsSync(join(root, room)) ? sources(root, room) : []))
      .concat("src/index.ts", "src/internal.ts", "src/composition.ts")
      .flatMap((path) => {
        const text = readFileSync(join(root, path), "utf8");
        const changed = [
          ...text.matchAll(/(?:defineProperty\(|assign\(|delete \(?)\s*(\w+)\.prototype|(\w+)\.prototype\.\w+ =[^=]/g),
        ];
        const own = (name: string) =>
          (roomOf(path) === "src" ? [path] : sources(root, roomOf(path))).some((file) =>
            new RegExp(`class ${name}\\b`).test(readFileSync(join(root, file), "utf8")),
          );
        const foreign = changed.map((match) => match[1] ?? match[2]).filter((name) => !own(name));
        return [...foreign, ...(text.includes("declare module") ? ["declare module"] : [])].map(
          (what) => `${path}: ${what}`,
        );
      });
    expect(touches).toEqual([]);
  });

  it("has one room that knows where a word of the memory lies: others go by the names that core gives", () => {
    // harness/explorer rebuilds the engine over a small layout; store-padding is a measurement of the layout itself
    const knowing = ["src/core/", "harness/explorer/", "harness/proofs/bench/store-padding.ts"];
    const offsets = /\b(?:layout|L)\.(?!\w+_(?:SIZE|COUNT|MAX|BITS|MASK)\b)[HSEIRVKGDNLOP]_[A-Z]\w*\b/g;
    const sums = /\b(?:layout|L)\.[A-Z]\w* *(?:\/ *[48]\b|>>>? *[23]\b)|\b32 << /g;
    const found = ["src", "harness"]
      .flatMap((folder) => sources(root, folder))
      .filter((path) => !knowing.some((place) => path.startsWith(place)))
      .flatMap((path) => {
        const text = readFileSync(join(root, path), "utf8");
        return [...text.matchAll(offsets), ...text.matchAll(sums)].map(([what]) => `${path}: ${what}`);
      });
    expect(found).toEqual([]);
  });

  it("has no file that needs, by any way round, a file that needs it", () => {
    const files = new Map<string, string[]>();
    for (const { from, to } of imports) files.set(from, [...(files.get(from) ?? []), to]);
    expect(findCircles(files)).toEqual([]);
  });

  it("is drawn in docs/architecture.svg as it is, and its lab in docs/lab.svg", () => {
    const drawn = readFileSync(join(root, "docs/architecture.svg"), "utf8");
    expect(drawn, "npm run picture:rooms draws it again").toBe(drawRooms(joinRooms(imports)));
    const lab = readFileSync(join(root, "docs/lab.svg"), "utf8");
    expect(lab, "npm run picture:rooms draws it again").toBe(drawLab(imports));
  });

  it("keeps the policies free of everything else, so that simulator and store run the same code", () => {
    const foreign = sources(root, "src/eviction").filter((path) =>
      /from "(?!\.\/)[^"]+"/.test(readFileSync(join(root, path), "utf8")),
    );
    expect(foreign).toEqual([]);
  });
});
