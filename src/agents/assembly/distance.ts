/**
 * How far two rows are from each other, and how a row is made of a vector. All of it is arithmetic that WebAssembly defines to the last
 * bit (no fused multiply-add, a fixed order of additions), so that the same vectors give the same graph on every machine.
 *
 * The distances are those that order as the metric does: 1 - cosine; the square of the Euclidean distance; the negated product. int8 rows
 * have a scale each, so that the largest number of a row is 127: of a row for cosine it is one over its length, since the direction alone
 * counts, and what was lost in rounding makes no row longer or shorter than another.
 */
import { COSINE, dimensions, KIND_F32, kind, L2, metric, rowOf, useBlock } from "./vector-block";

/** Of two rows of this block's kind. */
// @ts-ignore: decorator
@inline
export function between(a: usize, b: usize): f32 {
  if (kind == KIND_F32) {
    if (metric == L2) return squaresF32(a, b);
    const product = dotF32(a, b);
    return metric == COSINE ? <f32>1 - product : <f32>0 - product; // not -product: of 0 it would be another 0, in front of it
  }
  const end = (dimensions + 15) & ~15;
  const product = <f64>dotInt8(a, b, end) * (<f64>load<f32>(a + end) * <f64>load<f32>(b + end));
  if (metric == L2) return <f32>max(0, load<f64>(a + end, 8) + load<f64>(b + end, 8) - 2 * product);
  return metric == COSINE ? <f32>(1 - product) : <f32>0 - <f32>product;
}

// @ts-ignore: decorator
@inline
export function distanceTo(row: usize, node: u32): f32 {
  return between(row, rowOf(node));
}

// Four sums at once: an addition takes four cycles, and two can begin in each.
function dotF32(a: usize, b: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (const end = a + (((dimensions << 2) + 63) & ~63); a < end; a += 64, b += 64) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
    s2 = f32x4.add(s2, f32x4.mul(v128.load(a, 32), v128.load(b, 32)));
    s3 = f32x4.add(s3, f32x4.mul(v128.load(a, 48), v128.load(b, 48)));
  }
  return sumF32(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

function squaresF32(a: usize, b: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (const end = a + (((dimensions << 2) + 63) & ~63); a < end; a += 64, b += 64) {
    const d0 = f32x4.sub(v128.load(a), v128.load(b));
    const d1 = f32x4.sub(v128.load(a, 16), v128.load(b, 16));
    const d2 = f32x4.sub(v128.load(a, 32), v128.load(b, 32));
    const d3 = f32x4.sub(v128.load(a, 48), v128.load(b, 48));
    s0 = f32x4.add(s0, f32x4.mul(d0, d0));
    s1 = f32x4.add(s1, f32x4.mul(d1, d1));
    s2 = f32x4.add(s2, f32x4.mul(d2, d2));
    s3 = f32x4.add(s3, f32x4.mul(d3, d3));
  }
  return sumF32(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

// @ts-ignore: decorator
@inline
function sumF32(s: v128): f32 {
  return f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
}

/** @param bytes a multiple of 16. A product is at most 127 * 127, so that 65,536 of them are far from 2^31. */
function dotInt8(a: usize, b: usize, bytes: u32): i32 {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  for (const end = a + bytes; a < end; a += 16, b += 16) {
    const x = v128.load(a);
    const y = v128.load(b);
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(x), i16x8.extend_low_i8x16_s(y)));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(x), i16x8.extend_high_i8x16_s(y)));
  }
  const s = i32x4.add(s0, s1);
  return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + (i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3));
}

/**
 * The f32 numbers at `from` become the row at `position`.
 *
 * @returns whether it is of use: see `encodeRow`
 */
export function encodeAt(index: usize, from: usize, position: u32): bool {
  useBlock(index);
  return encodeRow(from, rowOf(position));
}

/** Squares of lengths from here on are refused where lengths count: no sum of products may leave what f32 holds. */
const TOO_LONG: f64 = 2.1267647932558654e37; // 2^124

/** @returns false when a number is not finite, when there is no direction (cosine), or when it is too long (the others) */
export function encodeRow(from: usize, to: usize): bool {
  const end = from + (dimensions << 2);
  let squares: f64 = 0;
  let largest: f32 = 0;
  for (let p = from; p < end; p += 4) {
    const x = load<f32>(p);
    squares += <f64>x * <f64>x;
    largest = max(largest, abs(x));
  }
  // false of NaN, too
  const good = metric == COSINE ? squares > 0 && squares < Infinity : squares < TOO_LONG;
  if (!good) return false;
  if (kind == KIND_F32) encodeF32(from, to, metric == COSINE ? 1 / sqrt(squares) : 1);
  else encodeInt8(from, to, largest);
  return true;
}

function encodeF32(from: usize, to: usize, factor: f64): void {
  if (factor == 1) {
    memory.copy(to, from, dimensions << 2);
    return;
  }
  for (let i: usize = 0, bytes = <usize>dimensions << 2; i < bytes; i += 4) {
    store<f32>(to + i, <f32>(<f64>load<f32>(from + i) * factor));
  }
}

function encodeInt8(from: usize, to: usize, largest: f32): void {
  const factor: f64 = largest > 0 ? 127 / <f64>largest : 0;
  let squares: u32 = 0;
  for (let i: u32 = 0; i < dimensions; i++) {
    const x = <i32>nearest(<f64>load<f32>(from + (i << 2)) * factor);
    store<i8>(to + i, <i8>x);
    squares += <u32>(x * x);
  }
  const scale: f32 = metric == COSINE ? <f32>(1 / sqrt(<f64>squares)) : <f32>(<f64>largest / 127);
  const tail = to + ((dimensions + 15) & ~15);
  store<f32>(tail, scale);
  store<f64>(tail, <f64>scale * <f64>scale * <f64>squares, 8);
}
