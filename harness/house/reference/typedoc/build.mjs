/**
 * Makes the API reference of the entries that it is told of as JSON: a page of Markdown for each, and HTML. Reads the declarations that are packed,
 * in which what is internal is stripped already. A program of its own, since only here typedoc is to be found.
 *
 * Exit codes: 0 made; 1 made, and something in it is wrong: a link to nothing, a type that no entry exports; 3 not made.
 */
import { Application, LogLevel } from "typedoc";

/** @type {{ entries: { name: string, types: string }[], base: string, tsconfig: string, markdown: string, html: string }} */
const { entries, base, tsconfig, markdown, html } = JSON.parse(process.argv[2]);

/** Reached by types that programs meet, and nothing that they name themselves. */
const NOT_EXPORTED = [
  // the lists that unions of names are made of
  ...["KINDS", "METRICS", "BACKENDS", "PRESSURES", "POLICIES", "METRIC_COUNTS", "REFUSALS", "TYPES", "PARTS"],
  ...["pressureLevels", "SAMPLED_KINDS", "RECOVERY_STEPS", "DURABILITIES", "STRATEGIES", "Setting"],
  // what programs meet as its subclass in "engram"
  ...["src/store/store.d.ts:Store", "src/backup/backups.d.ts:Backups", "src/backup/restore.d.ts:Restored"],
  // what is handed on and never looked into
  ...["SamplingHandle", "Kernels", "__global.WebAssembly.Memory", "CheckedListen"],
  // seams of tests and of the rooms inside
  ...["JournalFiles", "ConnectionRecords", "GroupMemory", "Arena", "MemoryLog", "Controlled"],
];

const app = await Application.bootstrapWithPlugins({
  plugin: ["typedoc-plugin-markdown"],
  tsconfig,
  basePath: base,
  entryPoints: entries.map(({ types }) => types),
  name: "engram",
  readme: "none",
  disableGit: true,
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  // in the order in which the sources have them: what belongs together stands together there
  sort: ["source-order"],
  kindSortOrder: ["Function", "Class", "Interface", "TypeAlias", "Variable"],
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: false },
  intentionallyNotExported: NOT_EXPORTED,
  logLevel: LogLevel.Warn,
  outputs: [
    {
      name: "markdown",
      path: markdown,
      options: {
        outputFileStrategy: "modules",
        hidePageHeader: true,
        hideBreadcrumbs: true,
        interfacePropertiesFormat: "table",
        typeDeclarationFormat: "table",
        parametersFormat: "table",
        enumMembersFormat: "table",
      },
    },
    { name: "html", path: html },
  ],
});
const project = await app.convert();
if (project === undefined) process.exit(3);
app.validate(project);
const found = new Set((project.children ?? []).map(({ name }) => name));
for (const { name } of entries) {
  if (!found.has(name)) app.logger.warn(`${name} has no "@module ${name}" at the head of its file`);
}
await app.generateOutputs(project);
process.exit(app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0);
