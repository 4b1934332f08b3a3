/** What the load says to MetricStream's figures. */
import type { IngestUse, TargetFigure } from "../../reports/results.js";

/** The pipeline as it is by default is what is judged: the first of the servers. */
export function pacedAnswers({ rate, servers }: NonNullable<IngestUse["paced"]>, clients: number): TargetFigure[] {
  const [own] = servers;
  const plain = servers.at(-1);
  if (own === undefined || own.sent === 0) return [];
  const where = `${clients} clients, ${rate} requests a second offered, ${own.server}`;
  const beside =
    plain === undefined
      ? ""
      : `; ${plain.server} ${plain.intended.mean.toFixed(2)} ms, ${Math.min(...plain.means).toFixed(2)} ms in the same run`;
  return [
    {
      ...{ target: "s-clients-served", value: (100 * own.answered) / own.sent, unit: "%" },
      method: `${own.answered} of ${own.sent} requests answered with success, ${where}`,
    },
    {
      ...{ target: "s-mean-latency", value: own.intended.mean, unit: "ms" },
      method: `mean from the intended start of ${own.answered} requests, ${where}; the best of ${own.means.length} rounds ${Math.min(...own.means).toFixed(2)} ms, the longest request ${own.intended.max.toFixed(1)} ms${beside}`,
    },
  ];
}

export function saturationAnswers(steps: NonNullable<IngestUse["saturation"]>, clients: number): TargetFigure[] {
  const [first] = steps;
  const own = first?.servers[0];
  if (own === undefined) return [];
  const plain = first.servers.at(-1);
  const beside = plain === undefined ? "" : `; ${plain.server} ${Math.round(plain.requestsPerSecond)} in the same run`;
  return [
    {
      ...{ target: "s-requests", value: own.requestsPerSecond, unit: "1/s" },
      method: `${clients} clients that ask again when they are answered, ${own.server}, ${first.metrics} a request${beside}`,
    },
  ];
}
