/**
 * `import … from "engram/lab"`: what a subject of the lab is, and how anybody's store becomes one. The lab itself is the package engram-lab.
 *
 * @module engram/lab
 */

export { byKey, type KeyedStore } from "./by-key.js";
/** `unknownMembers` is for the lab. */
export { defineSubject, unknownMembers } from "./define-subject.js";
export {
  type AdditionalOperation,
  type AgentContext,
  type Answer,
  type AsyncSubjectAgent,
  type Later,
  type Mailboxes,
  MESSAGES_STARTED,
  type MemoryUse,
  type SharedPart,
  type Subject,
  type SubjectAgent,
  type SubjectDefinition,
  type SubjectNamespace,
  type SubjectOperation,
  type SubjectPlan,
} from "./subject.js";
