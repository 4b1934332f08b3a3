/** A violation for people: the program, who did what in which order down to the access, the history, what broke. */
import { layout as L } from "../../src/core/index.js";
import type { Violation } from "./explore.js";
import { type Call, GONE, NO_EFFECT } from "./history.js";
import type { Access, Machine } from "./machine.js";
import { describeOp, describeProgram, keyName } from "./program.js";
import { Replay } from "./schedule.js";
import * as T from "./tiny-layout.js";

const KINDS = ["load", "store", "swap", "racy load", "plain store", "plain load"];
/** Accesses of one thread in a row that are printed in full; of longer runs the first and last. */
const RUN_SHOWN = 24;
/** Innermost functions that are named with each access. */
const FUNCTIONS_SHOWN = 2;

export interface Report {
  readonly program: string[];
  readonly schedule: string[];
  readonly history: string[];
  readonly violated: string;
}

/** Runs the violation once more, watching every access. */
export function describeViolation(machine: Machine, violation: Violation): Report {
  const prepared = machine.prepare(violation.program);
  machine.accesses = [];
  const outcome = machine.run(prepared, new Replay(violation.segments), violation.fine);
  const accesses = machine.accesses;
  machine.accesses = null;
  const killed = machine.threads.filter((thread) => thread.killed).map((thread) => thread.number);
  return {
    program: describeProgram(violation.program),
    schedule: describeSchedule(machine, accesses, killed),
    history: describeHistory(machine),
    violated: outcome.kind === "violation" ? outcome.what : `${violation.what} (not seen again on replay)`,
  };
}

export function formatReport(report: Report): string {
  return [
    ...report.program,
    "schedule (thread, its operation, function: access)",
    ...report.schedule,
    "history (call and return in the order of events)",
    ...report.history,
    `violated: ${report.violated}`,
    "",
  ].join("\n");
}

function describeSchedule(machine: Machine, accesses: readonly Access[], killed: readonly number[]): string[] {
  const lines: string[] = [];
  for (let from = 0; from < accesses.length; ) {
    let to = from;
    while (to < accesses.length && accesses[to].thread === accesses[from].thread) to++;
    lines.push(...describeRun(machine, accesses.slice(from, to)));
    const { thread } = accesses[from];
    if (killed.includes(thread) && !accesses.slice(to).some((access) => access.thread === thread)) {
      lines.push(`  thread ${thread} is killed here`);
    }
    from = to;
  }
  return lines;
}

function describeRun(machine: Machine, run: readonly Access[]): string[] {
  const lines: string[] = [];
  let call = -1;
  run.forEach((access, i) => {
    if (access.call !== call) {
      call = access.call;
      const { op, value } = machine.history[call];
      lines.push(`  thread ${access.thread}, ${describeOp(op, value)}`);
    }
    const hidden = run.length - RUN_SHOWN;
    if (hidden > 4 && i >= RUN_SHOWN / 2 && i < run.length - RUN_SHOWN / 2) {
      if (i === RUN_SHOWN / 2) lines.push(`      ... ${hidden} more`);
      return;
    }
    lines.push(
      `      ${access.functions.slice(0, FUNCTIONS_SHOWN).join(" < ")}: ${KINDS[access.kind]} ${addressName(access.address)}`,
    );
  });
  return lines;
}

function describeHistory(machine: Machine): string[] {
  return machine.history.slice(0, machine.historyLength).map((call) => {
    const end = call.returned === Number.POSITIVE_INFINITY ? "never" : String(call.returned);
    return `  ${String(call.invoked).padStart(3)} to ${end.padStart(5)}  thread ${call.thread}: ${describeOp(call.op, call.value)} -> ${answer(call)}`;
  });
}

function answer(call: Call): string {
  if (call.returned === Number.POSITIVE_INFINITY) return "(died)";
  if (call.result === NO_EFFECT) return "no room: nothing done";
  switch (call.kind) {
    case "get":
    case "peek":
    case "near":
    case "borrow":
      return call.result === 0 ? "absent" : String(call.result);
    case "receive":
      if (call.result === GONE) return "the channel was dropped";
      return call.result === 0 ? "empty" : String(call.result);
    case "send":
      return call.result === 1 ? "sent" : call.result === GONE ? "the channel was dropped" : "full";
    case "setIfVersion":
    case "deleteIfVersion":
      return `${call.result} (expected the version of ${call.expected} of ${keyName(call.key)})`;
    default:
      return String(call.result);
  }
}

const HEADER_NAMES = namesOf("H_");
const SLOT_NAMES = namesOf("S_");
const ENTRY_NAMES = namesOf("E_");
const ID_NAMES = namesOf("I_");
const PARKING_NAMES = namesOf("P_");

/** Constants of layout.ts with this prefix, by offset. */
function namesOf(prefix: string): [offset: number, name: string][] {
  const constants = Object.entries(L as unknown as Record<string, unknown>);
  return constants
    .filter((entry): entry is [string, number] => entry[0].startsWith(prefix) && typeof entry[1] === "number")
    .map(([name, offset]): [number, string] => [offset, name])
    .sort((a, b) => a[0] - b[0]);
}

function nameAt(names: readonly [number, string][], offset: number): string {
  let best: [number, string] = [0, ""];
  for (const entry of names) if (entry[0] <= offset) best = entry;
  const beyond = offset - best[0];
  return beyond === 0 ? best[1] : `${best[1]} + ${beyond}`;
}

/** What an address is, by the layout's names. */
function addressName(address: number): string {
  if (address < L.PARKING) return nameAt(HEADER_NAMES, address);
  if (address < T.SLOTS) {
    const place = Math.floor((address - L.PARKING) / L.PARKING_SIZE);
    return `${nameAt(PARKING_NAMES, (address - L.PARKING) % L.PARKING_SIZE)} of place ${place}`;
  }
  if (address < T.SLOTS_END) {
    const slot = Math.floor((address - T.SLOTS) / L.SLOT_SIZE);
    return `${nameAt(SLOT_NAMES, (address - T.SLOTS) % L.SLOT_SIZE)} of slot ${slot}`;
  }
  if (address < T.SLABS) {
    const id = Math.floor((address - T.IDS) / L.ID_STRIDE);
    return `${nameAt(ID_NAMES, (address - T.IDS) % L.ID_STRIDE)} of id ${id}`;
  }
  if (address < T.DIRTY) return `slab ${(address - T.SLABS) / 4}`;
  if (address < T.BUCKETS) return "dirty bits";
  if (address < T.POOL) return `bucket ${(address - T.BUCKETS) / 4}`;
  if (address < T.POOL_END) {
    const chunk = address - ((address - T.POOL) % 64);
    return `${nameAt(ENTRY_NAMES, address - chunk)} of chunk ${chunk}`;
  }
  return `the access logs + ${address - T.LOGS}`;
}
