/**
 * `import … from "engram/langgraph"`: a checkpointer and a long-term memory for LangGraph.js, shared by threads.
 *
 * @module engram/langgraph
 */

export { MissingPeerError } from "./langgraph-peer.js";
export { EngramSaver, type EngramSaverOptions } from "./langgraph-saver.js";
export { EngramStore, type EngramStoreOptions, type PutOptions, type PutWithTtl } from "./langgraph-store.js";
