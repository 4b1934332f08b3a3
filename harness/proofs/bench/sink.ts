/**
 * Where results end up, so that no compiler can drop the work that made them: the sum leaves the process with the group's result.
 */
let sum = 0;

export function keep(value: number): void {
  sum = (sum + value) | 0;
}

export function kept(): number {
  return sum;
}

/** For reads: the lengths handed back must add up, else something was missing and the figure means nothing. */
export function keepLengths(total: number, operations: number, length: number, label: string): void {
  if (total !== operations * length) {
    throw new Error(`${label}: ${operations} reads gave ${total} bytes instead of ${operations * length}`);
  }
  keep(total);
}
