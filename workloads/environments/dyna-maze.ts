/**
 * The Dyna maze (Sutton & Barto 2018, example 8.1): 6 rows of 9 with walls, 14 steps from the start to the goal, where alone there is a reward, of 1. Actions up, right,
 * down, left; a discount of 0.95.
 */
import { certain, type Environment, tabulate } from "./environment.js";

const WIDTH = 9;
const HEIGHT = 6;
const GOAL = WIDTH - 1;
const START = 2 * WIDTH;
/** x, y. */
const WALLS = new Set(["2,1", "2,2", "2,3", "5,4", "7,0", "7,1", "7,2"]);

export const dynaMaze: Environment = {
  name: "Dyna maze",
  states: WIDTH * HEIGHT,
  actions: 4,
  start: () => START,
  outcomes: tabulate(WIDTH * HEIGHT, 4, (state, action) => {
    const x = (state % WIDTH) + [0, 1, 0, -1][action];
    const y = Math.floor(state / WIDTH) + [-1, 0, 1, 0][action];
    const blocked = x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT || WALLS.has(`${x},${y}`);
    const next = blocked ? state : y * WIDTH + x;
    return certain(next, next === GOAL ? 1 : 0, next === GOAL);
  }),
};
