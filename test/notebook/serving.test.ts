import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type NotebookData, readNotebookData } from "#dist/harness/notebook/data.js";
import { writeFolder } from "#dist/harness/notebook/folder.js";
import { madeOf } from "#dist/harness/notebook/made-of.js";
import { areStale, type PageFile, pageFiles } from "#dist/harness/notebook/pages.js";
import { type NotebookServer, serveNotebook } from "#dist/harness/notebook/server.js";
import { FILES } from "./files.js";

const folder = mkdtempSync(join(tmpdir(), "engram-notebook-"));
afterAll(() => rmSync(folder, { recursive: true }));

const results = join(folder, "results.json");
let data: NotebookData;
beforeAll(async () => {
  writeFileSync(results, FILES.results());
  data = await readNotebookData([results]);
});

/** In the place of what the build makes, which needs what a checkout's `npm ci` does not bring. */
const PAGES: ReadonlyMap<string, PageFile> = new Map([
  ["results.html", { type: "text/html; charset=utf-8", text: "<p>results</p>" }],
  ["latency.html", { type: "text/html; charset=utf-8", text: "<p>latency</p>" }],
  ["assets/one.js", { type: "text/javascript; charset=utf-8", text: "1;" }],
]);

describe("the server", () => {
  let server: NotebookServer | null = null;
  afterEach(async () => {
    await server?.close();
    server = null;
  });
  const open = async (port = 0) => {
    server = await serveNotebook([results], data, PAGES, port);
    return server.url;
  };

  it("leads from its address to the fitting notebook, and serves what that asks for", async () => {
    const url = await open();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const first = await fetch(url, { redirect: "manual" });
    expect([first.status, first.headers.get("location")]).toEqual([302, "/results.html"]);
    const page = await fetch(`${url}results.html`);
    expect(await page.text()).toBe("<p>results</p>");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(await (await fetch(`${url}assets/one.js`)).text()).toBe("1;");
    const told = await (await fetch(`${url}data.json`)).json();
    expect(told).toMatchObject({ kind: "results", report: true, notebooks: ["results", "latency"] });
    expect(told.results[0].runs.length).toBeGreaterThan(0);
  });

  it("serves the report with a link back to the notebook", async () => {
    const page = await (await fetch(`${await open()}report.html`)).text();
    expect(page).toContain('<a href="results.html">Open the notebook</a>');
  });

  it("reads the files anew, and says what has become of them", async () => {
    const url = await open();
    try {
      writeFileSync(results, FILES.results().slice(0, 100));
      const cut = await fetch(`${url}data.json`);
      expect([cut.status, await cut.text()]).toEqual([
        503,
        expect.stringMatching(/results\.json: line 1, column \d+: the file is cut short/),
      ]);
      writeFileSync(results, FILES.results());
      expect((await fetch(`${url}data.json`)).status).toBe(200);
    } finally {
      writeFileSync(results, FILES.results());
    }
  });

  it.each([
    "/nothing",
    "/../package.json",
    "/assets/../../package.json",
    "/%2e%2e/package.json",
    "/sweep.html",
    "//x/y",
    "/\u0000",
  ])("has nothing at %s", async (path) => {
    const url = new URL(await open());
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request({ host: url.hostname, port: url.port, path: encodeURI(path), headers: { host: url.host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .once("error", reject)
        .end();
    });
    expect([400, 404]).toContain(status);
  });

  it("answers no name but this machine's, and changes nothing", async () => {
    const url = new URL(await open());
    const ask = (method: string, host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request({ method, host: url.hostname, port: url.port, path: "/data.json", headers: { host } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        })
          .once("error", reject)
          .end();
      });
    expect(await ask("GET", "evil.example")).toBe(421);
    expect(await ask("POST", url.host)).toBe(405);
  });

  it("refuses a port that is taken", async () => {
    const { port } = new URL(await open());
    await expect(serveNotebook([results], data, PAGES, Number(port))).rejects.toThrow(
      `the notebook cannot listen on 127.0.0.1, port ${port}: the port is taken`,
    );
  });
});

describe("the folder", () => {
  it("holds the pages, the data and the report, and a first page that leads to the notebook", async () => {
    const out = join(folder, "pages");
    const { files } = await writeFolder(out, data, PAGES);
    expect(readdirSync(out).sort()).toEqual([
      "assets",
      "data.json",
      "index.html",
      "latency.html",
      "report.html",
      "results.html",
    ]);
    expect(files).toBe(6);
    expect(readFileSync(join(out, "index.html"), "utf8")).toContain('href="results.html"');
    expect(JSON.parse(readFileSync(join(out, "data.json"), "utf8"))).toMatchObject({ kind: "results", report: true });
  });

  it("may be there if it is empty", async () => {
    const out = join(folder, "there");
    mkdirSync(out);
    await writeFolder(out, data, PAGES);
    expect(existsSync(join(out, "data.json"))).toBe(true);
  });

  it("is refused when it is a file, has something in it, or cannot be made; nothing is left of it", async () => {
    await expect(writeFolder(results, data, PAGES)).rejects.toThrow(
      /--out .*results\.json: is a file; expected a new or empty folder/,
    );
    await expect(writeFolder(folder, data, PAGES)).rejects.toThrow(/: is not empty; expected a new or empty folder/);
    await expect(writeFolder(join(results, "below"), data, PAGES)).rejects.toThrow(/cannot be written/);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

describe("the built pages", () => {
  it("are asked for by name, and what is missing is told with what builds it", () => {
    const built = join(folder, "built");
    mkdirSync(join(built, "assets"), { recursive: true });
    writeFileSync(join(built, "results.html"), "<p>");
    writeFileSync(join(built, "licenses.md"), "ISC");
    writeFileSync(join(built, "assets", "a.js"), "1");
    expect([...pageFiles(["results"], built).keys()]).toEqual(["results.html", "licenses.md", "assets/a.js"]);
    expect(() => pageFiles(["results", "latency"], built)).toThrow(
      /the notebooks have not been built here \(.*latency\.html is missing\); "npm run notebooks" builds them/,
    );
  });

  it("are stale once what they were made of has changed; where there are no sources nothing is", () => {
    const root = join(folder, "checkout");
    const built = join(root, "dist", "notebooks");
    for (const one of ["notebooks", "dist/reports", "dist/src/monitor/page", "dist/notebooks"]) {
      mkdirSync(join(root, one), { recursive: true });
    }
    for (const one of ["charts", "figures"]) writeFileSync(join(root, "dist", "src", "monitor", `${one}.js`), "");
    expect(areStale(root, built)).toBeNull();
    writeFileSync(join(root, "notebooks", "vite.config.js"), "");
    expect(areStale(root, built)).toBe(true);
    for (const name of ["results", "latency", "sweep", "history"]) writeFileSync(join(built, `${name}.html`), "");
    writeFileSync(join(built, "made-of.txt"), madeOf(root));
    expect(areStale(root, built)).toBe(false);
    writeFileSync(join(root, "dist", "reports", "format.js"), "export {};");
    expect(areStale(root, built)).toBe(true);
  });
});
