/** Everything that a browser may ask for over some files: the built pages that fit, the data, and the report they lead to. */
import { renderEviction, renderReport, renderTrend } from "../../reports/pages.js";
import type { NotebookData } from "./data.js";
import type { PageFile } from "./pages.js";

/** Where the pages look for their data. */
export const DATA = "data.json";
export const REPORT = "report.html";
export const FIRST = "index.html";

/** Only what is served with the pages, and no script but theirs. Drawings carry styles of their own. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The data as the pages take it; they link to the report that lies beside them. */
export function dataText(data: NotebookData): string {
  return JSON.stringify({ ...data, report: true });
}

/** The page that `engram report`, `evict -o` or `trend -o` draws of the same files, with a link back. */
export function reportText(data: NotebookData): string {
  const explore = `${data.notebooks[0]}.html`;
  switch (data.kind) {
    case "results":
      return renderReport(data.results, null, explore);
    case "sweep":
      return renderEviction(data.rows, explore);
    default:
      return renderTrend(data.trend, explore);
  }
}

/** A page of no more than the way to the first notebook. */
export function firstPage({ notebooks }: NotebookData): PageFile {
  const [name] = notebooks;
  const text = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Engram notebook</title>
<meta http-equiv="refresh" content="0;url=${name}.html">
<p><a href="${name}.html">The notebook</a></p>
</html>
`;
  return { type: "text/html; charset=utf-8", text };
}
