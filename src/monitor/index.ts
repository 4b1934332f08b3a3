export {
  type Comparison,
  findTarget,
  judge,
  judgeAll,
  TARGETS,
  type Target,
  type TargetVerdict,
  targetLimit,
} from "./targets.js";
