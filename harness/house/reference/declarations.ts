/** Declaration files as tsc writes them: what a file exports, where a name of it is declared, and which comment stands before what. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseSync } from "oxc-parser";

/** A node of the syntax tree, as far as it is looked at here. */
export interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [part: string]: unknown;
}

/** A declaration with what stands before it; overloads are one each. */
export interface Declared {
  readonly file: string;
  readonly node: Syntax;
  /** Without its stars; undefined where no doc comment stands before it. */
  readonly comment: string | undefined;
}

interface Source {
  readonly text: string;
  readonly body: readonly Syntax[];
  /** Where doc comments end, and what they say. */
  readonly comments: ReadonlyMap<number, string>;
}

const DECLARATIONS = new Set([
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
  "TSEnumDeclaration",
  "ClassDeclaration",
  "FunctionDeclaration",
  "TSDeclareFunction",
  "VariableDeclaration",
]);

function nameOf(part: unknown): string {
  const { name, value } = part as { name?: string; value?: string };
  return name ?? value ?? "";
}

/** Reads each file once. */
export class Declarations {
  readonly #sources = new Map<string, Source>();

  /** The doc comment before a node, with nothing but blanks between. */
  commentBefore(file: string, node: Syntax): string | undefined {
    const { text, comments } = this.#read(file);
    let end = node.start;
    while (end > 0 && /\s/.test(text[end - 1])) end -= 1;
    return comments.get(end);
  }

  /** The comment that a file begins with, or nothing. */
  openingOf(file: string): string {
    const { text, comments } = this.#read(file);
    const end = text.indexOf("*/") + 2;
    return text.startsWith("/**") ? (comments.get(end) ?? "") : "";
  }

  /** All that a file exports under its names, through other files where it must be. */
  exportsOf(file: string): Map<string, Declared[]> {
    const found = new Map<string, Declared[]>();
    const add = (name: string, declared: readonly Declared[]): void => {
      found.set(name, [...(found.get(name) ?? []), ...declared]);
    };
    for (const node of this.#read(file).body) {
      if (node.type === "ExportAllDeclaration") {
        const from = this.#target(file, node.source);
        if (from !== undefined) for (const [name, declared] of this.exportsOf(from)) add(name, declared);
      }
      if (node.type !== "ExportNamedDeclaration") continue;
      if (node.declaration !== null) {
        for (const name of namesDeclared(node.declaration as Syntax)) add(name, this.#one(file, node));
        continue;
      }
      const from = this.#target(file, node.source);
      for (const specifier of node.specifiers as readonly Syntax[]) {
        const [local, exported] = [nameOf(specifier.local), nameOf(specifier.exported)];
        if (node.source === null) add(exported, this.named(file, local));
        else if (from !== undefined) add(exported, this.exportsOf(from).get(local) ?? []);
      }
    }
    return found;
  }

  /** What a name means within a file: declared there, or imported. */
  named(file: string, name: string): Declared[] {
    const found: Declared[] = [];
    for (const node of this.#read(file).body) {
      const declaration = (node.type === "ExportNamedDeclaration" ? node.declaration : node) as Syntax | null;
      if (declaration !== null && DECLARATIONS.has(declaration.type) && namesDeclared(declaration).includes(name)) {
        found.push(...this.#one(file, node));
      }
      if (node.type !== "ImportDeclaration") continue;
      const specifier = (node.specifiers as readonly Syntax[]).find((one) => nameOf(one.local) === name);
      const from = specifier === undefined ? undefined : this.#target(file, node.source);
      if (specifier === undefined || from === undefined) continue;
      found.push(...(this.exportsOf(from).get(nameOf(specifier.imported)) ?? []));
    }
    return found;
  }

  #one(file: string, node: Syntax): Declared[] {
    const declaration = (node.type === "ExportNamedDeclaration" ? node.declaration : node) as Syntax;
    return [{ file, node: declaration, comment: this.commentBefore(file, node) }];
  }

  /** Another package's file is not followed. */
  #target(file: string, source: unknown): string | undefined {
    const name = nameOf(source ?? {});
    if (!name.startsWith(".")) return undefined;
    const target = resolve(dirname(file), name.replace(/\.js$/, ".d.ts"));
    return existsSync(target) ? target : undefined;
  }

  #read(file: string): Source {
    const known = this.#sources.get(file);
    if (known !== undefined) return known;
    const text = readFileSync(file, "utf8");
    const { program, comments, errors } = parseSync(file, text);
    if (errors.length > 0) throw new Error(`${file} is no declaration file: ${errors[0].message}`);
    const docs = comments.filter(({ type, value }) => type === "Block" && value.startsWith("*"));
    const source = {
      text,
      body: program.body as unknown as readonly Syntax[],
      comments: new Map(docs.map(({ end, value }) => [end, value.replace(/^\s*\* ?/gm, "").trim()])),
    };
    this.#sources.set(file, source);
    return source;
  }
}

function namesDeclared(node: Syntax): string[] {
  if (node.type !== "VariableDeclaration") return [nameOf(node.id)];
  return (node.declarations as readonly Syntax[]).map(({ id }) => nameOf(id));
}
