/** Kernels of replay buffers (assembly/replay.ts). */
export interface ReplayKernels {
  replayMake(replay: number, capacity: number, records: number, tree: number, ownerWord: number): void;
  isReplay(replay: number): number;
  replayCapacity(replay: number): number;
  replayRecords(replay: number): number;
  /** 0 = not prioritised */
  replayTree(replay: number): number;
  replayOwner(replay: number): number;
  replayPushed(replay: number): number;
  replayTotal(replay: number): number;
  replayPriority(replay: number, index: number): number;
  replayClear(replay: number, claim: number): number;
  /** @returns its index, -1 = not the owner */
  replayPush(replay: number, claim: number, from: number): number;
  replaySetPriority(replay: number, claim: number, index: number, priority: number): number;
  replayRepair(replay: number, claim: number): number;
  replaySample(replay: number, n: number, tickets: number, indices: number, shares: number): void;
}
