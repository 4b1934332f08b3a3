/** Records of what a pool has open: made and struck off by the pool, which goes on without them when the table has no room. */
import { layout } from "../../core/index.js";
import type { WorkerConnection } from "../worker.js";
import { type Place, type ResourceTable, resourcesOf } from "./table.js";

/** A record by its table and place in one number: a connection keeps no more of it. */
type Mark = number;
export const UNRECORDED: Mark = -1;
const PLACES = 2 ** 24;

export class PooledRecords {
  private readonly table: ResourceTable;

  constructor(
    private readonly worker: WorkerConnection,
    private readonly kind: string,
    private readonly label: string,
  ) {
    this.table = resourcesOf(worker);
  }

  /** In use from the first moment. UNRECORDED when there is no room: what is not listed works all the same. */
  add(deadline: number): Mark {
    if (this.worker.closed) return UNRECORDED;
    try {
      const { names } = this.table;
      const label = names.numberOf(this.label);
      const { table, index } = this.table.add(names.numberOf(this.kind), label, deadline, layout.RESOURCE_IN_USE);
      return table * PLACES + index;
    } catch {
      return UNRECORDED; // counted as refused
    }
  }

  use(mark: Mark): void {
    this.move(mark, layout.RESOURCE_IN_USE);
  }

  rest(mark: Mark): void {
    this.move(mark, layout.RESOURCE_IDLE);
  }

  end(mark: Mark): void {
    this.move(mark, layout.RESOURCE_ENDING);
  }

  /** @param how it ended */
  strike(mark: Mark, how: "ended" | "forced"): void {
    if (mark === UNRECORDED || this.worker.closed) return;
    this.table.count(how);
    this.table.remove(placeOf(mark), false);
  }

  private move(mark: Mark, phase: number): void {
    if (mark !== UNRECORDED && !this.worker.closed) this.table.move(placeOf(mark), phase);
  }
}

function placeOf(mark: Mark): Place {
  return { table: Math.floor(mark / PLACES), index: mark % PLACES };
}
