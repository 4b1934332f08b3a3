/** What must not outlive this process is undone when it exits: its children are killed, its temporary folders removed. */

const undoings = new Set<() => void>();

function undoAll(): void {
  for (const undo of undoings) {
    try {
      undo();
    } catch {
      // The others are to be undone as well, and there is nobody left to be told.
    }
  }
}

/**
 * Has something undone should this process exit first. One listener serves all, however many there are.
 *
 * @param undo synchronous: nothing else is waited for in an exit
 * @returns to be called when that is no longer needed
 */
export function undoAtExit(undo: () => void): () => void {
  if (undoings.size === 0) process.on("exit", undoAll);
  undoings.add(undo);
  return () => {
    undoings.delete(undo);
    if (undoings.size === 0) process.off("exit", undoAll);
  };
}
