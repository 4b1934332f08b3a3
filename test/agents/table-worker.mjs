// One thread of the tests of Q-tables: opens the table of an arena and writes or reads it until it is told to stop.
import { parentPort, workerData } from "node:worker_threads";
import { instantiateKernels, QTable } from "../../dist/src/agents/index.js";

const { memory, address, go, role, claim, room } = workerData;
/** Bytes in front of a row's values. */
const ROW_HEAD = 16;
let next = room;
const arena = {
  memory,
  kernels: instantiateKernels(memory, true),
  take(bytes) {
    const at = next;
    next += Math.ceil(bytes / 64) * 64;
    return at;
  },
  give() {},
};
const table = QTable.at(arena, address, claim === undefined ? {} : { claim });
const words = new Int32Array(go);
const rows = 8;
// a piece for the most rows that the table is moved to has
const pieceBytes = table.memory.kernels.tablePieceBytes(table.actions, 16);
let spare = role === "move" ? arena.take(pieceBytes) : 0;
Atomics.add(words, 1, 1);
Atomics.notify(words, 1);
Atomics.wait(words, 0, 0);

const values = new Float32Array(table.actions);
const visits = new Uint32Array(table.actions);
const found = { reads: 0, torn: 0, absent: 0 };
for (let turn = 1; Atomics.load(words, 0) === 1; turn++) {
  const state = turn % rows;
  if (role === "write") {
    table.setRow(state, values.fill(turn % 4096), visits.fill(turn % 4096));
    Atomics.add(words, 2, 1);
  } else if (role === "replace") {
    // every state has its own number in all its cells; there are more of them than rows
    const some = turn % 64;
    table.setRow(some, values.fill(some + 1), visits.fill(some + 1));
    Atomics.add(words, 2, 1);
  } else if (role === "move") {
    moveTable(turn);
    Atomics.add(words, 2, 1);
  } else {
    const of = role === "read-replaced" ? turn % 64 : role === "read-moved" ? turn % 4 : state;
    table.row(of, values, visits);
    found.reads++;
    Atomics.add(words, 3, 1);
    const [first] = values;
    const whole = values.every((value) => value === first) && visits.every((count) => count === first);
    if (role !== "read" && first === 0) found.absent++;
    else if (role !== "read" && first !== of + 1) found.torn++;
    if (!whole) found.torn++;
  }
}
parentPort.postMessage(found);

/**
 * As the owner does whose table has no row left: into another piece, a larger one every other time. What the old one holds then is as bad as
 * another's memory can be: whatever finds a row is as it was, and each value is another.
 */
function moveTable(turn) {
  const { kernels } = table.memory;
  new Uint8Array(memory.buffer, spare, pieceBytes).fill(0);
  const old = kernels.tablePiece(table.address) >>> 0;
  const values = valuesIn(old);
  kernels.tableGrow(table.address, claim, spare, turn % 2 === 0 ? 3 : 4);
  for (const row of values) row.fill(500);
  spare = old;
}

/** The values of each row that a piece may have. */
function valuesIn(piece) {
  const apart = 2 ** table.memory.kernels.tableStride(table.actions);
  return Array.from(
    { length: 16 },
    (_, slot) => new Float32Array(memory.buffer, piece + 64 + slot * apart + ROW_HEAD, table.actions),
  );
}
