/** What the cells of every notebook use: the files that they were opened over, and the lab's pieces of page as elements. */

/** What there is to look at, by kind of file, and what it is called. */
const TITLES = { results: "Results", latency: "Latency", sweep: "Sweep", history: "History" };
const WORDS = {
  results: "the results of runs",
  sweep: "a sweep of eviction policies",
  history: "a monitor's history",
  records: "records of gates",
};

/**
 * The data that `engram notebook` put beside the page. A page that has none says so above everything else.
 *
 * @param {...string} kinds that the notebook shows
 */
export async function load(...kinds) {
  try {
    const data = await read();
    showNotebooks(data);
    if (!kinds.includes(data.kind) && !data.notebooks.includes(here())) {
      const others = data.notebooks.map((name) => `${name}.html`).join(" or ");
      throw new Error(`${data.files.join(", ")}: is ${WORDS[data.kind]}, which ${others} shows`);
    }
    if (data.problems.length > 0) tell(data.problems);
    return data;
  } catch (error) {
    document.body.dataset.problem = "";
    tell([error.message]);
    throw error;
  }
}

async function read() {
  const wanted = "open it with: engram notebook FILE";
  let response;
  try {
    response = await fetch("data.json", { cache: "no-store" });
  } catch {
    throw new Error(`There is no data beside this page, or nobody serves it any more; ${wanted}`);
  }
  if (response.status === 404) throw new Error(`There is no data.json beside this page; ${wanted}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The data.json beside this page is damaged; ${wanted}`);
  }
}

function here() {
  return location.pathname
    .split("/")
    .at(-1)
    .replace(/\.html$/, "");
}

function showNotebooks({ notebooks, report }) {
  const links = notebooks.map((name) => link(`${name}.html`, TITLES[name], name === here()));
  if (report) links.push(link("report.html", "Report"));
  document.getElementById("notebooks").replaceChildren(...links);
}

function link(href, text, current = false) {
  const element = Object.assign(document.createElement("a"), { href, textContent: text });
  if (current) element.setAttribute("aria-current", "page");
  return element;
}

function tell(problems) {
  const list = Object.assign(document.createElement("ul"), { className: "notices" });
  list.append(...problems.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  document.getElementById("problem").replaceChildren(list);
}

/** A piece of the lab's pages as an element. What it was made of is escaped by who made it. */
export function element(html) {
  const template = document.createElement("template");
  template.innerHTML = String(html);
  const only = template.content.firstElementChild;
  // What is shown must be of no other parent.
  only.remove();
  return only;
}

/** Wider drawings than this have a row to themselves. */
const WIDE = 700;

/** Drawings in cards, side by side where there is room; those that have nothing to draw are left out. */
export function cards(...all) {
  const drawn = all.filter((card) => card !== null);
  const box = Object.assign(document.createElement("div"), { className: "cards" });
  if (drawn.length === 0) box.append(paragraph("There is nothing of it to be drawn."));
  box.append(...drawn);
  return box;
}

/**
 * @param drawing of a figure of reports/figures, null where it has nothing to draw
 * @param below markup, such as a table's
 */
export function card(title, drawing, below = null) {
  if (drawing === null && below === null) return null;
  const figure = Object.assign(document.createElement("figure"), { className: "card" });
  const caption = document.createElement("figcaption");
  caption.append(Object.assign(document.createElement("h3"), { textContent: title }));
  figure.append(caption);
  if (drawing !== null) {
    const svg = element(drawing);
    const isWide = svg.viewBox.baseVal.width > WIDE;
    figure.append(isWide ? scrolling(svg) : svg);
    figure.classList.toggle("wide", isWide);
  }
  if (below !== null) figure.append(element(below));
  figure.classList.toggle("wide", drawing === null || figure.classList.contains("wide"));
  return figure;
}

/** On a narrow screen a wide drawing is moved past, and not made too small to be read. */
function scrolling(svg) {
  const box = Object.assign(document.createElement("div"), { className: "scroll", tabIndex: 0 });
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", svg.getAttribute("aria-label"));
  box.append(svg);
  return box;
}

export function paragraph(text, className = "muted") {
  return Object.assign(document.createElement("p"), { textContent: text, className });
}

/** An input whose label is joined to what it labels, which Inputs does for one of them and not for a group. */
export function named(form) {
  const label = form.querySelector(":scope > label");
  const group = form.querySelector(":scope > div");
  if (label !== null && label.htmlFor === "" && group !== null) {
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", label.textContent);
  }
  return form;
}

/** A slider that says what it stands at in words. Inputs.range would want scripts in attributes, which the pages' policy lets nobody run. */
export function slider({ label, min, max, step = 1, value = max, text = String }) {
  const row = Object.assign(document.createElement("div"), { className: "slider", value });
  const name = Object.assign(document.createElement("label"), {
    textContent: label,
    htmlFor: `slider-${label}`,
    className: "slider-name",
  });
  const input = Object.assign(document.createElement("input"), {
    type: "range",
    id: name.htmlFor,
    className: "slider-input",
    min,
    max,
    step,
  });
  const said = document.createElement("output");
  input.value = value;
  const tell = () => {
    row.value = Number(input.value);
    said.textContent = text(row.value);
    input.setAttribute("aria-valuetext", said.textContent);
  };
  input.addEventListener("input", tell);
  tell();
  row.append(name, input, said);
  return row;
}

/** The code of a cell is there for those who ask for it. */
function foldCode() {
  for (const code of document.querySelectorAll("main > pre")) {
    const fold = Object.assign(document.createElement("details"), { className: "code" });
    code.replaceWith(fold);
    fold.append(Object.assign(document.createElement("summary"), { textContent: "The cell" }), code);
    code.tabIndex = 0;
  }
}

foldCode();
