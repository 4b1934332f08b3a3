import fc from "fast-check";
import { JSDOM } from "jsdom";
import { describe, expect, test } from "vitest";
import { embeddedJson, escapeHtml, html } from "#dist/reports/html.js";
import { renderSummary } from "#dist/reports/index.js";
import { renderEviction, renderReport } from "#dist/reports/pages.js";
import { fixtureEvictions, fixtureResults } from "./fixture.js";

/** Text that would break out of an element, an attribute, a script, a comment or a style. */
const HOSTILE = [
  "</script><script>window.hacked=1</script>",
  "<!--<script>",
  "-->",
  '"><img src=x onerror=alert(1)>',
  "' onload='alert(1)",
  "</style><b>",
  "]]><svg onload=alert(1)>",
  "&lt;&#x3c;",
  "`+alert(1)+`",
  "\u2028\u2029\u0000\u0007",
  "\ud800",
  "url(javascript:alert(1))",
  "red",
  "2020-01-01",
  "__proto__",
  "constructor",
  "",
];
const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
);
/** What an HTML parser gives back for a text: it drops or replaces what no document can hold. */
const asParsed = (text: string) => text.replace(/\r\n?/g, "\n").replaceAll("\u0000", "");
const encodable = (text: string) => Buffer.from(text, "utf8").toString("utf8");

describe("the template", () => {
  test("any text in an element or an attribute comes back as that text", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { document } = new JSDOM(html`<p title="${text}">${text}</p>`.text).window;
        const [paragraph, ...others] = document.body.children;
        expect(others).toHaveLength(0);
        expect(paragraph.textContent).toBe(asParsed(text));
        expect(paragraph.attributes).toHaveLength(1);
      }),
    );
  });

  test("markup passes once, lists join, nothing leaves nothing", () => {
    const inner = html`<b>${"<"}</b>`;
    expect(html`${[inner, "<", 1, null, undefined, false]}`.text).toBe("<b>&lt;</b>&lt;1");
    expect(escapeHtml(`<>&"'`)).toBe("&lt;&gt;&amp;&quot;&#39;");
  });

  test("any JSON value survives its embedding in a script", () => {
    fc.assert(
      fc.property(fc.jsonValue(), hostile, (value, text) => {
        const data = { value, text: text };
        const page = `<script type="application/json" id="results">${embeddedJson(data)}</script><i></i>`;
        const { document } = new JSDOM(page).window;
        expect(document.querySelectorAll("script")).toHaveLength(1);
        expect(document.querySelectorAll("i")).toHaveLength(1);
        expect(JSON.parse(document.querySelector("script")?.textContent ?? "")).toEqual(
          JSON.parse(JSON.stringify(data)),
        );
      }),
    );
  });
});

describe("a report of hostile results", () => {
  const base = fixtureResults();
  const skeleton = (page: string) => {
    const { document } = new JSDOM(page).window;
    return {
      scripts: document.querySelectorAll("script").length,
      forbidden: document.querySelectorAll("img, iframe, object, embed, link, base, form, svg script, svg a").length,
      handlers: [...document.querySelectorAll("*")].filter((node) =>
        [...node.attributes].some(({ name }) => /^on/i.test(name)),
      ).length,
      data: JSON.parse(document.querySelector("#results")?.textContent ?? ""),
      text: document.body.textContent ?? "",
    };
  };

  // Pages are dear, so all that would break out stands in one text; the rest is hostile only as a name of its own.
  const alone = ["__proto__", "constructor", "red", "2020-01-01", "\ud800", ""];
  const together = HOSTILE.filter((text) => !alone.includes(text)).join(" ");

  test.each([together, ...alone].map((text) => [text]))("nothing breaks out: %j", (text) => {
    const [first, second] = base.runs;
    const results = {
      ...base,
      title: text,
      engram: text,
      environment: { ...base.environment, cpuModel: text, commit: text, flags: [text] },
      config: { ...base.config, command: [text], scenarios: [text], trace: text },
      runs: [
        {
          ...first,
          scenario: text,
          errors: text ? { [text]: 3 } : {},
          notes: [text],
          latency: { [text]: first.latency.read },
        },
        { ...second, scenario: text, subject: `${text}2`, events: [{ t: 1, kind: "policy" as const, label: text }] },
      ],
      evictions: fixtureEvictions()
        .slice(0, 20)
        .map((row, index) => ({ ...row, trace: text, policy: `${text}${index % 5}` })),
      targets: base.targets
        .slice(0, 3)
        .map((target) => ({ ...target, metric: text, method: text, unit: text, target: text })),
      checks: [
        {
          ...{ file: text, outcome: "illegal" as const, model: text, operations: 3, elapsedMs: 1 },
          keys: { ok: 0, illegal: 1, unknown: 0 },
          open: [{ key: text, outcome: "illegal" as const, operations: 3 }],
        },
      ],
      backups: [{ what: text, writing: "mapped", durability: text, medianMs: 1, worstMs: 2, regions: 3 }],
      notices: [text],
    };
    const other = { ...base, runs: base.runs.slice(0, 2), evictions: [] };
    for (const input of text === together ? [results, [results, other]] : [results]) {
      const page = skeleton(encodable(renderReport(input)));
      expect(page).toMatchObject({ scripts: 2, forbidden: 0, handlers: 0 });
      expect(page.data).toEqual(JSON.parse(JSON.stringify(input)));
    }
    const eviction = skeleton(encodable(renderEviction(results.evictions)));
    expect(eviction).toMatchObject({ scripts: 2, forbidden: 0, handlers: 0 });
    // Only the colour codes of the summary itself may reach the terminal, and there are none without colours.
    expect(renderSummary(results, { colour: false }).replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});
