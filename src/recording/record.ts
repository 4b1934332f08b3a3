/**
 * `import … from "engram/record"`: what any program asks of its caches, as a trace. Needs no store, and loads none.
 *
 * @module engram/record
 */

export {
  CacheRecorder,
  openRecorder,
  type RecorderOptions,
  type RecorderStatus,
  RecordingLostError,
  type WrapOptions,
} from "./cache-recorder.js";
