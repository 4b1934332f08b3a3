// @ts-check
// The live page's script. It takes the monitor's events and draws them; what comes from the store is only ever set as text.
(() => {
  const { charts, names, figures } = JSON.parse(document.getElementById("config").textContent);
  const KEPT = 3600;
  const $ = (id) => document.getElementById(id);
  const at = [];
  const columns = names.map(() => []);
  const plots = [];
  let last = null;
  let lastAt = 0;
  let every = 1000;

  // ---------------------------------------------------------------- words

  const UNITS = [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  function short(value, digits = 3) {
    if (value === null || value === undefined) return "–";
    for (const [size, letter] of UNITS)
      if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(digits))} ${letter}`;
    return String(Number(value.toPrecision(digits)));
  }
  function bytes(value) {
    for (const [size, unit] of [
      [2 ** 30, "GiB"],
      [2 ** 20, "MiB"],
      [2 ** 10, "KiB"],
    ])
      if (value >= size) return `${Number((value / size).toPrecision(3))} ${unit}`;
    return `${value} bytes`;
  }
  function latency(ns) {
    if (ns === null || ns === undefined) return "–";
    if (ns >= 1e6) return `${Number((ns / 1e6).toPrecision(3))} ms`;
    return ns >= 1e3 ? `${Number((ns / 1e3).toPrecision(3))} µs` : `${Math.round(ns)} ns`;
  }
  function shown(name, value) {
    const { unit } = figures[name];
    if (value === null || value === undefined) return "–";
    if (unit === "ns") return latency(value);
    if (unit === "bytes") return bytes(value);
    if (unit === "%") return `${Number(value.toPrecision(3))} %`;
    return `${short(value)}${unit === "" ? "" : ` ${unit}`}`;
  }
  function duration(ms) {
    const s = Math.round(ms / 1000);
    if (s < 120) return `${s} s`;
    if (s < 7200) return `${Math.round(s / 60)} min`;
    return s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;
  }
  const clock = (ms) => new Date(ms).toLocaleTimeString();

  // ---------------------------------------------------------------- elements

  function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }
  /** Columns whose head ends with a colon hold words, and begin at the left; figures end at the right. */
  function table(head, rows) {
    const words = head.map((text, i) => i === 0 || text.endsWith(":"));
    const cells = (kind, row) =>
      row.map((cell, i) => {
        const text = kind === "th" ? String(cell).replace(/:$/, "") : cell;
        const made = element(kind, words[i] ? "text" : "", ...(Array.isArray(text) ? text : [text]));
        if (kind === "th") made.scope = "col";
        return made;
      });
    const body = rows.map((row) => element("tr", "", ...cells("td", row)));
    return element(
      "table",
      "",
      element("thead", "", element("tr", "", ...cells("th", head))),
      element("tbody", "", ...body),
    );
  }
  const pill = (kind, text) => element("span", `pill ${kind}`, text);
  /** Replaces the content only when it says something else: what is read or selected stays. */
  function put(id, made) {
    const place = $(id);
    if (place.textContent !== made.textContent) place.replaceChildren(made);
  }

  // ---------------------------------------------------------------- charts

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }
  const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
  function axisValue(chart, value) {
    if (chart.unit === "ns") return latency(value);
    return chart.unit === "%" ? `${value} %` : short(value);
  }
  function drawAll() {
    for (const plot of plots.splice(0)) plot.destroy();
    const place = $("charts");
    place.replaceChildren();
    for (const chart of charts) {
      const box = element("figure", "card", element("figcaption", "", chart.title));
      place.append(box);
      const grid = { stroke: colour("--line"), width: 1 };
      const axis = { stroke: colour("--muted"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
      const plot = new uPlot(
        {
          width: Math.max(240, box.clientWidth - 32),
          height: 190,
          cursor: { sync: { key: "live" }, drag: { x: false, y: false } },
          scales: {
            y:
              chart.scale === "log"
                ? {
                    distr: 3,
                    range: (_, low, high) => [
                      10 ** Math.floor(Math.log10(low || 1)),
                      10 ** Math.ceil(Math.log10(high || 10)),
                    ],
                  }
                : { range: (_, __, high) => [0, high > 0 ? high * 1.08 : 1] },
          },
          axes: [
            axis,
            {
              ...axis,
              size: 64,
              values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : axisValue(chart, tick))),
            },
          ],
          series: [
            { label: "time", value: (_, x) => (x === null ? "–" : clock(x * 1000)) },
            ...chart.lines.map(({ figure, label }, i) => ({
              label,
              stroke: colour(`--series-${i + 1}`),
              width: 1.75,
              dash: DASHES[i % DASHES.length],
              spanGaps: false,
              points: { show: false },
              value: (_, value) => shown(figure, value),
            })),
          ],
        },
        dataOf(chart),
        box,
      );
      plot.root.querySelector("canvas")?.setAttribute("aria-hidden", "true");
      plots.push(Object.assign(plot, { chart }));
    }
  }
  function dataOf(chart) {
    return [
      at.map((ms) => ms / 1000),
      ...chart.lines.map(({ figure }) =>
        columns[names.indexOf(figure)].map((value) => (chart.scale === "log" && !(value > 0) ? null : value)),
      ),
    ];
  }
  function refresh() {
    if (document.hidden) return;
    for (const plot of plots) plot.setData(dataOf(plot.chart));
    // after the charts have drawn, which they do in a microtask: they empty their legends then
    queueMicrotask(() => {
      for (const plot of plots) {
        // what the pointer is not on, the legend says of the latest
        if (plot.cursor.idx === null || plot.cursor.idx === undefined) plot.setLegend({ idx: at.length - 1 });
      }
    });
  }

  // ---------------------------------------------------------------- the rest of the page

  const STATES = {
    ok: ["good", "fine"],
    warning: ["warn", "warning"],
    critical: ["bad", "critical"],
  };
  function stateOf({ severity, present }) {
    if (severity !== "ok") return pill(...STATES[severity]);
    return present === "ok" ? pill("good", "fine") : pill("pending", "beyond its limit, not yet for long enough");
  }
  function limitOf({ rule }) {
    const { unit } = figures[rule.figure];
    return [rule.warning, rule.critical]
      .filter((limit) => limit !== null)
      .map((limit) => `${limit} ${unit}`)
      .join(" / ");
  }
  function showSnapshot(snapshot) {
    const { stats, alerts, health } = snapshot;
    const { memory, workers, eviction } = stats;
    every = snapshot.every;
    last = snapshot.figures;
    $("facts").textContent = [
      snapshot.title ?? "",
      `${bytes(memory.poolBytes)} pool`,
      `${workers.attached} ${workers.attached === 1 ? "thread" : "threads"}`,
      `up ${duration(stats.uptimeMs)}`,
      `eviction ${eviction.policy}`,
      snapshot.latencies.sampledOneIn > 0
        ? `one operation in ${Math.round(snapshot.latencies.sampledOneIn)} is timed`
        : "latencies are not sampled",
      snapshot.historyProblem ?? "",
    ]
      .filter((fact) => fact !== "")
      .join(" · ");
    showTiles(stats);
    put(
      "alerts",
      alerts.length === 0
        ? element("p", "muted", "no rules")
        : table(
            ["rule", "state:", "now", "limits", "for", "since"],
            alerts.map((state) => [
              state.rule.name,
              [stateOf(state)],
              shown(state.rule.figure, state.value),
              limitOf(state),
              duration(state.rule.forMs),
              state.severity === "ok"
                ? "–"
                : duration(performance.now() - (since.get(state.rule.name) ?? performance.now())),
            ]),
          ),
    );
    const most = Math.max(1, ...memory.bySizeClass.map(({ size, chunks }) => size * chunks));
    put(
      "classes",
      table(
        ["chunk", "in use", "cut", "bytes in use", "share:"],
        memory.bySizeClass.map(({ size, used, chunks }) => [
          bytes(size),
          short(used),
          short(chunks),
          bytes(size * used),
          [bar((size * used) / most, (size * chunks) / most)],
        ]),
      ),
    );
    const { namespaces } = snapshot;
    const told = table(
      ["namespace", "entries", "bytes"],
      namespaces.slice(0, 20).map(({ name, entries, bytes: size }) => [name, short(entries), bytes(size)]),
    );
    put("namespaces", namespaces.length === 0 ? element("p", "muted", "none") : told);
    put("eviction", evictionOf(eviction));
    put("resources", resourcesOf(stats.resources));
    put("backups", backupsOf(stats.backups));
    // what other rooms tell of the store: most stores have none
    $("reports-section").hidden = snapshot.reports.length === 0;
    const reports = snapshot.reports.map(({ title, table: [head, ...rows] }) =>
      element("div", "stack", element("h3", "", title), table(head, rows)),
    );
    put("reports", element("div", "stack", ...reports));
    put(
      "targets",
      table(
        ["target", "documented", "now", "verdict:", "how:"],
        health.targets.map(({ metric, comparison, target, unit, measured, verdict, method }) => [
          metric,
          `${comparison} ${target} ${unit}`,
          measured === null ? "–" : `${Number(measured.toPrecision(4))} ${unit}`,
          [pill(verdict === "met" ? "good" : verdict === "missed" ? "bad" : "", verdict)],
          [element("span", "wrap muted", method)],
        ]),
      ),
    );
  }
  const since = new Map();
  function noteBegins({ alerts }) {
    for (const { rule, severity } of alerts) {
      if (severity === "ok") since.delete(rule.name);
      else if (!since.has(rule.name)) since.set(rule.name, performance.now());
    }
  }
  function bar(used, cut) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    made.setAttribute("class", "bar");
    made.setAttribute("viewBox", "0 0 100 8");
    made.setAttribute("preserveAspectRatio", "none");
    made.setAttribute("aria-hidden", "true");
    for (const [share, name] of [
      [cut, "cut"],
      [used, "used"],
    ]) {
      const part = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      part.setAttribute("class", name);
      part.setAttribute("width", String(Math.max(0, Math.min(100, share * 100))));
      part.setAttribute("height", "8");
      made.append(part);
    }
    return made;
  }
  function evictionOf(eviction) {
    const facts = table(
      ["policy", "pressure:", "entries it measures itself by", "residents", "victims", "backlog"],
      [
        [
          eviction.policy,
          eviction.pressure,
          short(eviction.capacityEntries),
          short(eviction.residents),
          short(eviction.victims),
          short(eviction.backlog),
        ],
      ],
    );
    const { adaptive } = eviction;
    if (adaptive === null) return facts;
    const decisions = [...adaptive.decisions].reverse();
    const list =
      decisions.length === 0
        ? element("p", "muted", "no change so far")
        : table(
            ["decided", "from:", "to:", "why:", "hits in a hundred"],
            decisions.map((one) => [
              clock(one.at),
              one.from,
              one.to,
              one.reason,
              Number((100 * one.gain).toPrecision(3)),
            ]),
          );
    return element(
      "div",
      "stack",
      facts,
      element("h3", "", `Decisions of adaptive, which follows ${adaptive.following}`),
      list,
    );
  }
  function resourcesOf({ byKind, permits, failed, forced, reaped, refused }) {
    if (byKind.length + permits.length + failed + forced + reaped + refused === 0)
      return element("p", "muted", "nothing is tracked");
    const kinds = table(
      ["kind", "held", "in use", "oldest", "longest use"],
      byKind.map(({ kind, held, inUse, oldestMs, longestUseMs }) => [
        kind,
        short(held),
        short(inUse),
        duration(oldestMs),
        inUse === 0 ? "–" : duration(longestUseMs),
      ]),
    );
    const pools = table(
      ["pool of all threads", "permits taken", "of", "threads waiting", "state:"],
      permits.map(({ pool, taken, max, waiting }) => [
        pool,
        short(taken),
        short(max),
        short(waiting),
        [taken >= max && waiting > 0 ? pill("bad", "exhausted") : pill("good", "fine")],
      ]),
    );
    const counts = `${short(failed)} failed to end, ${short(forced)} did not by their deadline, ${short(reaped)} were left by threads that died, ${short(refused)} found no room`;
    const shownPools = permits.length === 0 ? [] : [pools];
    return element("div", "stack", kinds, ...shownPools, element("p", "muted", counts));
  }
  function backupsOf(backups) {
    if (backups === null) return element("p", "muted", "none are open in the monitor's thread");
    const { directory, taken, failed, failedSince, error, last: latest } = backups;
    const state =
      failedSince > 0
        ? pill("bad", `${failedSince} failed since the last`)
        : latest === null
          ? pill("", "none yet")
          : pill("good", "fine");
    const facts = table(
      ["state:", "last", "age", "kind:", "written", "took", "taken", "failed", "directory:"],
      [
        [
          [state],
          latest === null ? "–" : clock(latest.takenMs),
          latest === null ? "–" : duration(latest.ageMs),
          latest === null ? "–" : latest.kind,
          latest === null ? "–" : bytes(latest.bytes),
          latest === null ? "–" : `${short(latest.tookMs)} ms`,
          short(taken),
          short(failed),
          directory,
        ],
      ],
    );
    return error === null ? facts : element("div", "stack", facts, element("p", "", `The latest failed: ${error}`));
  }
  const TILES = ["operations", "getP95", "setP95", "hitRate", "utilisation", "entries"];
  function showTiles(stats) {
    const tiles = TILES.map((name) =>
      element("div", "tile", element("dt", "", figures[name].label), element("dd", "", shown(name, last?.[name]))),
    );
    tiles.push(element("div", "tile", element("dt", "", "pressure"), element("dd", "", stats.eviction.pressure)));
    $("tiles").replaceChildren(...tiles);
  }
  function connection(kind, text) {
    const place = $("connection");
    place.className = `pill ${kind}`;
    if (place.textContent !== text) place.textContent = text;
  }

  // ---------------------------------------------------------------- events

  const events = new EventSource("/events");
  events.addEventListener("start", ({ data }) => {
    const { history, snapshot } = JSON.parse(data);
    at.splice(0, at.length, ...history.at);
    for (const [i, column] of columns.entries()) column.splice(0, column.length, ...history.figures[i]);
    noteBegins(snapshot);
    showSnapshot(snapshot);
    if (plots.length === 0) drawAll();
    refresh();
    lastAt = performance.now();
    connection("good", "live");
  });
  events.addEventListener("tick", ({ data }) => {
    const tick = JSON.parse(data);
    at.push(tick.at);
    for (const [i, column] of columns.entries()) column.push(tick.figures[i]);
    if (at.length > KEPT) for (const column of [at, ...columns]) column.shift();
    noteBegins(tick.snapshot);
    showSnapshot(tick.snapshot);
    refresh();
    lastAt = performance.now();
    connection("good", "live");
  });
  events.addEventListener("end", ({ data }) => {
    events.close();
    ended = true;
    connection("", `${JSON.parse(data).said} at ${clock(Date.now())}`);
  });
  let ended = false;
  events.onerror = () => {
    if (!ended)
      connection(
        "bad",
        `no answer since ${clock(Date.now() - (performance.now() - lastAt))}: the program has ended, or cannot be reached; trying again`,
      );
  };
  setInterval(() => {
    if (!ended && lastAt > 0 && performance.now() - lastAt > 3 * every + 1000 && events.readyState === EventSource.OPEN)
      connection("warn", `nothing new for ${duration(performance.now() - lastAt)}: the program is busy`);
  }, 1000);

  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawAll();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  document.addEventListener("visibilitychange", refresh);
})();
