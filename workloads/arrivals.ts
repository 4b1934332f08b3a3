/** When the operations of an open loop are meant to start. Pure arithmetic, so it is the same on every machine. */

/** Operations a second of all agents together; times in ms. */
export type Rate =
  | { readonly shape: "constant"; readonly rate: number }
  /** Linear from the phase's start to its end. */
  | { readonly shape: "ramp"; readonly from: number; readonly to: number }
  /** At `base`, and for the last `length` of every `every` at `burst`. */
  | {
      readonly shape: "bursts";
      readonly base: number;
      readonly burst: number;
      readonly every: number;
      readonly length: number;
    };

/**
 * The intended start of operation `index` (0, 1, 2 …), ms after the phase's start: the time at which the rate, added up, has
 * reached `index` operations. `phaseMs` is how long a ramp takes; afterwards it goes on at the rate it has reached.
 */
export function arrivalTime(rate: Rate, index: number, phaseMs: number): number {
  switch (rate.shape) {
    case "constant":
      return (index * 1000) / rate.rate;
    case "ramp":
      return rampTime(rate.from / 1000, rate.to / 1000, index, phaseMs);
    case "bursts":
      return burstTime(rate.base / 1000, rate.burst / 1000, index, rate.every, rate.length);
  }
}

/** How many operations are meant to have started by a time, fractional: what `arrivalTime` is the inverse of. */
export function arrivalsBy(rate: Rate, timeMs: number, phaseMs: number): number {
  switch (rate.shape) {
    case "constant":
      return (rate.rate * timeMs) / 1000;
    case "ramp": {
      const within = Math.min(timeMs, phaseMs);
      const slope = (rate.to - rate.from) / phaseMs;
      return ((rate.from + (slope * within) / 2) * within + rate.to * (timeMs - within)) / 1000;
    }
    case "bursts": {
      const cycles = Math.floor(timeMs / rate.every);
      const rest = timeMs - cycles * rate.every;
      const burstMs = cycles * rate.length + Math.max(0, rest - (rate.every - rate.length));
      return (rate.base * (timeMs - burstMs) + rate.burst * burstMs) / 1000;
    }
  }
}

/** The lowest rate it ever has, operations a second: how long a worker may wait between two operations. */
export function lowestRate(rate: Rate): number {
  if (rate.shape === "constant") return rate.rate;
  return rate.shape === "ramp" ? Math.min(rate.from, rate.to) : Math.min(rate.base, rate.burst);
}

/** Rates per ms. n(t) = from t + (to - from) t^2 / (2 length), solved for t in the form that loses no digits when to = from. */
function rampTime(from: number, to: number, index: number, length: number): number {
  const whole = ((from + to) / 2) * length;
  if (index >= whole) return length + (index - whole) / to;
  const slope = (to - from) / length;
  return (2 * index) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * index)));
}

function burstTime(base: number, burst: number, index: number, every: number, length: number): number {
  const before = base * (every - length);
  const cycle = before + burst * length;
  const cycles = Math.floor(index / cycle);
  const rest = index - cycles * cycle;
  const within = rest <= before ? rest / base : every - length + (rest - before) / burst;
  return cycles * every + within;
}
