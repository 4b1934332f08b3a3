/** What backups cost: files mapped into memory against positioned writes, side by side. */
import { type Section, table } from "../chrome.js";
import { count, significant } from "../format.js";
import { unique } from "../groups.js";
import { type Hole, html } from "../html.js";
import type { BackupSpeed } from "../results.js";

export function backupsSection(backups: readonly BackupSpeed[]): Section | null {
  if (backups.length === 0) return null;
  const lines = unique(backups.map(({ what, durability }) => `${what}\n${durability}`));
  return {
    id: "backups",
    title: "Speed of backups and of recovery",
    short: "Backups",
    lead: "Median of the rounds, the worst in brackets. Files mapped into memory, against writes at positions of a file.",
    body: html`<div class="card">${table(
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
        // Recovery writes nothing: its one figure stands under neither way.
        const other = own.find((row) => row !== mapped && row !== positioned);
        const regions = (mapped ?? positioned ?? other)?.regions ?? 0;
        return [
          other === undefined ? what : html`${what} <span class="muted small nowrap">${milliseconds(other)}</span>`,
          durability === "" ? "–" : durability === "process" ? "the process" : `the ${durability}`,
          milliseconds(mapped),
          milliseconds(positioned),
          mapped && positioned && positioned.medianMs > 0
            ? `${significant(mapped.medianMs / positioned.medianMs)} ×`
            : "–",
          regions === 0 ? "–" : count(regions),
        ];
      }),
      { label: "Speed of backups" },
    )}</div>`,
  };
}

function milliseconds(row: BackupSpeed | undefined): Hole {
  if (row === undefined) return "–";
  return html`${significant(row.medianMs)} ms <span class="muted small nowrap">(${significant(row.worstMs)})</span>`;
}
