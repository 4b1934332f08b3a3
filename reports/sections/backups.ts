/** What backups cost: files mapped into memory against positioned writes, side by side. */
import { type Section, table } from "../chrome.js";
import { count, significant } from "../format.js";
import { unique } from "../groups.js";
import { type Hole, type Html, html } from "../html.js";
import type { BackupSpeed } from "../results.js";

export function backupsSection(backups: readonly BackupSpeed[]): Section | null {
  if (backups.length === 0) return null;
  const read = backups.filter((row) => !writes(row));
  return {
    id: "backups",
    title: "Speed of backups and of recovery",
    short: "Backups",
    lead: "Median of the rounds, the worst in brackets. Files mapped into memory, against writes at positions of a file.",
    body: html`<div class="stack"><div class="card">${writtenTable(backups.filter(writes))}</div>${
      read.length === 0 ? null : html`<div class="card"><h3>Recovery</h3>${readTable(read)}</div>`
    }</div>`,
  };
}

function writes({ writing }: BackupSpeed): boolean {
  return writing === "mapped" || writing === "positioned";
}

function writtenTable(backups: readonly BackupSpeed[]): Html {
  const lines = unique(backups.map(({ what, durability }) => `${what}\n${durability}`));
  return table(
    [
      { title: "Backup", text: true, wrap: true },
      { title: "Survives", text: true },
      { title: "Mapped" },
      { title: "Positioned" },
      { title: "Mapped over positioned" },
      { title: "Regions written" },
    ],
    lines.map((line) => {
      const [what, durability] = line.split("\n");
      const own = backups.filter((row) => row.what === what && row.durability === durability);
      const mapped = own.find(({ writing }) => writing === "mapped");
      const positioned = own.find(({ writing }) => writing === "positioned");
      const regions = (mapped ?? positioned)?.regions ?? 0;
      return [
        what,
        durability === "process" ? "the end of the process" : `the end of power (${durability})`,
        milliseconds(mapped),
        milliseconds(positioned),
        mapped && positioned && positioned.medianMs > 0
          ? `${significant(mapped.medianMs / positioned.medianMs)} ×`
          : "–",
        regions === 0 ? "–" : count(regions),
      ];
    }),
    { label: "Speed of backups", stacks: true },
  );
}

/** What writes nothing: from the files to a store that serves, and parts of that. */
function readTable(rows: readonly BackupSpeed[]): Html {
  return table(
    [{ title: "Step", text: true, wrap: true }, { title: "Median" }, { title: "Worst" }],
    rows.map(({ what, medianMs, worstMs }) => [what, `${significant(medianMs)} ms`, `${significant(worstMs)} ms`]),
    { label: "Speed of recovery", stacks: true },
  );
}

function milliseconds(row: BackupSpeed | undefined): Hole {
  if (row === undefined) return "–";
  return html`${significant(row.medianMs)} ms <span class="muted small nowrap">(${significant(row.worstMs)})</span>`;
}
