/** Client lanes: every operation a bar from its call to its return, as one SVG. */

import { type Html, html } from "../../../reports/html.js";
import type { Operation } from "../history.js";
import { operationLabel } from "./operation-label.js";

export type Role = "placed" | "impossible" | "dead end" | "later";

export interface LaneOperation {
  operation: Operation;
  role: Role;
  /** Place in the prefix, from 1; only for those placed. */
  order?: number;
}

const COLUMN = 26;
const ROW = 34;
const BAR = 20;
const GUTTER = 110;
const CHARACTER = 6.7;
const SYMBOLS: Record<Role, string> = { placed: "", impossible: "✗ ", "dead end": "? ", later: "· " };

/**
 * The horizontal axis is the order of events, not their distance: what matters is which operations overlap, and real
 * times would draw most of them as hairlines. Bars of one client that overlap, or whose labels would, take rows of
 * their own.
 */
export function renderLanes(operations: readonly LaneOperation[], title: string): Html {
  const columnOf = eventColumns(operations);
  const columns = Math.max(...columnOf.values()) + 2;
  const bars: Html[] = [];
  let row = 0;
  for (const [client, own] of byClient(operations)) {
    const top = row;
    const rowEnds: number[] = [];
    for (const item of own) {
      const left = GUTTER + columnOf.get(`call ${item.operation.call}`)! * COLUMN;
      const answer = columnOf.get(`return ${item.operation.return}`) ?? columns;
      const right = Math.max(left + COLUMN, GUTTER + answer * COLUMN);
      const label = labelOf(item);
      const free = rowEnds.findIndex((end) => end <= left);
      const lane = free === -1 ? rowEnds.length : free;
      rowEnds[lane] = Math.max(right, labelEnd(label, left, right));
      bars.push(bar(item, label, left, right, (row + lane) * ROW + 10));
    }
    bars.push(html`<text class="client" x="6" y="${top * ROW + 25}">${clip(client, 14)}</text>`);
    row += rowEnds.length;
    bars.push(html`<line class="rule" x1="0" x2="100%" y1="${row * ROW + 2}" y2="${row * ROW + 2}"/>`);
  }
  const width = GUTTER + columns * COLUMN + 320;
  const height = row * ROW + 8;
  return html`<svg role="img" aria-label="${title}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${bars}</svg>`;
}

function bar({ operation, role, order }: LaneOperation, label: string, left: number, right: number, y: number): Html {
  const open = operation.return === Number.POSITIVE_INFINITY;
  const end = open ? "no answer" : `${operation.return} ns`;
  const tip = `${order ? `${order}. ` : ""}${operationLabel(operation)}, line ${operation.line}: ${operation.call} ns to ${end} (${role})`;
  const kind = role.replace(" ", "-");
  return html`<g class="op ${kind}${open && " open"}"><title>${tip}</title><rect x="${left}" y="${y}" width="${right - left}" height="${BAR}" rx="3"/><text x="${labelStart(label, left, right)}" y="${y + 14}">${label}</text></g>`;
}

/** Inside its bar if it fits there, else behind it. */
function labelStart(label: string, left: number, right: number): number {
  return label.length * CHARACTER + 10 <= right - left ? left + 5 : right + 4;
}

function labelEnd(label: string, left: number, right: number): number {
  return labelStart(label, left, right) + label.length * CHARACTER + 6;
}

function labelOf({ operation, role, order }: LaneOperation): string {
  return `${order ? `${order} ` : SYMBOLS[role]}${clip(operationLabel(operation), 40)}`;
}

/** A column for each distinct event, in the order the search sees them: calls before returns of the same instant. */
function eventColumns(operations: readonly LaneOperation[]): Map<string, number> {
  const events = new Map<string, { time: number; rank: number }>();
  for (const { operation } of operations) {
    events.set(`call ${operation.call}`, { time: operation.call, rank: 0 });
    if (operation.return !== Number.POSITIVE_INFINITY) {
      events.set(`return ${operation.return}`, { time: operation.return, rank: 1 });
    }
  }
  const sorted = [...events].sort(([, a], [, b]) => a.time - b.time || a.rank - b.rank);
  return new Map(sorted.map(([event], column) => [event, column]));
}

function byClient(operations: readonly LaneOperation[]): [string, LaneOperation[]][] {
  const clients = new Map<string, LaneOperation[]>();
  for (const item of [...operations].sort((a, b) => a.operation.call - b.operation.call)) {
    const own = clients.get(item.operation.client);
    if (own) own.push(item);
    else clients.set(item.operation.client, [item]);
  }
  return [...clients].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
}

function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
