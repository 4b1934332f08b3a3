/** Kernels of accumulators (assembly/merge.ts): all but the first four are called with its lock held. */
export interface MergeKernels {
  mergeBankBytes(states: number, actions: number): number;
  mergeMake(acc: number, states: number, actions: number, banks: number, id: number): void;
  isAccumulator(acc: number): number;
  mergeStates(acc: number): number;
  mergeActions(acc: number): number;
  mergeLock(acc: number): number;
  mergeBanks(acc: number): number;
  mergeMark(acc: number): bigint;
  mergeBegin(acc: number): void;
  mergeRow(acc: number, state: number, cells: number, visits: number): number;
  /** @returns slots done; -1 - n = slot n is being written; NO_SUCH_STATE */
  mergeTable(acc: number, table: number, slot: number, copies: number, weight: number): number;
  mergePublish(acc: number, weight: number): void;
  mergeEnd(acc: number): number;
  mergeClosed(acc: number): number;
  /** 0 = nobody has contributed yet */
  mergeOpen(acc: number): number;
  mergeMeans(acc: number, state: number, cells: number): number;
  mergeInto(acc: number, table: number, claim: number): number;
}

export const NO_SUCH_STATE = -(2 ** 30);
