/** A scenario told to a reader of its report: what it is about, who does what how often, with which keys and sizes, in which phases. */
import type { Results } from "../../reports/results.js";
import type { Phase, Role, Scenario } from "../../workloads/index.js";

export type ToldScenario = NonNullable<Results["scenarios"]>[number];

export function tellScenario({ name, title, story, agents, groups, workers, phases }: Scenario): ToldScenario {
  const kinds = groups.flatMap((group) => (group.name === null ? [] : [`${group.count} ${group.name}`]));
  const who = kinds.length > 0 ? kinds.join(", ") : agents === 1 ? "1 agent" : `${agents} agents`;
  return {
    name,
    title,
    story,
    agents:
      workers === null ? `${who}, a thread each` : `${who}, on ${workers} ${workers === 1 ? "thread" : "threads"}`,
    phases: phases.map((phase, i) => ({
      name: phase.name ?? (phases.length === 1 ? null : `phase ${i + 1}`),
      load: loadOf(phase),
      ...(phase.rate?.shape === "bursts" && { bursts: burstsOf(phase.rate) }),
      roles: phase.roles.map(tellRole),
    })),
  };
}

function burstsOf({ base, burst, every, length }: Extract<NonNullable<Phase["rate"]>, { shape: "bursts" }>) {
  return { base, burst, everyMs: every, forMs: length };
}

function loadOf({ rate, duration, operations, backups }: Phase): string {
  const how =
    duration === undefined
      ? operations === undefined
        ? ""
        : `, ${operations.toLocaleString("en-US")} operations`
      : `, ${ms(duration)}`;
  const beside = backups === undefined ? "" : `, with a backup every ${ms(backups.every)}`;
  return `${arrivals(rate)}${how}${beside}`;
}

function arrivals(rate: Phase["rate"]): string {
  if (rate === undefined) return "closed loop: each agent as fast as it is answered";
  switch (rate.shape) {
    case "constant":
      return `${perSecond(rate.rate)}, whether or not they are answered`;
    case "ramp":
      return `from ${perSecond(rate.from)} to ${perSecond(rate.to)}, whether or not they are answered`;
    case "bursts":
      return `${perSecond(rate.base)} and, for ${ms(rate.length)} of every ${ms(rate.every)}, ${perSecond(rate.burst)}, whether or not they are answered`;
  }
}

function tellRole({ agents, mix, keys, values, ttl, label }: Role): ToldScenario["phases"][number]["roles"][number] {
  const total = Object.values(mix).reduce((sum: number, share) => sum + (share ?? 0), 0);
  const shares = Object.entries(mix).map(
    ([operation, share]) => `${Number(((100 * (share ?? 0)) / total).toPrecision(3))} % ${operation}`,
  );
  return {
    who: agents ?? label ?? null,
    mix: shares.join(", "),
    keys: `${keys.distribution}${"count" in keys && typeof keys.count === "number" ? ` over ${keys.count.toLocaleString("en-US")}` : ""}`,
    sizes: values === undefined ? null : sizesOf(values),
    lives: ttl === undefined ? null : between(ttl.min, ttl.max, ms),
  };
}

function sizesOf(values: NonNullable<Role["values"]>): string {
  switch (values.distribution) {
    case "constant":
      return bytes(values.size);
    case "uniform":
      return between(values.min, values.max, bytes);
    case "zipf":
      return `${between(values.min, values.max, bytes)}, small ones more often`;
    case "list": {
      const sizes = values.sizes.map(({ size }) => size);
      return `${values.sizes.length} sizes, ${between(Math.min(...sizes), Math.max(...sizes), bytes)}`;
    }
    case "trace":
      return "as in the trace";
  }
}

function between(least: number, most: number, unit: (amount: number) => string): string {
  return least === most ? unit(least) : `${unit(least)} to ${unit(most)}`;
}

function bytes(size: number): string {
  return size < 1024 ? `${size} B` : `${Number((size / 1024).toPrecision(3))} KiB`;
}

function ms(time: number): string {
  return time < 1000 ? `${time} ms` : `${Number((time / 1000).toPrecision(3))} s`;
}

function perSecond(rate: number): string {
  return `${rate.toLocaleString("en-US")} a second`;
}
