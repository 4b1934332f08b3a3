/**
 * exp, log and pow from the four basic operations alone. ECMAScript leaves Math.exp, log and pow "implementation-approximated": the
 * last bit may differ between engines and versions, and one bit is enough to change a generated key. Add, subtract, multiply and
 * divide are exact to the bit by the standard, so these give the same stream on every machine. Accurate to about 1e-15
 * relative in the range the generators use, which the tests hold them to.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LN2 = LN2_HIGH + LN2_LOW;
/** Near the square root of one half; which number exactly only decides how the exponent is split off. */
const SPLIT = 0.7;

/** Natural logarithm of a positive, finite number. */
export function log(x: number): number {
  let exponent = 0;
  let m = x;
  while (m >= 2 * SPLIT) {
    m /= 2;
    exponent++;
  }
  while (m < SPLIT) {
    m *= 2;
    exponent--;
  }
  // log m = 2 atanh((m - 1) / (m + 1)); |z| <= 0.172, so 11 terms reach 2^-53.
  const z = (m - 1) / (m + 1);
  const z2 = z * z;
  let sum = 0;
  for (let k = 23; k >= 3; k -= 2) sum = (sum + 1 / k) * z2;
  return exponent * LN2_HIGH + (2 * z * (1 + sum) + exponent * LN2_LOW);
}

/** e^x, for |x| < 700. */
export function exp(x: number): number {
  const k = Math.round(x / LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  // |r| <= 0.347: 14 terms of the power series reach 2^-53.
  let sum = 1;
  for (let n = 14; n >= 1; n--) sum = 1 + (sum * r) / n;
  return scale(sum, k);
}

/** base^exponent for a positive base. */
export function pow(base: number, exponent: number): number {
  return base === 1 || exponent === 0 ? 1 : exp(exponent * log(base));
}

function scale(x: number, powerOfTwo: number): number {
  let result = x;
  for (let k = powerOfTwo; k > 0; k--) result *= 2;
  for (let k = powerOfTwo; k < 0; k++) result /= 2;
  return result;
}
