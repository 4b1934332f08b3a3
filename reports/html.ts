/**
 * HTML text in which everything is escaped unless it was built here. Scenario names, notes, file names and commits are
 * user input; with a tag that escapes by default, forgetting to escape is not possible.
 */

/** A piece of finished markup. Only `html` and `trusted` make one. */
export class Html {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What may stand in a hole of the template: text is escaped, markup passes, nothing and lists are as one expects. */
export type Hole = Html | string | number | null | undefined | false | readonly Hole[];

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]);
}

/** Template tag: `html`<b>${name}</b>`` escapes every hole that is not markup already. */
export function html(strings: TemplateStringsArray, ...holes: Hole[]): Html {
  let text = strings[0];
  holes.forEach((hole, index) => {
    text += render(hole) + strings[index + 1];
  });
  return new Html(text);
}

/** Markup that another serialiser produced and escaped (an SVG from the DOM, our own style sheet). */
export function trusted(text: string): Html {
  return new Html(text);
}

/**
 * JSON for a `<script type="application/json">`. With every `<` written as an escape neither `</script` nor `<!--` can
 * occur, so no string inside can end or change the element; a JSON parser reads it back unchanged.
 */
export function embeddedJson(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/</g, "\\u003c"));
}

function render(hole: Hole): string {
  if (hole === null || hole === undefined || hole === false) return "";
  if (hole instanceof Html) return hole.text;
  if (typeof hole === "string") return escapeHtml(hole);
  if (typeof hole === "number") return String(hole);
  return hole.map(render).join("");
}
