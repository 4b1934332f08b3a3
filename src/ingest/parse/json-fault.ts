/**
 * Where a text stops being JSON. The engine's parser says so in some versions and for some faults only, and it is told to people: so a text
 * that it refused is walked once more, by the grammar of RFC 8259, without making anything of it.
 */

export interface JsonFault {
  /** From 1; a column is a UTF-16 unit, as editors count. */
  readonly line: number;
  readonly column: number;
  /** What is there: a character as JSON writes it, or "the end". */
  readonly found: string;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const WORD = /true|false|null/y;
const BLANK = /[ \t\n\r]*/y;

const QUOTE = 34;
const BACKSLASH = 92;
const BLANK_CODE = 32;

/** The first fault of a text that is no JSON; null when there is none. */
export function findJsonFault(text: string): JsonFault | null {
  const at = new Walk(text).fault();
  if (at === null) return null;
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  return {
    line,
    column: at - before.lastIndexOf("\n"),
    found: at >= text.length ? "the end" : JSON.stringify(String.fromCodePoint(text.codePointAt(at) as number)),
  };
}

class Walk {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Its place; null when the text is JSON. A list of what is open, not the stack: depth is the sender's. */
  fault(): number | null {
    const open: ("{" | "[")[] = [];
    this.skip(BLANK);
    for (;;) {
      // at the beginning of a value
      const first = this.text[this.at];
      if (first === "{" || first === "[") {
        this.at++;
        this.skip(BLANK);
        const empty = this.text[this.at] === (first === "{" ? "}" : "]");
        if (!empty) {
          open.push(first);
          if (first === "{" && !this.key()) return this.at;
          continue;
        }
        this.at++;
      } else if (!this.scalar(first)) return this.at;
      // behind a value
      for (;;) {
        this.skip(BLANK);
        const inside = open.at(-1);
        if (inside === undefined) return this.at === this.text.length ? null : this.at;
        const next = this.text[this.at];
        if (next === ",") {
          this.at++;
          this.skip(BLANK);
          if (inside === "{" && !this.key()) return this.at;
          break;
        }
        if (next !== (inside === "{" ? "}" : "]")) return this.at;
        this.at++;
        open.pop();
      }
    }
  }

  private key(): boolean {
    if (!this.string()) return false;
    this.skip(BLANK);
    if (this.text[this.at] !== ":") return false;
    this.at++;
    this.skip(BLANK);
    return true;
  }

  private scalar(first: string | undefined): boolean {
    if (first === '"') return this.string();
    return this.skip(WORD) > 0 || this.skip(NUMBER) > 0;
  }

  /** When it is none, the place is where it went wrong. */
  private string(): boolean {
    if (this.text[this.at] !== '"') return false;
    this.at++;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === BACKSLASH) {
        if (this.skip(ESCAPE) === 0) return false;
      } else if (code >= BLANK_CODE) {
        this.at++;
        if (code === QUOTE) return true;
      } else return false; // a control character, or NaN: the end
    }
  }

  /** Goes behind what matches here, and says how much that was. */
  private skip(pattern: RegExp): number {
    pattern.lastIndex = this.at;
    const length = pattern.exec(this.text)?.[0].length ?? 0;
    this.at += length;
    return length;
  }
}
