/** Distances as the kernels have them, to the last bit, in plain code: rows of float32 or of bytes, sums in the order of the lanes. */
import type { IndexKind, IndexMetric } from "#dist/src/agents/index.js";

export type Row = { numbers: number[]; scale: number; squares: number };

export function rowOf(vector: Float32Array, kind: IndexKind, metric: IndexMetric): Row {
  const numbers = [...vector];
  const squares = numbers.reduce((sum, x) => sum + x * x, 0);
  if (kind === "f32") {
    const factor = metric === "cosine" ? 1 / Math.sqrt(squares) : 1;
    return { numbers: numbers.map((x) => Math.fround(x * factor)), scale: 1, squares };
  }
  const largest = Math.max(...numbers.map(Math.abs));
  const bytes = numbers.map((x) => (largest > 0 ? toEven(x * (127 / largest)) : 0));
  const whole = bytes.reduce((sum, x) => sum + x * x, 0);
  const scale = Math.fround(metric === "cosine" ? 1 / Math.sqrt(whole) : largest / 127);
  return { numbers: bytes, scale, squares: scale * scale * whole };
}

export function distanceOf(a: Row, b: Row, kind: IndexKind, metric: IndexMetric): number {
  if (kind === "int8") {
    const whole = a.numbers.reduce((sum, x, i) => sum + x * b.numbers[i], 0);
    const product = whole * (a.scale * b.scale);
    if (metric === "l2") return Math.fround(Math.max(0, a.squares + b.squares - 2 * product));
    return metric === "cosine" ? Math.fround(1 - product) : 0 - Math.fround(product);
  }
  if (metric === "l2") return laneSum(a.numbers, b.numbers, (x, y) => Math.fround(x - y) ** 2);
  const product = laneSum(a.numbers, b.numbers, (x, y) => x * y);
  return metric === "cosine" ? Math.fround(1 - product) : 0 - product;
}

/** Sixteen sums side by side, then put together as the kernels do. */
function laneSum(a: number[], b: number[], term: (x: number, y: number) => number): number {
  const f = Math.fround;
  const sums = new Float32Array(16);
  a.forEach((x, i) => {
    sums[i % 16] += f(term(x, b[i]));
  });
  const lane = (i: number): number => f(f(sums[i] + sums[i + 4]) + f(sums[i + 8] + sums[i + 12]));
  return f(f(lane(0) + lane(1)) + f(lane(2) + lane(3)));
}

function toEven(x: number): number {
  const low = Math.floor(x);
  const over = x - low;
  if (over !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}
