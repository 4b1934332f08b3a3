/** Kernels of Q-tables (assembly/table.ts). A table is named by its header's address; those that write compare the claim with the owner's word. */
export interface TableKernels {
  tableHeaderBytes(): number;
  tablePieceBytes(actions: number, rows: number): number;
  tableMake(
    table: number,
    piece: number,
    states: number,
    actions: number,
    bits: number,
    limit: number,
    replaces: number,
    initial: number,
    ownerWord: number,
  ): void;
  isTable(table: number): number;
  tableStates(table: number): number;
  tableActions(table: number): number;
  tableInitial(table: number): number;
  tablePiece(table: number): number;
  tableSlots(table: number): number;
  tableRows(table: number): number;
  tableReplaced(table: number): number;
  tableLimit(table: number): number;
  tableReplaces(table: number): number;
  tableStopGrowing(table: number): void;
  /** @returns the old piece's address, 0 = not the owner */
  tableGrow(table: number, claim: number, piece: number, bits: number): number;
  /** @returns rows repaired, -1 = not the owner */
  tableRepair(table: number, claim: number): number;
  tableForget(table: number, claim: number): number;
  tableUpdate(
    table: number,
    claim: number,
    state: number,
    action: number,
    reward: number,
    next: number,
    terminal: number,
    rate: number,
    discount: number,
  ): number;
  tableSarsa(
    table: number,
    claim: number,
    state: number,
    action: number,
    reward: number,
    next: number,
    nextAction: number,
    terminal: number,
    rate: number,
    discount: number,
  ): number;
  tableExpected(
    table: number,
    claim: number,
    state: number,
    action: number,
    reward: number,
    next: number,
    terminal: number,
    epsilon: number,
    rate: number,
    discount: number,
  ): number;
  tableSet(table: number, claim: number, state: number, action: number, value: number): number;
  tableSetRow(table: number, claim: number, state: number, cells: number, visits: number): number;
  /** 0 = unsettled, 1 = copied, 2 = the state has no row. The copy: a head of 16 bytes, the cells, the visits, both padded to 16. */
  tableCopy(table: number, state: number, to: number): number;
  tableCopySlot(table: number, slot: number, to: number): number;
  copiedBest(cells: number, actions: number): number;
  tableGet(table: number, state: number, action: number): number;
  tableBest(table: number, state: number): number;
  tableChoose(table: number, state: number, ticket: number): number;
  tableVisits(table: number, state: number, action: number): number;
}

/** What kernels that write answer. */
export const WRITTEN = 0;
export const NOT_OWNER = 1;
export const FULL = 2;
export const NOT_FINITE = 3;

/** What kernels that copy a row answer. */
export const UNSETTLED = 0;
export const FOUND = 1;

export const ROW_HEAD = 16;
