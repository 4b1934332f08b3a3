/**
 * The second, slow implementations that the policies are held against: plain arrays and Maps, searched from end to end, written
 * from the papers and the semantics, not from the fast code. Arrays run from oldest to newest.
 */
export interface NaivePolicy {
  residents(): number[];
  lookup(id: number): boolean;
  insert(id: number): void;
  evict(): number | undefined;
  remove(id: number): boolean;
}

/** Takes an element out of an array; false when it is not there. */
export function take<T>(array: T[], element: T): boolean {
  const index = array.indexOf(element);
  if (index < 0) return false;
  array.splice(index, 1);
  return true;
}
