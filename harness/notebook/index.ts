/** Notebooks over one's own files: which fits, what it is given, and how it gets to a browser. */
export { notebookCommand } from "./command.js";
export { BUILT as BUILT_NOTEBOOKS } from "./pages.js";
