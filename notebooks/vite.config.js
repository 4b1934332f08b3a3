/**
 * Builds the notebooks into pages that load nothing from anywhere: `npm run notebooks` at the root, or `npm run preview` here for
 * those who change one.
 */
import { fileURLToPath } from "node:url";
import { config, observable } from "@observablehq/notebook-kit/vite";
import { defineConfig } from "vite";
import { STYLE } from "../dist/reports/style.css.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { resolve, ...kit } = config();

export default defineConfig({
  ...kit,
  root: here("."),
  // Data of one's own, for the preview: data.json, as `engram notebook FILES --json` prints it.
  publicDir: "public",
  plugins: [
    observable({
      template: here("page.tmpl"),
      transformTemplate: (page) => page.replace("/* the style of every page */", () => STYLE),
    }),
  ],
  resolve: {
    alias: [
      // Of the kit's schemes the one for its own files; npm: and jsr: load from a network.
      ...resolve.alias.filter(({ find }) => String(find).includes("observable")),
      // The figures draw into a document: in Node one of linkedom's, in a browser the page's own.
      { find: "linkedom/worker", replacement: here("page-document.js") },
      { find: /^\.\/(?:recommendedLibraries|sampleDatasets)\.js$/, replacement: here("no-libraries.js") },
      { find: /^.*\/src\/monitor\/index\.js$/, replacement: here("monitor-figures.js") },
    ],
  },
  build: {
    outDir: here("../dist/notebooks"),
    emptyOutDir: true,
    copyPublicDir: false,
    reportCompressedSize: false,
    // The pages hold code of others, whose licences ask to be told.
    license: { fileName: "licenses.md" },
    rollupOptions: {
      checks: { pluginTimings: false },
      input: ["results", "latency", "sweep", "history"].map((name) => here(`${name}.html`)),
      // The rooms' doors lead to servers and threads as well; nothing of the lab does anything by being loaded.
      treeshake: { moduleSideEffects: (id) => !id.includes("/dist/") || id.includes("/node_modules/") },
    },
  },
});
