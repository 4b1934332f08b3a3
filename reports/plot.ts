/**
 * Observable Plot on the server: a plot becomes the text of an SVG that carries no style sheet of its own, scales with
 * its container and takes its colours from the page (`currentColor` and custom properties), so one drawing serves the
 * light scheme, the dark one and paper.
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom/worker";
import { type Html, trusted } from "./html.js";

/** The little of the DOM that is used here; the full types would pull the browser's globals into every room. */
interface DrawnElement {
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<DrawnElement>;
  remove(): void;
}

type Document = NonNullable<Plot.PlotOptions["document"]>;

// Not a browser's whole DOM: that takes two seconds to load, which every run would pay for a handful of drawings (decision 0041).
const drawingDocument = parseHTML("<!doctype html><html></html>").document as unknown as Document;

/** Width every figure is drawn at, in px; the page scales it between about 0.75 and 1.3 of that. */
export const FIGURE_WIDTH = 450;

/**
 * Draws one SVG. `label` names it for those who do not see it; the exact figures belong in a table beside it.
 * No legend, title or caption options: with those Plot returns a <figure>, and captions are the page's business.
 */
export function draw(label: string, options: Plot.PlotOptions): Html {
  const svg = Plot.plot({
    width: FIGURE_WIDTH,
    ...options,
    document: drawingDocument,
    className: "plot",
    style: { background: "none", fontSize: "12.5px", ...(options.style as object | undefined) },
  }) as unknown as DrawnElement;
  for (const style of svg.querySelectorAll("style")) style.remove();
  // The whole drawing is one image with one name; Plot's names of its groups are not valid inside it.
  for (const group of svg.querySelectorAll("g[aria-label]")) {
    group.setAttribute("data-mark", group.getAttribute("aria-label")!);
    group.removeAttribute("aria-label");
  }
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  return trusted(svg.outerHTML);
}

export { Plot };
