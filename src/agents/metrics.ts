/** What an agent has done so far, in its arena: written by its owner, read by every thread. The counter has 64 bits. */
const ACTIONS = 0;
const REWARD = 8;
const LAST = 16;

/** What an agent has done so far: written by its owner, read by every thread. */
export class AgentMetrics {
  private readonly view: DataView;
  private readonly at: number;
  private readonly assertOwner: () => void;

  /** @internal */
  constructor(view: DataView, at: number, assertOwner: () => void) {
    this.view = view;
    this.at = at;
    this.assertOwner = assertOwner;
  }

  /** Counts an action and what it brought. @throws NotOwnerError */
  note(reward: number): void {
    this.assertOwner();
    const { view, at } = this;
    view.setBigUint64(at + ACTIONS, view.getBigUint64(at + ACTIONS, true) + 1n, true);
    view.setFloat64(at + REWARD, view.getFloat64(at + REWARD, true) + reward, true);
    view.setFloat64(at + LAST, Date.now(), true);
  }

  /** Actions that were noted. */
  get actions(): number {
    return Number(this.view.getBigUint64(this.at + ACTIONS, true));
  }

  /** Sum of what they brought. */
  get rewardSum(): number {
    return this.view.getFloat64(this.at + REWARD, true);
  }

  /** Unix time, ms, of the last action; 0 before the first. */
  get lastMs(): number {
    return this.view.getFloat64(this.at + LAST, true);
  }
}
