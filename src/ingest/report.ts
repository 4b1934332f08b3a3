/** What ingest tells on the live page of the store that it was given: the counts that are not nought, by reason; the journal; sinks; taps. */
import type { StoreReport } from "../store/index.js";
import { formatBytes } from "../units.js";
import { familiesOfIngest } from "./families.js";
import type { IngestStats } from "./stats.js";

export function reportOfIngest(stats: IngestStats): StoreReport {
  const { url, ack, acceptThreads, requests, refusals, metrics, clients, rings, journal, sinks, taps } = stats;
  const counted = (what: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).flatMap(([name, count]) =>
      count > 0 ? [[`${what} ${words(name)}`, whole(count), ""]] : [],
    );
  const plural = acceptThreads === 1 ? "" : "s";
  return {
    title: `Metrics taken in at ${url}`,
    table: [
      ["what", "count", "besides:"],
      ["requests", whole(requests), `answered from the ${ack}, ${acceptThreads} accepting thread${plural}`],
      ...counted("metrics", metrics),
      ...counted("requests", refusals),
      ...(clients === null ? [] : [["clients", whole(clients), "that are not idle"]]),
      ...(rings.waiting + rings.lostLines === 0
        ? []
        : [["ring", whole(rings.waiting), `requests on their way, ${whole(rings.lostLines)} lines lost`]]),
      [
        "journal",
        whole(journal.lines),
        `lines, ${formatBytes(journal.bytes)}, ${whole(journal.segments)} segments, ${journal.healthy ? "can be written" : "cannot be written"}${journal.failures > 0 ? `, ${whole(journal.failures)} failures` : ""}`,
      ],
      ...sinks.map(({ name, delivered, refused, lagLines, failingSince, lastFailure }) => [
        `sink ${name}`,
        whole(delivered),
        `delivered, ${whole(refused)} refused, ${whole(lagLines)} to come${failingSince === null ? "" : `; takes nothing: ${lastFailure}`}`,
      ]),
      ...taps.map(({ name, sent, dropped, waiting }) => [
        `tap ${name}`,
        whole(sent),
        `passed on, ${whole(dropped)} dropped, ${whole(waiting)} messages wait`,
      ]),
    ],
    families: familiesOfIngest(stats),
  };
}

/** `tooLarge` as two words. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function whole(count: number): string {
  return count.toLocaleString("en-US");
}
