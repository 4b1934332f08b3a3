/**
 * Turns the engine's explore build, as text, into one whose threads can be paused.
 *
 * The engine calls `yieldPoint` before each atomic or racy access. Leaving the engine for every one of them would cost more
 * than the access, so the call goes to a function inside the module instead, which counts the thread's steps down and
 * leaves only when they are used up. Plain stores, and plain loads of what another worker owns, are given the same call,
 * switched on by a word in memory: they matter where a worker may die between any two of its stores.
 */
import { layout as L } from "../../src/core/index.js";
import {
  CONTROL_FINE,
  CONTROL_FUEL,
  CONTROL_HASH,
  CONTROL_MIX,
  CONTROL_SELF,
  SLOTS,
  SLOTS_END,
} from "./tiny-layout.js";

/** Kinds of step beyond those of src/core/assembly/memory.ts (0 load, 1 store, 2 swap, 3 racy load). */
const PLAIN_STORE = 4;
const PLAIN_LOAD = 5;

const YIELD_POINT = "$src/core/assembly/memory/yieldPoint";
const SPREAD = 0x9e3779b1 | 0;

const STEP = `
 (func $step (param $kind i32) (param $address i32)
  (i32.store (i32.const ${CONTROL_HASH})
   (i32.mul
    (i32.add
     (i32.rotl (i32.load (i32.const ${CONTROL_HASH})) (i32.const 5))
     (i32.xor (local.get $address) (i32.xor (i32.shl (local.get $kind) (i32.const 28)) (i32.load (i32.const ${CONTROL_MIX})))))
    (i32.const ${SPREAD})))
  (i32.store (i32.const ${CONTROL_FUEL}) (i32.sub (i32.load (i32.const ${CONTROL_FUEL})) (i32.const 1)))
  (if (i32.lt_s (i32.load (i32.const ${CONTROL_FUEL})) (i32.const 0))
   (then (call ${YIELD_POINT} (local.get $kind) (local.get $address)))))
 (func $stepAtStore (param $address i32)
  (local $offset i32)
  (if (i32.eqz (i32.load (i32.const ${CONTROL_FINE}))) (then (return)))
  (if (i32.lt_u (local.get $address) (i32.const ${SLOTS_END}))
   (then
    (local.set $offset (i32.and (i32.sub (local.get $address) (i32.const ${SLOTS})) (i32.const ${L.SLOT_SIZE - 1})))
    (if (i32.ge_u (local.get $offset) (i32.const ${L.S_KEY})) (then (return)))
    (if (i32.eq (i32.and (local.get $offset) (i32.const -256)) (i32.const ${L.S_COUNTERS})) (then (return)))))
  (call $step (i32.const ${PLAIN_STORE}) (local.get $address)))
 (func $stepAtLoad (param $address i32)
  (if (i32.eqz (i32.load (i32.const ${CONTROL_FINE}))) (then (return)))
  (if (i32.lt_u (local.get $address) (i32.const ${SLOTS})) (then (return)))
  (if (i32.lt_u (i32.sub (local.get $address) (i32.load (i32.const ${CONTROL_SELF}))) (i32.const ${L.SLOT_SIZE})) (then (return)))
  (call $step (i32.const ${PLAIN_LOAD}) (local.get $address)))`;

const STORE_OPERANDS: Record<string, string> = {
  "i32.store": "i32",
  "i32.store8": "i32",
  "i32.store16": "i32",
  "i64.store": "i64",
  "i64.store32": "i64",
  "v128.store": "v128",
};
const LOAD_RESULTS: Record<string, string> = {
  "i32.load": "i32",
  "i32.load8_u": "i32",
  "i32.load16_u": "i32",
  "i64.load": "i64",
  "i64.load32_u": "i64",
  "v128.load": "v128",
};

const wrapperName = (instruction: string): string => `$plain_${instruction.replace(".", "_")}`;

function wrappers(): string {
  const stores = Object.entries(STORE_OPERANDS).map(
    ([instruction, type]) => `
 (func ${wrapperName(instruction)} (param $address i32) (param $value ${type}) (param $offset i32)
  (local.set $address (i32.add (local.get $address) (local.get $offset)))
  (call $stepAtStore (local.get $address))
  (${instruction} align=1 (local.get $address) (local.get $value)))`,
  );
  const loads = Object.entries(LOAD_RESULTS).map(
    ([instruction, type]) => `
 (func ${wrapperName(instruction)} (param $address i32) (param $offset i32) (result ${type})
  (local.set $address (i32.add (local.get $address) (local.get $offset)))
  (call $stepAtLoad (local.get $address))
  (${instruction} align=1 (local.get $address)))`,
  );
  return [...stores, ...loads].join("");
}

const PLAIN_ACCESS = /^(\s*)((?:i32|i64|v128)\.(?:store|load)\w*)((?: offset=(\d+))?(?: align=\d+)?)$/;

/** @param text the module in WebAssembly's text format, one instruction a line, as asc writes it */
export function instrument(text: string): string {
  const lines = text.split("\n").map((line) => {
    if (line.trim() === `call ${YIELD_POINT}`) return line.replace(YIELD_POINT, "$step");
    const access = PLAIN_ACCESS.exec(line);
    if (access === null) return line;
    const [, indent, instruction, , offset = "0"] = access;
    if (STORE_OPERANDS[instruction] === undefined && LOAD_RESULTS[instruction] === undefined) {
      throw new Error(`${instruction}: a plain access the explorer does not know; add it to instrument.ts`);
    }
    return `${indent}i32.const ${offset}\n${indent}call ${wrapperName(instruction)}`;
  });
  const end = lines.lastIndexOf(")");
  return [...lines.slice(0, end), STEP, wrappers(), ...lines.slice(end)].join("\n");
}
