/** The engine of one process, held to what every engine is. */
import { MemoryCluster } from "#dist/src/cluster/engine-memory.js";
import { conformance } from "./engine-conformance.js";

conformance("in this process", async () => {
  const cluster = new MemoryCluster();
  return {
    open: (name, node) => cluster.open({ name }, node),
    close: () => cluster.close(),
  };
});
