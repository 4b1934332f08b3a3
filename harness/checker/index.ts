/** Linearizability: could one correct object, doing one operation at a time, have given these answers? */
export { type CheckOptions, type CheckResult, checkHistory, type Partition } from "./check.js";
export { checkCommand } from "./command.js";
export { formatOperation, type Operation, parseOperation, readHistory } from "./history.js";
export { createModel, guessModel, listModels, type ModelOptions } from "./models/catalogue.js";
export { type CellAction, type CellRules, type CellState, cellModel } from "./models/cell.js";
export { fifoModel } from "./models/fifo.js";
export { type AnyModel, type Model, ModelMismatch } from "./models/model.js";
export { renderViolationPage } from "./page/page.js";
export { searchLinearization } from "./search/search.js";
export type { Violation } from "./violation.js";
