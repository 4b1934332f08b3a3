/**
 * What the package's types do not say: exports without a comment, members without one, and optional settings that do not tell what holds
 * without them. It reads the declarations that are packed, since those are what an editor shows.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Declarations, type Declared, type Syntax } from "./declarations.js";

/** An entry of the package: what a program imports it by, and the file with its types. */
export interface Entry {
  readonly name: string;
  readonly types: string;
}

/** For the lab alone; it changes without notice. */
const NOT_FOR_PROGRAMS = "./internal";

/** The entries of a package that programs may use, by its manifest. */
export function entriesOf(root: string): Entry[] {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const exported = Object.entries(manifest.exports as Record<string, string | { types?: string }>);
  return exported.flatMap(([path, target]) => {
    if (typeof target === "string" || target.types === undefined || path === NOT_FOR_PROGRAMS) return [];
    return [{ name: join(manifest.name, path), types: join(root, target.types) }];
  });
}

/** How this house says it: "Default 5 s", "without it …", "… unless given". */
const TELLS_THE_DEFAULT = /\bdefaults?\b|\bunless\b|\bwithout\b|\botherwise\b|\binstead of\b/i;
const SETTINGS = /(Options|Settings)$/;

/** One line a fault, "engram/monitor: MonitorOptions.every (dist/…) …", in the order of the entries. */
export function referenceFaults(root: string): string[] {
  const declarations = new Declarations();
  const faults = new Set<string>();
  const seen = new Set<Syntax>();
  for (const { name: entry, types } of entriesOf(root)) {
    for (const [name, declared] of declarations.exportsOf(types)) {
      if (declared.length === 0 || seen.has(declared[0].node)) continue;
      for (const { node } of declared) seen.add(node);
      const at = relative(root, declared[0].file);
      if (declared.every(({ comment }) => comment === undefined))
        faults.add(`${entry}: ${name} has no comment (${at})`);
      for (const fault of memberFaults(declarations, name, declared)) faults.add(`${entry}: ${fault} (${at})`);
      // What it takes from interfaces that are not exported themselves is shown as its own.
      for (const base of declared.flatMap((one) => basesOf(declarations, one))) {
        if (seen.has(base.node) || base.node.type !== "TSInterfaceDeclaration") continue;
        const baseAt = relative(root, base.file);
        for (const fault of memberFaults(declarations, name, [base])) faults.add(`${entry}: ${fault} (${baseAt})`);
      }
    }
  }
  return [...faults];
}

interface Member {
  readonly name: string;
  readonly isOptional: boolean;
  readonly comment: string | undefined;
}

function memberFaults(declarations: Declarations, of: string, declared: readonly Declared[]): string[] {
  const faults: string[] = [];
  for (const one of declared) {
    const members = membersOf(declarations, one);
    const told = new Set(members.flatMap(({ name, comment }) => (comment === undefined ? [] : [name])));
    for (const base of basesOf(declarations, one)) {
      for (const { name, comment } of membersOf(declarations, base)) if (comment !== undefined) told.add(name);
    }
    for (const { name, isOptional, comment } of members) {
      if (!told.has(name)) faults.push(`${of}.${name} has no comment`);
      else if (SETTINGS.test(of) && isOptional && comment !== undefined && !TELLS_THE_DEFAULT.test(comment)) {
        faults.push(`${of}.${name} does not tell its default`);
      }
    }
  }
  return faults;
}

/** Interfaces that a class implements and what it extends: whose comments editors show where the class has none. */
function basesOf(declarations: Declarations, { file, node }: Declared): Declared[] {
  const names = [
    ...((node.implements as readonly Syntax[] | undefined) ?? []).map(({ expression }) => expression),
    node.superClass,
    ...(node.type === "TSInterfaceDeclaration" ? (node.extends as readonly Syntax[]) : []).map((one) => one.expression),
  ].map((expression) => (expression as { name?: string } | null | undefined)?.name);
  const bases = names.flatMap((name) => (name === undefined ? [] : declarations.named(file, name)));
  return bases.flatMap((base) => [base, ...basesOf(declarations, base)]);
}

const MEMBERS = new Set([
  "TSPropertySignature",
  "TSMethodSignature",
  "MethodDefinition",
  "PropertyDefinition",
  "TSAbstractMethodDefinition",
  "TSAbstractPropertyDefinition",
]);

function membersOf(declarations: Declarations, { file, node }: Declared): Member[] {
  return bodiesOf(node).flatMap((body) =>
    body.flatMap((member): Member[] => {
      const key = member.key as Syntax | undefined;
      const isInside =
        ["private", "protected"].includes(String(member.accessibility)) || key?.type === "PrivateIdentifier";
      if (!MEMBERS.has(member.type) || key === undefined || isInside || member.kind === "constructor") return [];
      // `[Symbol.dispose]` and its like say by their names what they do.
      if (member.computed === true) return [];
      const name = String(key.name ?? key.value);
      const itself = { name, isOptional: member.optional === true, comment: declarations.commentBefore(file, member) };
      return [itself, ...partsOf(declarations, file, name, member)];
    }),
  );
}

/** Where a member's type is an object that is written out there, or a list of such, that object's own members, as "memory.usedBytes". */
function partsOf(declarations: Declarations, file: string, name: string, member: Syntax): Member[] {
  let type = (member.typeAnnotation as Syntax | null | undefined)?.typeAnnotation as Syntax | undefined;
  while (type?.type === "TSTypeOperator" || type?.type === "TSArrayType") {
    type = (type.typeAnnotation ?? type.elementType) as Syntax;
  }
  if (type === undefined) return [];
  const parts = membersOf(declarations, { file, comment: undefined, node: type });
  return parts.map((part) => ({ ...part, name: `${name}.${part.name}` }));
}

/** Where members are declared: in an interface, in a class, in the object types that an alias is put together from. */
function bodiesOf(node: Syntax): (readonly Syntax[])[] {
  switch (node.type) {
    case "TSInterfaceDeclaration":
    case "ClassDeclaration":
      return [(node.body as Syntax).body as readonly Syntax[]];
    case "TSTypeAliasDeclaration":
      return bodiesOf(node.typeAnnotation as Syntax);
    case "TSTypeLiteral":
      return [node.members as readonly Syntax[]];
    case "TSUnionType":
    case "TSIntersectionType":
      return (node.types as readonly Syntax[]).flatMap(bodiesOf);
    default:
      return [];
  }
}
