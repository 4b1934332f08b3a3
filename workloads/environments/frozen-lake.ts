/**
 * FrozenLake 4x4, slippery (Gymnasium, FrozenLake-v1): an action goes where it is meant to go, or to either side of that, with a third each. 1 for the goal;
 * holes end the episode. Actions left, down, right, up; 100 steps at most. V* of the start is 0.5420 with a discount of 0.99, and 14/17 with none.
 */
import { type Environment, tabulate } from "./environment.js";

const SIDE = 4;
const MAP = "SFFF" + "FHFH" + "FFFH" + "HFFG";

function move(state: number, direction: number): number {
  let x = state % SIDE;
  let y = Math.floor(state / SIDE);
  if (direction === 0) x = Math.max(0, x - 1);
  else if (direction === 1) y = Math.min(SIDE - 1, y + 1);
  else if (direction === 2) x = Math.min(SIDE - 1, x + 1);
  else y = Math.max(0, y - 1);
  return y * SIDE + x;
}

/** Whether an episode ends there. */
export const isEnd = (state: number): boolean => MAP[state] === "G" || MAP[state] === "H";

export const frozenLake: Environment = {
  name: "frozen lake",
  states: SIDE * SIDE,
  actions: 4,
  limit: 100,
  start: () => 0,
  outcomes: tabulate(SIDE * SIDE, 4, (state, action) =>
    [action + 3, action, action + 1].map((direction) => {
      const next = move(state, direction % 4);
      return { probability: 1 / 3, next, reward: MAP[next] === "G" ? 1 : 0, terminal: isEnd(next) };
    }),
  ),
};
