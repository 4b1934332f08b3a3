/** Name of an open loop's latencies from the actual start; those from the intended start go by the operation's own name. */
export function fromActualStart(operation: string): string {
  return `${operation} (from its actual start)`;
}
