/**
 * Walks a text of line protocol. A line ends at a line feed that is not inside quotes; what is escaped depends on where one is: comma and blank in
 * a measurement, comma, equals sign and blank in keys and the values of tags, quote and backslash in texts. Any other backslash is itself.
 */

const LF = 10;
const CR = 13;
const BLANK = 32;
const QUOTE = 34;
const HASH = 35;
const COMMA = 44;
const EQUALS = 61;
const BACKSLASH = 92;

export class LineScanner {
  /** Of the line one is in, from 1. */
  line = 0;
  private at = 0;
  private lineStart = 0;
  /** Line feeds inside quotes that were passed in this line. */
  private inside = 0;
  /** Where the last part that was read begins: what a fault is about. */
  private part = 0;

  constructor(private readonly input: string) {}

  /** From 1, in UTF-16 units, of what was read last. */
  get column(): number {
    return this.part - this.lineStart + 1;
  }

  /** Goes to the next line that is neither empty nor a comment; false at the end. */
  nextLine(): boolean {
    for (;;) {
      if (this.line > 0) {
        this.leaveLine();
        if (this.at >= this.input.length) return false;
        this.line += this.inside;
        this.at++; // its line feed
      }
      this.line++;
      this.inside = 0;
      this.lineStart = this.at;
      while (this.code() === BLANK || this.code() === CR) this.at++;
      this.part = this.at;
      if (this.code() === HASH) this.leaveLine();
      if (!this.atEnd()) return true;
    }
  }

  /** To its end, as it would be read if nothing were quoted from here on: the next line may be a good one. */
  leaveLine(): void {
    const end = this.input.indexOf("\n", this.at);
    this.at = end < 0 ? this.input.length : end;
  }

  /** A carriage return before a line feed belongs to it. */
  atEnd(): boolean {
    const code = this.code();
    if (this.at >= this.input.length || code === LF) return true;
    return code === CR && (this.at + 1 >= this.input.length || this.input.charCodeAt(this.at + 1) === LF);
  }

  /** A word up to what ends it there, its escapes undone. */
  word(kind: "measurement" | "key" | "value"): string {
    this.part = this.at;
    let escaped = false;
    for (; !this.atEnd(); this.at++) {
      const code = this.code();
      if (code === BACKSLASH && this.escapes(kind)) {
        escaped = true;
        this.at++;
      } else if (code === COMMA || code === BLANK || (code === EQUALS && kind !== "measurement")) break;
    }
    const raw = this.input.slice(this.part, this.at);
    if (!escaped) return raw;
    return raw.replace(kind === "measurement" ? /\\([, ])/g : /\\([,= ])/g, "$1");
  }

  /** Whether the backslash here makes the next character an ordinary one. */
  private escapes(kind: "measurement" | "key" | "value"): boolean {
    const next = this.input.charCodeAt(this.at + 1);
    return next === COMMA || next === BLANK || (next === EQUALS && kind !== "measurement");
  }

  /** What is written without quotes, up to a comma, a blank or the end. */
  plain(): string {
    this.part = this.at;
    while (!this.atEnd() && this.code() !== COMMA && this.code() !== BLANK) this.at++;
    return this.input.slice(this.part, this.at);
  }

  isQuote(): boolean {
    return this.code() === QUOTE;
  }

  /** Goes behind a text in quotes; false when it has no end. */
  text(): boolean {
    this.part = this.at;
    let feeds = 0;
    for (let i = this.at + 1; i < this.input.length; i++) {
      const code = this.input.charCodeAt(i);
      if (code === BACKSLASH) {
        if (this.input.charCodeAt(i + 1) === QUOTE || this.input.charCodeAt(i + 1) === BACKSLASH) i++;
      } else if (code === LF) feeds++;
      else if (code === QUOTE) {
        this.at = i + 1;
        this.inside += feeds;
        return true;
      }
    }
    return false;
  }

  /** Goes behind the character if it is here. */
  is(character: "," | "="): boolean {
    this.part = this.at;
    if (this.code() !== (character === "," ? COMMA : EQUALS)) return false;
    this.at++;
    return true;
  }

  /** Goes behind blanks; false when there is none, or nothing but the end behind them. */
  blank(): boolean {
    const before = this.at;
    while (this.code() === BLANK) this.at++;
    if (this.at === before) return false;
    this.part = this.at;
    return !this.atEnd();
  }

  private code(): number {
    return this.input.charCodeAt(this.at);
  }
}
