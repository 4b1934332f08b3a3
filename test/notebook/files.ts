/** Files that a notebook is opened over, as text: small, and of every kind. */
import { SampleRandom } from "#dist/src/random.js";
import { fixtureEvictions, fixtureResults } from "../reports/fixture.js";
import { fixtureOverTime } from "../reports/fixture-over-time.js";
import { gates, hourlyHistory, linesOf, normal } from "../trend/samples.js";

const random = new SampleRandom(7);

export const FILES = {
  results: () => {
    const all = fixtureResults();
    return JSON.stringify({ ...all, runs: all.runs.slice(0, 3), evictions: undefined });
  },
  tour: () => JSON.stringify(fixtureResults()),
  sweep: () => JSON.stringify([...fixtureEvictions(), ...fixtureOverTime()], null, 2),
  history: () =>
    hourlyHistory(120, (hour) => ({
      ...{ utilisation: 40 + 0.1 * hour + normal(random), hitRate: 97, gets: 1e5 + hour, sets: 2e4, deletes: 10 },
      ...{ entries: 1e5 + hour, getP50: 60, getP95: 100 + normal(random), getP99: 300, getP999: 4000 },
    })),
  records: () => linesOf(gates(40, (index) => (index < 25 ? 100 : 115))),
} as const;
