/** The rooms and who uses whom, as an SVG: ground at the bottom, arrows pointing down, nothing drawn that follows from the rest. */
import { type Import, joinRooms, labRoomOf } from "./imports.js";

/** What each room is for, in a few words. */
const ABOUT: Record<string, string> = {
  ground: "errors, checks, units",
  "src/core": "the engine, over shared memory",
  "src/metrics": "histograms, judging figures",
  "src/eviction": "one policy a file",
  "src/store": "Store, Namespace, Channel, Region",
  "src/backup": "incremental backups, recovery",
  "src/recording": "operation logs",
  "src/monitor": "live monitoring",
  "src/resources": "what agents hold",
  "src/agents": "the agents' memory model",
  "src/cluster": "one memory over machines",
  "src/ingest": "the metric pipeline",
  "src/adapters": "shapes others expect",
  "src/lab": "what a subject is",
  src: "what a program imports",
  workloads: "scenarios, generators, traces",
  "reports/targets": "what the documents promise",
  reports: "results to pages",
  harness: "commands, runner, gate, proofs",
  "harness/command-line": "options, files, exit codes",
  "harness/child": "child processes",
  "harness/statistics": "tests, intervals, verdicts",
  "harness/subjects": "stores that are measured",
  "harness/measure": "loops, clocks, the machine",
  "harness/runner": "scenarios against subjects",
  "harness/ingest": "the pipeline as a command",
  "harness/resources": "what agents hold, under load",
  "harness/swarm": "agents that really learn",
  "harness/sweep": "eviction policies over traces",
  "harness/trace": "traces made and looked into",
  "harness/notebook": "notebooks over one's files",
  "harness/gate": "is this build slower?",
  "harness/explorer": "the engine under schedules",
  "harness/checker": "linearizability",
  "harness/conformance": "is a subject what it says?",
  "harness/backup": "backup files",
  "harness/commands": "what the command line can do",
  "harness/proofs": "what tries the build, not packed",
};

const BOX = { width: 236, height: 54, gap: 26, row: 108, margin: 24 };

type Arrows = ReadonlyMap<string, ReadonlySet<string>>;

/** Steps above the ground: one more than the highest room that is used. @throws RangeError when arrows go in a circle */
function levelsOf(arrows: Arrows): Map<string, number> {
  const levels = new Map<string, number>();
  const levelOf = (room: string, path: readonly string[]): number => {
    if (path.includes(room)) throw new RangeError(`arrows go in a circle: ${[...path, room].join(" > ")}`);
    const known = levels.get(room);
    if (known !== undefined) return known;
    const used = [...(arrows.get(room) ?? [])].map((other) => levelOf(other, [...path, room]));
    const level = used.length === 0 ? 0 : Math.max(...used) + 1;
    levels.set(room, level);
    return level;
  };
  for (const room of arrows.keys()) levelOf(room, []);
  return levels;
}

function reaches(arrows: Arrows, from: string, to: string): boolean {
  return from === to || [...(arrows.get(from) ?? [])].some((next) => reaches(arrows, next, to));
}

/** Arrows that no chain of others implies. */
function essential(arrows: Arrows): [from: string, to: string][] {
  return [...arrows].flatMap(([from, used]) =>
    [...used]
      .filter((to) => ![...used].some((other) => other !== to && reaches(arrows, other, to)))
      .map((to): [string, string] => [from, to]),
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

function placeRooms(levels: ReadonlyMap<string, number>): {
  places: Map<string, Place>;
  width: number;
  height: number;
} {
  const rows: string[][] = [];
  for (const [room, level] of levels) {
    rows[level] ??= [];
    rows[level].push(room);
  }
  const widest = Math.max(...rows.map((row) => row.length));
  const width = widest * (BOX.width + BOX.gap) - BOX.gap + 2 * BOX.margin;
  const height = (rows.length - 1) * BOX.row + BOX.height + 2 * BOX.margin;
  const places = new Map<string, Place>();
  rows.forEach((row, level) => {
    const rowWidth = row.length * (BOX.width + BOX.gap) - BOX.gap;
    row.sort().forEach((room, i) => {
      const x = (width - rowWidth) / 2 + i * (BOX.width + BOX.gap);
      places.set(room, { x, y: height - BOX.margin - BOX.height - level * BOX.row });
    });
  });
  return { places, width, height };
}

const STYLE = `
    text { font: 15px system-ui, sans-serif; fill: #1b1f24; text-anchor: middle }
    .about { font-size: 12px; fill: #57606a }
    rect { fill: #f6f8fa; stroke: #57606a }
    path { fill: none; stroke: #57606a }
    .head { fill: #57606a; stroke: none }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .about { fill: #9aa4af }
      rect { fill: #161b22; stroke: #9aa4af } path { stroke: #9aa4af } .head { fill: #9aa4af }
    }`;

/** The lab from within: its own rooms, and not what of the rest of the house they use. */
export function drawLab(imports: readonly Import[]): string {
  const own = imports.filter(({ from, to }) => from.startsWith("harness/") && to.startsWith("harness/"));
  return drawRooms(joinRooms(own, labRoomOf));
}

export function drawRooms(arrows: Arrows): string {
  const { places, width, height } = placeRooms(levelsOf(arrows));
  const lines = essential(arrows).map(([from, to]) => {
    const [a, b] = [places.get(from) as Place, places.get(to) as Place];
    const [x1, y1] = [a.x + BOX.width / 2, a.y + BOX.height];
    const [x2, y2] = [b.x + BOX.width / 2, b.y - 5];
    const bend = (y1 + y2) / 2;
    return `  <path d="M${x1} ${y1} C${x1} ${bend} ${x2} ${bend} ${x2} ${y2}" marker-end="url(#head)"/>`;
  });
  const boxes = [...places].map(
    ([room, { x, y }]) =>
      `  <rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/>
  <text x="${x + BOX.width / 2}" y="${y + 23}">${room}</text>
  <text class="about" x="${x + BOX.width / 2}" y="${y + 42}">${ABOUT[room] ?? ""}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The rooms of the house; an arrow points from a room to one it uses">
  <style>${STYLE}
  </style>
  <marker id="head" class="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 10 5 0 10z"/></marker>
${lines.join("\n")}
${boxes.join("\n")}
</svg>
`;
}
