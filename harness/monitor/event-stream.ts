/** Server-sent events as a stream of blocks. Source: the HTML standard, "Server-sent events", as far as a monitor sends them. */

export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** A block that does not end within this is no monitor's: a page of an hour's history is a twentieth of it. */
const BLOCK_MAX = 64 * 2 ** 20;

/** Takes text in pieces as they come, and gives the events that are whole. */
export class EventParser {
  private rest = "";

  /** @throws RangeError when a block has no end */
  *push(text: string): Generator<StreamEvent> {
    this.rest += text.replaceAll("\r", "");
    if (this.rest.length > BLOCK_MAX) throw new RangeError("an event without end");
    for (let end = this.rest.indexOf("\n\n"); end >= 0; end = this.rest.indexOf("\n\n")) {
      const block = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + 2);
      const event = fieldOf(block, "event");
      const data = fieldOf(block, "data");
      if (event !== null && data !== null) yield { event, data };
    }
  }
}

/** The field's lines, joined; null when it has none. */
function fieldOf(block: string, name: string): string | null {
  const lines = block.split("\n").filter((line) => line.startsWith(`${name}:`));
  if (lines.length === 0) return null;
  return lines.map((line) => line.slice(name.length + 1).replace(/^ /, "")).join("\n");
}
