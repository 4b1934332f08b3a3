/** What the kernels do with arenas, pools of blocks and owners' words: see src/core/assembly/{pieces,blocks,ownership}.ts. */
export interface ArenaKernels {
  makeArena(
    arena: number,
    units: number,
    limit: number,
    shift: number,
    states: number,
    records: number,
    table: number,
    data: number,
  ): void;
  takePiece(arena: number, units: number, claim: number): number;
  holdPiece(arena: number, record: number, group: number, bytes: number, since: number, charged: number): void;
  pieceRecord(arena: number, record: number): number;
  pieceAddress(arena: number, record: number): number;
  pieceAt(arena: number, address: number): number;
  givePiece(arena: number, record: number, claim: number, group: number): number;
  giveGroup(arena: number, claim: number, group: number): number;
  groupBytes(arena: number, group: number): bigint;
  settlePieces(arena: number, dead: number, claim: number): number;
  unitsTaken(arena: number): number;
  blocksBytes(count: number, size: number): number;
  makeBlocks(at: number, count: number, size: number): void;
  takeBlock(at: number, claim: number): number;
  giveBlock(at: number, index: number, claim: number): number;
  chargeBlock(at: number, index: number, group: number): void;
  reapBlocks(at: number, dead: number, claim: number): number;
  blocksChargedTo(at: number, group: number): number;
  benchBlocks(at: number, claim: number, times: number): number;
  swapOwner(line: number, from: number, to: number): number;
  handOver(line: number, claim: number): number;
  beginChange(line: number): void;
  endChange(line: number): void;
  charge(line: number, bytes: bigint): number;
  refund(line: number, bytes: bigint): void;
  recount(line: number, bytes: bigint): void;
}
