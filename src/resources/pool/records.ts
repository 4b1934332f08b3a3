/** Whoever lists what pools have open: told of each connection as it comes, is used and goes. */
export interface ConnectionRecords {
  /** @returns what it is known by from now on */
  add(deadline: number): number;
  use(mark: number): void;
  rest(mark: number): void;
  end(mark: number): void;
  strike(mark: number, how: "ended" | "forced"): void;
}
