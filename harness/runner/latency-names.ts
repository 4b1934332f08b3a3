/** Name of an operation's latencies; those of a role or phase with a label are told apart from all others. */
export function latencyName(operation: string, label: string | null): string {
  return label === null ? operation : `${operation} (${label})`;
}

/** Name of an open loop's latencies from the actual start; those from the intended start go by the operation's own name. */
export function fromActualStart(operation: string, label: string | null = null): string {
  return `${operation} (${label === null ? "" : `${label}, `}from its actual start)`;
}
