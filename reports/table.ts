/** Tables of a page, and names in them in the colour that they have in the figures. */
import { type Hole, type Html, html } from "./html.js";
import type { Look } from "./palette.js";

export interface Column {
  title: Hole;
  /** Text columns stand left, figures right. */
  text?: boolean;
  /** Long text that may break. */
  wrap?: boolean;
  /** A figure whose unit may stand below it. */
  soft?: boolean;
}

export interface TableOptions {
  caption?: Hole;
  /** Scrolls in height as well, for tables of hundreds of rows. */
  tall?: boolean;
  /** On a narrow screen a row becomes a card, each cell with its column's title beside it. Titles must be plain text. */
  stacks?: boolean;
  /** Name of the scrolling region for those who do not see it. */
  label: string;
}

/** A table that scrolls inside its own container; the first column names the row. */
export function table(columns: readonly Column[], rows: readonly (readonly Hole[])[], options: TableOptions): Html {
  const { caption, label, stacks, tall } = options;
  const classOf = ({ text, wrap, soft }: Column) =>
    [text && "text", wrap && "wrap", soft && "soft"].filter(Boolean).join(" ");
  const attributes = columns.map((column) => {
    const name = classOf(column);
    return name === "" ? null : html` class="${name}"`;
  });
  // A browser forgets that something is a table when it is drawn as blocks, unless its parts say what they are.
  const role = (name: string) => (stacks ? html` role="${name}"` : null);
  const titles = columns.map(({ title }) => (stacks ? html` data-title="${title}"` : null));
  const cell = (content: Hole, index: number) =>
    index === 0
      ? html`<th scope="row"${role("rowheader")}${attributes[index]}>${content}</th>`
      : html`<td${role("cell")}${titles[index]}${attributes[index]}>${stacks ? html`<span>${content}</span>` : content}</td>`;
  return html`<div class="scroll${tall ? " tall" : null}" role="group" aria-label="${label}" tabindex="0"><table${
    stacks ? html` class="stacks" role="table"` : null
  }>${caption ? html`<caption>${caption}</caption>` : null}<thead${role("rowgroup")}><tr${role("row")}>${columns.map(
    ({ title }, index) => html`<th scope="col"${role("columnheader")}${attributes[index]}>${title}</th>`,
  )}</tr></thead><tbody${role("rowgroup")}>${rows.map((cells) => html`<tr${role("row")}>${cells.map(cell)}</tr>`)}</tbody></table></div>
`;
}

/** A name with the colour it has in the figures. */
export function named(label: string, look: Look): Html {
  return html`<span class="swatch" style="--swatch:${look.colour}"></span>${label}`;
}
