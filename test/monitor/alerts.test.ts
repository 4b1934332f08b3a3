import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkRules, DOCUMENTED_RULES, THROUGHPUT_RULE } from "#dist/src/monitor/alert-rules.js";
import { Alerts } from "#dist/src/monitor/alerts.js";
import { FIGURE_NAMES, type Figures } from "#dist/src/monitor/figures.js";
import { runsOr, seedOr } from "../given.js";

const seed = seedOr((Math.random() * 2 ** 32) >>> 0);

const SECOND = 1000;

function figures(known: Partial<Figures>): Figures {
  return { ...(Object.fromEntries(FIGURE_NAMES.map((name) => [name, null])) as unknown as Figures), ...known };
}

function memory(limits: object = {}) {
  return new Alerts(
    checkRules([
      {
        name: "memory",
        figure: "utilisation",
        beyond: "above",
        warning: 90,
        critical: 95,
        forMs: 10 * SECOND,
        ...limits,
      },
    ]),
  );
}

/** What each figure, one a second, changes. */
function changes(alerts: Alerts, values: (number | null)[]): string[] {
  return values.flatMap((utilisation, second) =>
    alerts.judge(figures({ utilisation }), second * SECOND).map(({ severity }) => `${second}s ${severity}`),
  );
}

const seconds = (n: number, value: number | null) => new Array<number | null>(n).fill(value);

describe("an alert", () => {
  it("begins once a breach has lasted as long as its rule says, and ends once it has been well as long", () => {
    expect(changes(memory(), [...seconds(5, 50), ...seconds(12, 92), ...seconds(12, 50)])).toEqual([
      "15s warning",
      "27s ok",
    ]);
  });

  it("does not begin when the breach was shorter", () => {
    expect(changes(memory(), [...seconds(9, 99), 50, ...seconds(9, 99), 50])).toEqual([]);
  });

  it("shows a breach that has not lasted yet as pending", () => {
    const alerts = memory();
    changes(alerts, seconds(3, 92));
    expect(alerts.states()[0]).toMatchObject({ severity: "ok", present: "warning", value: 92 });
  });

  it("is one alert while the figure trembles about its limit", () => {
    const trembling = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 90.5 : 89));
    expect(changes(memory(), [...seconds(11, 91), ...trembling])).toEqual(["10s warning"]);
  });

  it("tells of the way from warning to critical and back", () => {
    const values = [...seconds(11, 92), ...seconds(12, 97), ...seconds(12, 92), ...seconds(12, 10)];
    expect(changes(memory(), values)).toEqual(["10s warning", "21s critical", "33s warning", "45s ok"]);
  });

  it("stays as it is while there is no figure", () => {
    expect(changes(memory(), [...seconds(11, 92), ...seconds(30, null), ...seconds(12, 50)])).toEqual([
      "10s warning",
      "51s ok",
    ]);
  });

  it("may have a critical limit alone, and a figure that is too low", () => {
    const low = memory({ beyond: "below", warning: undefined, critical: 50, forMs: 0 });
    expect(changes(low, [60, 49, 50.5, 60])).toEqual(["1s critical", "3s ok"]);
  });

  it(`changes each time to something else, never sooner after the last change than the rule says, whatever the figures (seed ${seed})`, () => {
    const series = fc.array(fc.option(fc.integer({ min: 80, max: 100 })), { maxLength: 60 });
    fc.assert(
      fc.property(series, fc.integer({ min: 0, max: 5 }), (values, wait) => {
        const alerts = memory({ forMs: wait * SECOND });
        const told = values.flatMap((utilisation, second) =>
          alerts.judge(figures({ utilisation }), second * SECOND).map(({ severity }) => ({ severity, second })),
        );
        for (const [i, { severity, second }] of told.entries()) {
          expect(severity).not.toBe(told[i - 1]?.severity ?? "ok");
          expect(second - (told[i - 1]?.second ?? 0)).toBeGreaterThanOrEqual(wait);
        }
      }),
      { seed, numRuns: runsOr(200) },
    );
  });
});

describe("alert rules", () => {
  it("are the documented ones by default, and none of them alarms of an idle store", () => {
    expect(
      checkRules(DOCUMENTED_RULES).map(({ name, warning, critical, forMs, beyond }) => [
        name,
        beyond,
        warning,
        critical,
        forMs / SECOND,
      ]),
    ).toEqual([
      ["read-latency", "above", 120, 200, 10],
      ["write-latency", "above", 600, 1000, 10],
      ["memory", "above", 90, 95, 60],
      ["hit-rate", "below", 90, 80, 300],
      ["hit-rate-collapse", "below", null, 50, 300],
    ]);
    const idle = figures({ operations: 0, utilisation: 0, entries: 0, workers: 1 });
    const alerts = new Alerts(checkRules(DOCUMENTED_RULES));
    for (let second = 0; second < 1000; second++) expect(alerts.judge(idle, second * SECOND)).toEqual([]);
  });

  it("has a rule for throughput that is asked for by name, since load is not what a store can do", () => {
    expect(checkRules([THROUGHPUT_RULE])[0]).toMatchObject({
      figure: "operations",
      warning: 800_000,
      critical: 500_000,
      beyond: "below",
    });
  });

  const rule = { name: "r", figure: "hitRate", beyond: "below", warning: 10 };
  it.each([
    ["no array", {}, /alerts is an object .*expected an array of rules/],
    ["a rule that is none", [7], /an alert rule takes an object of options, not 7/],
    ["a field nobody knows", [{ ...rule, treshold: 3 }], /unknown option "treshold"/],
    ["a name with a space", [{ ...rule, name: "a b" }], /name is "a b"; expected letters, digits and hyphens/],
    [
      "a figure nobody knows",
      [{ ...rule, figure: "hitrate" }],
      /figure of the alert rule "r" is "hitrate"; .*did you mean "hitRate"/,
    ],
    ["no figure", [{ ...rule, figure: undefined }], /figure of the alert rule "r" is missing/],
    ["no side", [{ ...rule, beyond: undefined }], /beyond of the alert rule "r" is missing; expected above or below/],
    ["no limit", [{ ...rule, warning: undefined }], /has no limit; expected warning, critical or both, in %/],
    [
      "a limit that is no number",
      [{ ...rule, warning: Number.NaN }],
      /warning of the alert rule "r" is NaN; expected a number/,
    ],
    [
      "a critical limit within the warning's",
      [{ ...rule, critical: 20 }],
      /critical of the alert rule "r" is 20; expected a limit below the warning's, 10/,
    ],
    [
      "a negative duration",
      [{ ...rule, forMs: -1 }],
      /forMs of the alert rule "r" is -1; expected a number from 0 to 86400000/,
    ],
    ["a margin above 1", [{ ...rule, margin: 2 }], /margin of the alert rule "r" is 2/],
    [
      "an action nobody knows",
      [{ ...rule, actions: ["page"] }],
      /actions of the alert rule "r" is "page"; expected one of log, evict/,
    ],
    ["two of one name", [rule, rule], /two alert rules are named "r"/],
  ])("refuses %s", (_, rules, message) => {
    expect(() => checkRules(rules)).toThrow(message);
  });
});
