import type { Operation } from "../history.js";

/**
 * What a correct object may do, one operation at a time. States are immutable. A step is not a function but a relation:
 * an evicting store may keep a value or drop it, so from one state there can be several next ones.
 */
export interface Model<State, Action> {
  readonly name: string;
  readonly initial: State;
  /** Checks and canonicalises an operation once, before the search. Throws ModelMismatch where it is not the model's. */
  prepare(operation: Operation): Action;
  /**
   * Every state the object may be in after `action`, given that it answered as recorded; none if it cannot have. An
   * operation that was not answered may have had any output and always has a next state.
   */
  step(state: State, action: Action): readonly State[];
  /**
   * True if this action, with the output it gave, leaves every state as it is that allows it: a read. Such an action
   * can be placed as soon as it is possible, without ever trying it later. When in doubt, false.
   */
  isRead(action: Action): boolean;
  /** Equal exactly for equal states. */
  keyOf(state: State): string;
  /** For readers: the state in a few words. */
  describe(state: State): string;
  /** For readers: the outputs that would have been right in this state. */
  expected(state: State, action: Action): string;
}

/** The types of its states and actions are a model's own affair. */
// biome-ignore lint/suspicious/noExplicitAny: existential type; every use pairs a model with its own states.
export type AnyModel = Model<any, any>;

/** An operation that a model cannot make sense of; the caller adds file and line. */
export class ModelMismatch extends Error {}
