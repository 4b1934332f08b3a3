/**
 * The pages over one's own files, served on the loopback. The files are read anew whenever the data is asked for: a page that is loaded again shows
 * what was measured meanwhile.
 */
import { createServer } from "node:http";
import { type Answer, checkListen, listening, plain, refusal, send } from "../../src/monitor/index.js";
import { type NotebookData, readNotebookData } from "./data.js";
import type { PageFile } from "./pages.js";
import { DATA, dataText, FIRST, firstPage, PAGE_POLICY, REPORT, reportText } from "./site.js";

export interface NotebookServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * @param data of the files as they are now, for what the pages are
 * @param port 0: any that is free
 * @throws InvalidArgumentError when the port is taken
 */
export async function serveNotebook(
  paths: readonly string[],
  data: NotebookData,
  pages: ReadonlyMap<string, PageFile>,
  port: number,
): Promise<NotebookServer> {
  const listen = checkListen({ port });
  const server = createServer((request, response) => {
    const url = URL.canParse(request.url ?? "", "http://localhost")
      ? new URL(request.url ?? "", "http://localhost")
      : null;
    const refused = refusal(request, url, listen);
    void (refused !== null ? Promise.resolve(refused) : answerTo(url as URL)).then((answer) => send(response, answer));
  });
  const url = await listening(server, listen, "the notebook");
  return {
    url,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };

  async function answerTo({ pathname }: URL): Promise<Answer> {
    const path = pathname.slice(1);
    if (path === "") return { status: 302, headers: { location: `/${data.notebooks[0]}.html` }, body: "" };
    if (path === DATA) return read(dataText, "application/json; charset=utf-8");
    if (path === REPORT) return read(reportText, "text/html; charset=utf-8");
    const file = path === FIRST ? firstPage(data) : pages.get(path);
    if (file === undefined)
      return plain(404, `no such page; there are ${data.notebooks.map((name) => `/${name}.html`).join(", ")}`);
    const headers = { "content-type": file.type, "content-security-policy": PAGE_POLICY };
    return { status: 200, headers, body: file.text };
  }

  /** What is wrong with the files by now is the reader's to know: it stands on the page. */
  async function read(textOf: (data: NotebookData) => string, type: string): Promise<Answer> {
    try {
      return { status: 200, headers: { "content-type": type }, body: textOf(await readNotebookData(paths)) };
    } catch (error) {
      return plain(503, (error as Error).message);
    }
  }
}
