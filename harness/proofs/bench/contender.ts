/** Something that can do an operation many times over. */
export interface Contender {
  readonly id: string;
  readonly label: string;
  /** What a read hands back, for contenders that read. */
  readonly returns?: string;
  /** Does `operations` operations on inputs made beforehand; every result goes into a sum, and the sum is checked or kept. */
  run(operations: number): void | Promise<void>;
  /** Operations come in lots of this many. Default 1. */
  readonly lot?: number;
}
