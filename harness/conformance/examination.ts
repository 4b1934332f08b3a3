/** What examining a subject tells. */

export interface Finding {
  /** A fault makes its figures worthless; a note is what a reader of them should know. */
  readonly kind: "fault" | "note";
  /** What tells it from those of another kind: an operation, mostly. */
  readonly about: string;
  readonly message: string;
}

/** What a subject says of itself. */
export interface SubjectFacts {
  readonly name: string;
  readonly summary: string;
  readonly shared: boolean;
  readonly expires: boolean;
  readonly asynchronous: boolean;
  readonly cannot: readonly string[];
  readonly also: readonly string[];
}

export interface Examination {
  readonly file: string;
  /** Null: it could not be loaded. */
  readonly subject: SubjectFacts | null;
  readonly workers: number;
  /** Operations that were compared with the model, by name. */
  readonly checked: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

export function isSound({ findings }: Pick<Examination, "findings">): boolean {
  return !findings.some(({ kind }) => kind === "fault");
}

/** Collects what one worker found: a fault that comes again and again is told once, with how often. */
export class Findings {
  readonly #found = new Map<string, { kind: Finding["kind"]; message: string; count: number }>();
  readonly checked: Record<string, number> = {};

  count(operation: string): void {
    this.checked[operation] = (this.checked[operation] ?? 0) + 1;
  }

  fault(about: string, message: string): void {
    this.#add("fault", about, message);
  }

  note(about: string, message: string): void {
    this.#add("note", about, message);
  }

  get list(): Finding[] {
    return [...this.#found].map(([about, { kind, message, count }]) => ({
      kind,
      about,
      message: count === 1 ? message : `${message} (and ${count - 1} more of the kind)`,
    }));
  }

  #add(kind: Finding["kind"], about: string, message: string): void {
    const known = this.#found.get(about);
    if (known === undefined) this.#found.set(about, { kind, message, count: 1 });
    else known.count++;
  }
}
